"""Answers made by hand, so that every text and number of a report is known beforehand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import (
    FEN,
    METRE,
    SQUARE_METRE,
    FieldType,
    GeometryType,
    Unit,
)
from geoservice.description.question import (
    Column,
    Parameter,
    ParameterType,
    QuestionDescription,
)
from geoservice.description.records import Records
from geoservice.languages import Language, Text
from geoservice.questions.asking import Account
from geoservice.questions.contract import Coverage, Issue
from geoservice.regions import region
from geoservice.reports.answered import Answered
from geoservice.reports.writing import Surroundings, write_report
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

KNOWN_AT = datetime(2021, 9, 30, 16, 30, tzinfo=UTC)  # half past midnight in Dongguan


def column(name: str, type: FieldType, unit: Unit | None = None) -> Column:
    """A column with a title in both languages."""
    return Column(name=name, type=type, title=Text(zh=f"{name} 列", en=f"The {name}"), unit=unit)


NAME = column("name", FieldType.TEXT)
AREA = column("area", FieldType.DECIMAL, SQUARE_METRE)
MONEY = column("money", FieldType.LONG, FEN)

DESCRIPTION = QuestionDescription(
    id="probe",
    title=Text(zh="试问<b>", en="A probe <b>"),
    description=Text(zh="问什么。", en="What is asked."),
    parameters=(
        Parameter(
            name="distance_m",
            type=ParameterType.NUMBER,
            title=Text(zh="距离", en="Distance"),
            unit=METRE,
            default=500.0,
        ),
        Parameter(
            name="kinds",
            type=ParameterType.CHOICES,
            title=Text(zh="类别", en="Kinds"),
            choices=(
                ("school", Text(zh="学校", en="School")),
                ("clinic", Text(zh="诊所", en="Clinic")),
            ),
        ),
        Parameter(
            name="layer", type=ParameterType.COLLECTION, title=Text(zh="图层", en="Collection")
        ),
        Parameter(
            name="town",
            type=ParameterType.TEXT,
            title=Text(zh="镇街", en="Town"),
            default_text=Text(zh="全部", en="all"),
        ),
        Parameter(name="as_of", type=ParameterType.DATE, title=Text(zh="查询日期", en="As of")),
        Parameter(name="limit", type=ParameterType.INTEGER, title=Text(zh="行", en="Rows")),
    ),
    columns=(),
    geometry=None,
    method=Text(zh="如此量算。", en="Measured so."),
    sources=("GB 22021-2008",),
)


def account(**changes: Any) -> Account:
    """What the answer says of itself."""
    values: dict[str, Any] = {
        "description": DESCRIPTION,
        "values": {
            "distance_m": 500.0,
            "kinds": ("school", "clinic"),
            "layer": "facilities",
            "town": None,
            "as_of": date(2021, 6, 25),
            "limit": 1,
        },
        "known_at": KNOWN_AT,
        "data_version": {"facilities": 0},
        "counts": {"pairs": 12, "excluded": {"cancelled": None}, "paid_fen": 8404_0000},
        "coverage": (
            Coverage("towns", "complete", Text(zh="镇街齐全", en="All towns")),
            Coverage("facilities", "none", Text(zh="没有设施数据", en="No data of facilities")),
        ),
        "issues": (Issue("late", 3, Text(zh="三处补报", en="Three reported late")),),
    }
    return Account(**values | changes)


def answer(
    rows: sa.Select[Any],
    *columns: Column,
    geometry: GeometryType | None = None,
    given: Sequence[str] = ("distance_m", "kinds"),
    **changes: Any,
) -> Answered:
    """An answer with these rows: the columns by name, `number` for their order, and `geom`."""
    names = [each.name for each in columns] + (["geom"] if geometry else [])
    found = rows.subquery("found")
    every = sa.select(*(found.c[name] for name in names)).order_by(found.c.number)
    records = Records(
        id="probe", title=DESCRIPTION.title, columns=columns, geometry=geometry, uid=None
    )
    return Answered(
        account=account(**changes),
        given=given,
        records=records,
        count=sa.select(sa.func.count()).select_from(found),
        every=every,
        first=every.limit,
    )


def values(*rows: tuple[Any, ...], **types: Any) -> sa.Select[Any]:
    """Rows with these columns, numbered in this order."""
    columns = [sa.column(name, type) for name, type in types.items()]
    numbered = [(number, *row) for number, row in enumerate(rows, start=1)]
    table = sa.values(sa.column("number", sa.Integer), *columns, name="given").data(numbered)
    # Cast, because PostgreSQL would take the type of a value from how it is written.
    cast = [sa.cast(table.c[name], type).label(name) for name, type in types.items()]
    return sa.select(table.c.number, *cast)


def written(
    database: Database, answered: Answered, path: Path, form: str, language: Language = "zh"
) -> int:
    """Write the report of an answer."""
    around = Surroundings(
        database=database, registry=Registry(database), region=region(), language=language
    )
    return write_report(lambda _connection: answered, form, path, around)
