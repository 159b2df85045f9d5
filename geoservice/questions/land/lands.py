"""Land that a question is about: reserves, planned education projects, parcels, in one form.

A project is measured by its reserve if that stands on the day, else by its point. A project and its
reserve are two subjects: each is told of in its own register's words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import SQUARE_METRE, Collection, FieldType, Unit
from geoservice.description.question import Column, Parameter, ParameterType
from geoservice.domain.code_lists import RESERVE_PURPOSE
from geoservice.domain.land import education_projects, land_parcels, land_reserves
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Figures
from geoservice.questions.land.reserves import status_on
from geoservice.questions.overlay import Layer
from geoservice.questions.proximity import Side
from geoservice.questions.sides import in_town, rows_of, true_then
from geoservice.store.statements import Condition

REGISTERS: Mapping[str, Collection] = {
    each.id: each for each in (land_reserves, education_projects, land_parcels)
}
_CLOSED_PROJECTS = ("opened", "cancelled")
_PURPOSES = tuple(code.code for code in RESERVE_PURPOSE)


def column(
    name: str,
    type: FieldType,
    zh: str,
    en: str,
    *,
    nullable: bool = False,
    unit: Unit | None = None,
) -> Column:
    """One column of an answer."""
    return Column(name=name, type=type, title=Text(zh=zh, en=en), nullable=nullable, unit=unit)


LAND_COLUMNS = (
    column("of", FieldType.TEXT, "台账", "Register of the land"),
    column("land_uid", FieldType.UUID, "用地：要素标识", "Land: feature id"),
    column("land_no", FieldType.TEXT, "用地：编号", "Land: number"),
    column("land_name", FieldType.TEXT, "用地：名称", "Land: name", nullable=True),
    column("town_code", FieldType.TEXT, "用地：镇街代码", "Land: town code", nullable=True),
    column("purpose_kind", FieldType.TEXT, "用地：用途", "Land: purpose", nullable=True),
    column(
        "land_status",
        FieldType.TEXT,
        "用地：查询日期的状态（项目取其用地预留）",
        "Land: state on the day (of a project, that of its reserve)",
        nullable=True,
    ),
    column(
        "geometry_basis",
        FieldType.TEXT,
        "量算所用几何：reserve 用地预留，parcel 地块，point 项目点位",
        "Geometry measured: reserve, parcel, or the point of a project",
    ),
    column(
        "area_m2",
        FieldType.NUMBER,
        "地块面积（椭球）",
        "Area of the parcel on the ellipsoid",
        unit=SQUARE_METRE,
        nullable=True,
    ),
)


def purpose_kinds(description: Text) -> Parameter:
    """Which purposes of reserves; all unless said otherwise."""
    return Parameter(
        name="purpose_kinds",
        type=ParameterType.CHOICES,
        title=Text(zh="用途", en="Purposes"),
        description=description,
        default=_PURPOSES,
        choices=tuple((code.code, code.title) for code in RESERVE_PURPOSE),
    )


def subjects(asking: Asking) -> list[Layer]:
    """The land asked about, by register; a project without a reserve that stands by its point."""
    of, kinds = asking.texts("of"), asking.texts("purpose_kinds")
    if land_parcels.id in of and {*kinds} != {*_PURPOSES}:
        allowed = Text(
            zh="地块没有用途：不能与 of=land_parcels 同时筛选",
            en="parcels have no purpose: all of them with of=land_parcels",
        )
        raise BadParameter(name="purpose_kinds", value=",".join(kinds), allowed=allowed)
    found = []
    if land_reserves.id in of:
        found.append((land_reserves, _reserves(asking)))
    if education_projects.id in of:
        found += [
            (education_projects, _projects_with_reserve(asking)),
            (education_projects, _projects_with_point(asking)),
        ]
    if land_parcels.id in of:
        found.append((land_parcels, _parcels(asking)))
    return [
        Layer(collection.id, Side(collection, rows.subquery(f"land_{number}"), ("geom",)))
        for number, (collection, rows) in enumerate(found)
    ]


def _land(
    rows: sa.FromClause,
    *,
    no: str,
    name: str | None,
    purpose: Any,
    status: Any,
    area: Any,
    geometry: Any,
    basis: str,
) -> sa.Select[Any]:
    return sa.select(
        rows.c.uid,
        rows.c[no].label("land_no"),
        (rows.c[name] if name else sa.cast(sa.null(), sa.Text)).label("land_name"),
        rows.c.town_code,
        sa.cast(purpose, sa.Text).label("purpose_kind"),
        sa.cast(status, sa.Text).label("land_status"),
        sa.cast(area, sa.Double).label("area_m2"),
        geometry.label("geom"),
        sa.literal(basis, sa.Text).label("geometry_basis"),
    )


def _reserves(asking: Asking) -> sa.Select[Any]:
    rows = rows_of(asking, land_reserves, "reserve")
    status = status_on(rows, asking.as_of)
    return _land(
        rows,
        no="reserve_no",
        name="name",
        purpose=rows.c.purpose_kind,
        status=status,
        area=rows.c.area_ellipsoid_m2,
        geometry=rows.c.geom,
        basis="reserve",
    ).where(
        *true_then(asking, land_reserves, rows),
        *in_town(asking, land_reserves, rows),
        status.in_(asking.texts("reserve_status")),
        rows.c.purpose_kind.in_(asking.texts("purpose_kinds")),
    )


def _projects(asking: Asking) -> tuple[sa.FromClause, tuple[Condition, ...]]:
    """The projects and which of them are planned land: true on the day, neither opened nor cancelled."""
    rows = rows_of(asking, education_projects, "project")
    asked = "education" in asking.texts("purpose_kinds")
    return rows, (
        *true_then(asking, education_projects, rows),
        *in_town(asking, education_projects, rows),
        rows.c.status.not_in(_CLOSED_PROJECTS),
        sa.true() if asked else sa.false(),
    )


def _projects_with_reserve(asking: Asking) -> sa.Select[Any]:
    rows, where = _projects(asking)
    reserves = rows_of(asking, land_reserves, "reserve_of_project")
    return (
        _land(
            rows,
            no="project_no",
            name="name",
            purpose=sa.literal("education"),
            status=status_on(reserves, asking.as_of),
            area=reserves.c.area_ellipsoid_m2,
            geometry=reserves.c.geom,
            basis="reserve",
        )
        .select_from(rows.join(reserves, reserves.c.uid == rows.c.land_reserve))
        .where(*where, *true_then(asking, land_reserves, reserves))
    )


def _projects_with_point(asking: Asking) -> sa.Select[Any]:
    rows, where = _projects(asking)
    reserves = rows_of(asking, land_reserves, "reserve_of_project")
    stands = sa.exists().where(
        reserves.c.uid == rows.c.land_reserve, *true_then(asking, land_reserves, reserves)
    )
    return _land(
        rows,
        no="project_no",
        name="name",
        purpose=sa.literal("education"),
        status=sa.null(),
        area=sa.null(),
        geometry=rows.c.geom,
        basis="point",
    ).where(*where, sa.not_(stands))


def _parcels(asking: Asking) -> sa.Select[Any]:
    rows = rows_of(asking, land_parcels, "parcel")
    return _land(
        rows,
        no="parcel_no",
        name=None,
        purpose=sa.null(),
        status=rows.c.status,
        area=rows.c.area_ellipsoid_m2,
        geometry=rows.c.geom,
        basis="parcel",
    ).where(*true_then(asking, land_parcels, rows), *in_town(asking, land_parcels, rows))


def lands_of(subjects: Sequence[Layer]) -> sa.Subquery:
    """What is told of each piece of land, all registers together: `of`, `uid`, and the rest."""
    return sa.union_all(
        *(
            sa.select(sa.literal(each.name, sa.Text).label("of"), *each.side.rows.c)
            for each in subjects
        )
    ).subquery("lands")


def land_values(lands: sa.Subquery) -> dict[str, Any]:
    """The values of `LAND_COLUMNS` by name."""
    names = {each.name for each in LAND_COLUMNS} - {"land_uid"}
    return {"land_uid": lands.c.uid, **{name: lands.c[name] for name in names}}


def is_land(lands: sa.Subquery, rows: sa.FromClause) -> Condition:
    """Whether land is that of a row with `this_layer` and `this_uid`."""
    return sa.and_(lands.c.of == rows.c.this_layer, lands.c.uid == rows.c.this_uid)


def figures_of_lands(asking: Asking, subjects: Sequence[Layer]) -> list[Figures]:
    """How much land of each register was looked at, how much was not, and why."""
    lands = lands_of(subjects)
    found = [
        sa.select(
            *(
                sa.func.count().filter(lands.c.of == each).label(f"considered.{each}")
                for each in asking.texts("of")
            ),
            sa.func.count().filter(lands.c.geom.is_(None)).label("unknown.land_without_position"),
        ).select_from(lands)
    ]
    if land_reserves.id in asking.texts("of"):
        found.append(_excluded_reserves(asking))
    if education_projects.id in asking.texts("of"):
        found.append(_excluded_projects(asking))
    return found


def _excluded_reserves(asking: Asking) -> Figures:
    """Reserves of the town that are not looked at, by the first reason that holds."""
    rows = rows_of(asking, land_reserves, "reserve_left_out")
    (stands,) = true_then(asking, land_reserves, rows)
    is_cancelled: Condition = sa.func.coalesce(rows.c.cancelled_on <= asking.as_of, False)
    has_status = status_on(rows, asking.as_of).in_(asking.texts("reserve_status"))
    has_purpose = rows.c.purpose_kind.in_(asking.texts("purpose_kinds"))

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    return (
        sa.select(
            some(is_cancelled).label("excluded.reserves_cancelled"),
            some(sa.not_(stands), sa.not_(is_cancelled)).label("excluded.reserves_not_begun"),
            some(stands, sa.not_(has_status)).label("excluded.reserves_in_other_state"),
            some(stands, has_status, sa.not_(has_purpose)).label(
                "excluded.reserves_of_other_purpose"
            ),
        )
        .select_from(rows)
        .where(*in_town(asking, land_reserves, rows))
    )


def _excluded_projects(asking: Asking) -> Figures:
    rows = rows_of(asking, education_projects, "project_left_out")
    (listed,) = true_then(asking, education_projects, rows)

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    is_closed = rows.c.status.in_(_CLOSED_PROJECTS)
    other = sa.false() if "education" in asking.texts("purpose_kinds") else sa.true()
    return (
        sa.select(
            *(
                some(rows.c.status == each).label(f"excluded.projects_{each}")
                for each in _CLOSED_PROJECTS
            ),
            some(sa.not_(is_closed), sa.not_(listed)).label("excluded.projects_not_listed"),
            some(sa.not_(is_closed), listed, other).label("excluded.projects_of_other_purpose"),
        )
        .select_from(rows)
        .where(*in_town(asking, education_projects, rows))
    )
