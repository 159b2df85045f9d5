"""Statements about the data itself: what is covered where; and the seven livelihood projects.

The interview gives seven projects and four of their fields, no name: names stay empty.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from generator.files import Row
from generator.ground import Geometry, rectangle
from generator.risk_zones import UNSURVEYED
from generator.towns import Town

SINCE = date(2020, 1, 1)
REVISED = date(2021, 1, 1)
COMPLETE = (
    "hazard_sites", "facilities", "risk_zones", "land_reserves", "education_projects",
    "quota_parcels", "quota_entries",
)  # fmt: skip
"""Data sets that are stated town by town; the parks, which have no areas, are unknown."""

PARTIAL = {("facilities", "沙田"): "乡镇以下幼儿园未录入（合成）"}
PARTLY_SURVEYED = "常平"  # risk zones: complete, but for an area that is stated by its shape
SIGNED = "示例数据管理单位（合成）"


def coverage_rows(towns: Sequence[Town]) -> Iterator[Row]:
    """Statements as the collection `coverage_statements` holds them."""
    rows = [*_by_town(towns), *_of_areas(towns)]
    for number, row in enumerate(rows, start=1):
        yield {"geometry": row.pop("geometry"), "statement_no": f"SYN-FG-{number:03d}", **row}


def _by_town(towns: Sequence[Town]) -> Iterator[Row]:
    for dataset in COMPLETE:
        for town in towns:
            note = PARTIAL.get((dataset, town.short))
            status = "partial" if note else "complete"
            if town.area is None:
                status, note = "unknown", "园区范围不在示意数据内（合成）"
            elif dataset == "risk_zones" and town.short in UNSURVEYED:
                status, note = "none", "尚未开展 1:10000 风险调查（合成）"
            yield _statement(dataset, status, note, town=town.code)


def _of_areas(towns: Sequence[Town]) -> Iterator[Row]:
    """Control lines and plans for the whole city; a part of one town where zones are still drawn."""
    yield _statement("control_lines", "partial", "仅为示意范围（合成）")
    yield _statement("plans", "complete", None)
    yield _statement("zones", "complete", None)
    yield _statement("land_parcels", "partial", "只含预留地块与部分学校用地（合成）")
    town = next(town for town in towns if town.short == PARTLY_SURVEYED)
    assert town.seed is not None
    shape = rectangle(town.seed.moved(70, 1500), 30, 1800, 1400)
    # newer than the statement of the town, so it holds for its area
    yield _statement(
        "risk_zones", "partial", "该范围内调查未完成（合成）", shape=shape, since=REVISED
    )


def _statement(
    dataset: str, status: str, note: str | None, *, town: str | None = None,
    shape: Geometry | None = None, since: date = SINCE,
) -> Row:  # fmt: skip
    return {
        "geometry": shape,
        "dataset": dataset,
        "status": status,
        "town_code": town,
        "valid_from": since,
        "valid_to": None,
        "stated_by": SIGNED,
        "note": note,
    }


FIELDS = (
    "urban_renewal", "property_registration", "disaster_prevention", "surveying", None, None, None,
)  # fmt: skip
"""Seven projects; the interview names four fields and then 等 (and others)."""


def livelihood_rows() -> Iterator[Row]:
    """The seven projects as the collection `livelihood_projects` holds them."""
    for number, field in enumerate(FIELDS, start=1):
        named = "访谈点名的领域" if field else "访谈未点名（“等”）"
        yield {
            "project_no": f"SYN-MS-2021-{number}",
            "name": None,
            "field": field,
            "responsible_org": None,
            "status": None,
            "scheduled_from": None,
            "scheduled_to": None,
            "source_note": f"2021-06-25 访谈：7 个重点民生项目，{named}；项目名称未公布，不虚构",
        }
