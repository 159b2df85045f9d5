"""The questions: each one function from typed parameters to SQL, with its description.

Knows the store, and no door. `asking` is the way in for all doors.
"""

from functools import cache

from geoservice.errors import UnknownQuestion
from geoservice.questions.asking import AllRows, Answer, all_rows, ask, gml_rows, today
from geoservice.questions.contract import Question
from geoservice.questions.distances import near, nearest, remediation_sites_near_schools
from geoservice.questions.hazards import hazard_counts, hazard_stock_flow
from geoservice.questions.land import public_land_progress, reserves_meeting_hazards
from geoservice.questions.place import check
from geoservice.questions.programme import programme_status, treatment_priority
from geoservice.questions.quota import quota_parcel_conflicts, quota_reservation
from geoservice.regions import Region

__all__ = [
    "AllRows",
    "Answer",
    "Question",
    "all_questions",
    "all_rows",
    "ask",
    "gml_rows",
    "question_called",
    "today",
]


@cache
def all_questions(region: Region) -> tuple[Question, ...]:
    """The questions of a region, in the order in which they are offered."""
    return (
        remediation_sites_near_schools.question(region),
        nearest.nearest_facilities(region),
        reserves_meeting_hazards.question(region),
        hazard_counts.question(region),
        hazard_stock_flow.question(region),
        programme_status.question(region),
        treatment_priority.question(region),
        quota_reservation.question(region),
        quota_parcel_conflicts.question(region),
        public_land_progress.question(region),
        near.question(region),
        nearest.nearest(region),
        check.question(region),
    )


def question_called(id: str, region: Region) -> Question:
    """The question with an id; `UnknownQuestion` names those there are."""
    by_id = {question.description.id: question for question in all_questions(region)}
    if id not in by_id:
        raise UnknownQuestion(value=id, allowed=sorted(by_id))
    return by_id[id]
