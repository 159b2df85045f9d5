"""What the latest assessment says of each hazard site on a day."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from geoservice.domain.hazards import hazard_assessments
from geoservice.questions.contract import Asking
from geoservice.questions.sides import rows_of


def latest_assessments(asking: Asking, *fields: str) -> sa.CTE:
    """`hazard_site`, `assessed_on` and the fields of the latest assessment on or before the day.

    Of several on one day, the one recorded last counts. What it leaves empty is unknown: earlier
    assessments do not fill it in.
    """
    rows = rows_of(asking, hazard_assessments, "assessment")
    return (
        sa.select(rows.c.hazard_site, rows.c.assessed_on, *(rows.c[name] for name in fields))
        .ext(distinct_on(rows.c.hazard_site))
        .where(rows.c.assessed_on <= asking.as_of)
        # In the order of the key, backwards, so that its index serves.
        .order_by(
            rows.c.hazard_site.desc(),
            rows.c.assessed_on.desc(),
            rows.c.recorded_at.desc(),
            rows.c.uid.desc(),
        )
        .cte("latest_assessments")
    )
