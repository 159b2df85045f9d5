"""Which parcels consumed the quota, and is any square metre charged twice or forbidden?

What the ledger charged is laid against what the geometry measures, against the other charged
parcels of the same kind of quota in any year, and against the lines and zones on which building is
forbidden or dangerous. Areas measured are those on the ellipsoid; charged areas are exact decimals.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.description.collection import SQUARE_METRE, FieldType, GeometryType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import QUOTA_KIND
from geoservice.domain.hazards import risk_zones
from geoservice.domain.places import towns
from geoservice.domain.planning import control_lines
from geoservice.domain.quota import quota_accounts, quota_entries, quota_parcels
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.overlay import Layer, area_m2, common_area, meetings
from geoservice.questions.proximity import Side
from geoservice.questions.quota.postings import charges
from geoservice.questions.sides import rows_of, true_then
from geoservice.regions import Region
from geoservice.store.programs.ledger import TOLERANCE_M2, TOLERANCE_SHARE

FORBIDDEN_LINES = ("permanent_basic_farmland", "ecological_red_line")
"""Control lines inside which no quota may be charged; the growth boundary is one to stay within."""

_COLLECTIONS = (quota_parcels, quota_entries, quota_accounts, control_lines, risk_zones)

_KINDS = tuple((code.code, code.title) for code in QUOTA_KIND)


def _column(
    name: str,
    zh: str,
    en: str,
    type: FieldType = FieldType.TEXT,
    *,
    nullable: bool = False,
) -> Column:
    unit = SQUARE_METRE if name.endswith("_m2") else None
    return Column(name=name, type=type, title=Text(zh=zh, en=en), unit=unit, nullable=nullable)


def _m2(name: str, zh: str, en: str, type: FieldType = FieldType.NUMBER) -> Column:
    return _column(name, zh, en, type, nullable=True)


_PARCEL = (
    _column("parcel_no", "地块编号", "Parcel number"),
    _column("project_name", "项目名称", "Project", nullable=True),
    _column("town_code", "所在镇街代码", "Town code", nullable=True),
)
_CHARGE = (
    _column("quota_kind", "指标类别", "Kind of quota"),
    _column("year", "年度", "Year", FieldType.INTEGER),
    _m2("charged_m2", "核销指标面积", "Area charged", FieldType.DECIMAL),
)
_PARCEL_COLUMNS = (
    *_PARCEL,
    *_CHARGE,
    _m2("measured_m2", "实测（椭球）面积", "Area measured on the ellipsoid"),
    _m2("declared_m2", "申报面积", "Area declared", FieldType.DECIMAL),
    _m2("difference_m2", "核销减实测", "Charged less measured"),
    _column(
        "is_within_tolerance", "差异在容差内", "Within tolerance", FieldType.BOOLEAN, nullable=True
    ),
    _column("entry_nos", "分录号", "Numbers of the entries"),
    _column(
        "is_taken_over", "承接自原台账", "Taken over from an earlier ledger", FieldType.BOOLEAN
    ),
    _column(
        "is_recharged", "曾释放或冲正后再用", "Charged again after a reversal", FieldType.BOOLEAN
    ),
    _m2("charged_twice_m2", "重复核销面积", "Area that is charged twice"),
    _m2("farmland_m2", "压占永久基本农田", "On permanent basic farmland"),
    _m2("red_line_m2", "压占生态保护红线", "Inside the ecological red line"),
    _m2("risk_zone_m2", "位于地质灾害风险区", "In risk zones"),
    _column("towns_met", "跨镇街数", "Number of towns it lies in", FieldType.LONG),
)
_OVERLAP_COLUMNS = (
    *_PARCEL,
    *_CHARGE,
    _column("other_parcel_no", "另一地块编号", "Other parcel number"),
    _column("other_year", "另一地块年度", "Year of the other", FieldType.INTEGER),
    _m2("other_charged_m2", "另一地块核销面积", "Area charged to the other", FieldType.DECIMAL),
    _m2("overlap_m2", "重叠面积", "Area of overlap"),
    _column(
        "is_taken_over",
        "均承接自原台账",
        "Both taken over from an earlier ledger",
        FieldType.BOOLEAN,
    ),
)
_FORBIDDEN_COLUMNS = (
    *_PARCEL,
    *_CHARGE,
    _column("layer", "图层", "Layer"),
    _column("kind", "类别或风险等级", "Kind of line, or level of risk"),
    _column("feature_no", "控制线或风险区编号", "Number of the line or zone"),
    _m2("overlap_m2", "重叠面积", "Area of overlap"),
    _column("share", "占地块比例", "Share of the parcel", FieldType.NUMBER, nullable=True),
)
_TOWN_COLUMNS = (
    *_PARCEL,
    *_CHARGE,
    _column("lies_in_town", "实际所在镇街代码", "Town in which this part lies"),
    _column("lies_in_town_name", "实际所在镇街", "Name of that town"),
    _m2("part_m2", "此部分面积", "Area of this part"),
    _column("share", "占地块比例", "Share of the parcel", FieldType.NUMBER, nullable=True),
    _column(
        "is_charged_there", "由该镇街账户核销", "That town's account is charged", FieldType.BOOLEAN
    ),
)

_METHOD = Text(
    zh="已核销地块：查询日期及以前的使用与承接分录净额大于 0（冲正抵减）。实测面积为 CGCS2000 椭球面积；"
    "容差为 max(实测的 0.1%, 1 m²)。重复核销：同一指标类别、任一年度的两宗已核销地块，重叠面积超过 "
    "max(1 m², 较小地块的 0.1%)；一宗地块的重复面积取与其他各宗重叠部分的并集，不相加。禁止占用：永久基本农田、"
    "生态保护红线；风险区为提示，不是禁止。跨镇街的地块按镇街面积切分。面积均在椭球面上计算，仅相接的重叠为 0。",
    en="A parcel is charged if use and takeover entries up to the day, less reversals, exceed 0. Measured areas are "
    "those on the CGCS2000 ellipsoid; the tolerance is max(0.1 % of the measured area, 1 m²). Charged twice: two "
    "charged parcels of one kind of quota, in whichever years, that overlap by more than max(1 m², 0.1 % of the "
    "smaller); of a parcel that meets several, the union counts, not the sum. Forbidden: permanent basic farmland "
    "and the ecological red line; a risk zone is a warning, not a prohibition. A parcel that crosses towns is "
    "divided by their areas. All areas are on the ellipsoid; what only touches overlaps by 0.",
)


def question(region: Region) -> Question:
    """The question `quota_parcel_conflicts`; it is the same in every region."""
    description = QuestionDescription(
        id="quota_parcel_conflicts",
        title=Text(
            zh="哪些地块用了指标，有没有重复核销或禁止占用",
            en="Which parcels consumed the quota, and is any of it charged twice or forbidden",
        ),
        description=Text(
            zh="已核销地块的核销面积与实测面积对照，重复核销的地块对，压占永久基本农田、生态保护红线与风险区的面积，"
            "以及跨镇街地块的分割。",
            en="What charged parcels were charged against what they measure; pairs that charge the same ground; what "
            "lies on basic farmland, inside the red line or in risk zones; and parcels divided by town.",
        ),
        parameters=(
            contract.choice(
                "by",
                Text(zh="每行表示", en="A row is"),
                "parcels",
                {
                    "parcels": Text(zh="一宗已核销地块", en="a charged parcel"),
                    "overlaps": Text(
                        zh="重复核销的一对地块", en="two parcels that charge the same ground"
                    ),
                    "forbidden": Text(
                        zh="地块与一条控制线或一处风险区", en="a parcel with a line or zone"
                    ),
                    "towns": Text(zh="地块在一个镇街的部分", en="the part of a parcel in a town"),
                },
            ),
            Parameter(
                name="quota_kinds",
                type=ParameterType.CHOICES,
                title=Text(zh="指标类别", en="Kinds of quota"),
                default=tuple(code for code, _ in _KINDS),
                choices=_KINDS,
            ),
            Parameter(
                name="year",
                type=ParameterType.INTEGER,
                title=Text(zh="年度", en="Year"),
                default_text=Text(zh="全部", en="all"),
                minimum=1990,
                maximum=2100,
            ),
            contract.town(),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_PARCEL_COLUMNS,
        geometry=GeometryType.MULTI_POLYGON,
        method=_METHOD,
        sources=(
            "国土空间规划“三条控制线”：永久基本农田、生态保护红线、城镇开发边界",
            "GB 22021-2008 (CGCS2000)",
        ),
    )
    return Question(description, _plan)


def _plan(asking: Asking) -> Plan:
    every = _charged_parcels(asking)
    pairs = _pairs(asking, every)
    forbidden = _forbidden(asking, every)
    parts = _parts(asking, every)
    rows: Mapping[str, tuple[sa.CTE, tuple[Column, ...]]] = {
        "parcels": (_by_parcel(every, pairs, forbidden, parts), _PARCEL_COLUMNS),
        "overlaps": (_by_pair(pairs), _OVERLAP_COLUMNS),
        "forbidden": (forbidden, _FORBIDDEN_COLUMNS),
        "towns": (parts, _TOWN_COLUMNS),
    }
    found, columns = rows[asking.text("by") or "parcels"]
    return Plan(
        found=found,
        order=("parcel_no", "id"),
        shown=partial(_shown, columns=columns),
        columns=columns,
        geometry=GeometryType.MULTI_POLYGON,
        figures=tuple(_figures(every, pairs, forbidden, parts)),
        collections=_COLLECTIONS,
        issues=_issues,
    )


def _charged_parcels(asking: Asking) -> sa.CTE:
    """Every charge of the kinds asked for with its parcel; `is_asked` in the year and town asked for."""
    charged = charges(asking)
    parcels = rows_of(asking, quota_parcels, "charged_parcel")
    p, c = parcels.c, charged.c
    year, town = asking.values["year"], asking.text("town")
    is_asked = sa.and_(
        sa.true(),
        *(() if year is None else (c.year == year,)),
        *(() if town is None else (sa.or_(p.town_code == town, sa.any_(c.towns) == town),)),
    )
    return (
        sa.select(
            (sa.cast(p.uid, sa.Text) + "." + c.quota_kind + "." + sa.cast(c.year, sa.Text)).label(
                "id"
            ),
            *(p.uid, p.parcel_no, p.project_name, p.town_code, p.geom),
            *(c.quota_kind, c.year, c.charged_m2, c.entry_nos, c.towns),
            *(c.is_taken_over, c.is_recharged),
            p.area_ellipsoid_m2.label("measured_m2"),
            p.area_declared_m2.label("declared_m2"),
            is_asked.label("is_asked"),
        )
        .select_from(charged.join(parcels, p.uid == c.quota_parcel))
        .where(c.quota_kind.in_(asking.texts("quota_kinds")))
        .cte("every_charge")
    )


def _identity(charge: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    return [charge.c[column.name] for column in (*_PARCEL, *_CHARGE)]


def _tolerance_m2(*measured: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """What an overlap must exceed: the ledger's own tolerance, of the smaller area."""
    smaller = sa.func.least(*measured, type_=sa.Double)
    return sa.func.greatest(TOLERANCE_M2, TOLERANCE_SHARE * smaller, type_=sa.Double)


def _pairs(asking: Asking, every: sa.CTE) -> sa.CTE:
    """A charge asked for with each other that charges some of the same ground to the same kind."""
    one, other = every.alias("one"), every.alias("other")
    near = rows_of(asking, quota_parcels, "near_parcel")  # its index finds what may overlap
    overlap = common_area(one.c.geom, other.c.geom)
    overlapping = (
        sa.select(
            one.c.id.label("one"),
            other.c.id.label("other"),
            *_identity(one),
            other.c.parcel_no.label("other_parcel_no"),
            other.c.year.label("other_year"),
            other.c.charged_m2.label("other_charged_m2"),
            sa.and_(one.c.is_taken_over, other.c.is_taken_over).label("is_taken_over"),
            other.c.is_asked.label("is_other_asked"),
            overlap.label("geom"),
            _tolerance_m2(one.c.measured_m2, other.c.measured_m2).label("tolerance_m2"),
        )
        .select_from(
            one.join(near, near.c.geom.op("&&")(one.c.geom)).join(
                other,
                sa.and_(
                    other.c.uid == near.c.uid,
                    other.c.quota_kind == one.c.quota_kind,
                    other.c.id != one.c.id,
                ),
            )
        )
        .where(one.c.is_asked, sa.func.ST_Intersects(one.c.geom, other.c.geom))
        .offset(0)
        .subquery("overlapping")
    )
    sized = _sized(overlapping, overlap_m2=area_m2(overlapping.c.geom))
    return sa.select(*sized.c).where(sized.c.overlap_m2 > sized.c.tolerance_m2).cte("pairs")


def _sized(rows: sa.FromClause, **area: sa.ColumnElement[float]) -> sa.Subquery:
    """The rows with an area under a name, behind a fence: each is measured once."""
    named = (each.label(name) for name, each in area.items())
    return sa.select(*rows.c, *named).offset(0).subquery("sized")


def _by_pair(pairs: sa.CTE) -> sa.CTE:
    """Each pair once: from the lesser side, or from the only side that was asked for."""
    p = pairs.c
    return (
        sa.select(*p, (p.one + "-" + p.other).label("id"))
        .where(sa.or_(p.one < p.other, sa.not_(p.is_other_asked)))
        .cte("by_pair")
    )


def _forbidden(asking: Asking, every: sa.CTE) -> sa.CTE:
    """A charge asked for with each line or zone in which some of it lies."""
    parcels = rows_of(asking, quota_parcels, "laid_parcel")
    is_charged = parcels.c.uid.in_(sa.select(every.c.uid).where(every.c.is_asked))
    lines = rows_of(asking, control_lines, "line")
    risks = rows_of(asking, risk_zones, "zone")
    in_force = (
        *true_then(asking, control_lines, lines),
        lines.c.kind.in_(FORBIDDEN_LINES),
    )
    met = meetings(
        (Layer(quota_parcels.id, Side(quota_parcels, parcels, ("geom",), (is_charged,))),),
        (
            Layer(control_lines.id, Side(control_lines, lines, ("geom",), in_force)),
            Layer(
                risk_zones.id,
                Side(risk_zones, risks, ("geom",), true_then(asking, risk_zones, risks)),
            ),
        ),
    )
    features = sa.union_all(
        sa.select(lines.c.uid, lines.c.line_no.label("feature_no"), lines.c.kind),
        sa.select(risks.c.uid, risks.c.zone_no, risks.c.risk_level),
    ).subquery("features")
    m = met.c
    return (
        sa.select(
            (every.c.id + "." + sa.cast(m.that_uid, sa.Text)).label("id"),
            every.c.id.label("charge"),
            *_identity(every),
            m.that_layer.label("layer"),
            features.c.kind,
            features.c.feature_no,
            m.overlap_m2,
            (m.overlap_m2 / sa.func.nullif(every.c.measured_m2, 0)).label("share"),
            m.overlap.label("geom"),
        )
        .select_from(
            met.join(every, every.c.uid == m.this_uid).join(features, features.c.uid == m.that_uid)
        )
        .where(every.c.is_asked, m.overlap_m2 > _tolerance_m2(every.c.measured_m2))
        .cte("forbidden")
    )


def _parts(asking: Asking, every: sa.CTE) -> sa.CTE:
    """A charge asked for with each town in which some of it lies; parks overlap towns and do not count."""
    places = rows_of(asking, towns, "place")
    is_inside = sa.func.ST_CoveredBy(every.c.geom, places.c.geom)
    part = sa.case((is_inside, every.c.geom), else_=common_area(every.c.geom, places.c.geom))
    divided = (
        sa.select(
            (every.c.id + "." + places.c.code).label("id"),
            every.c.id.label("charge"),
            *_identity(every),
            every.c.measured_m2,
            places.c.code.label("lies_in_town"),
            places.c.name.label("lies_in_town_name"),
            sa.func.coalesce(places.c.code == sa.any_(every.c.towns), False).label(
                "is_charged_there"
            ),
            is_inside.label("is_inside"),
            part.label("geom"),
        )
        .select_from(every.join(places, sa.func.ST_Intersects(places.c.geom, every.c.geom)))
        .where(every.c.is_asked, places.c.kind != "park", *true_then(asking, towns, places))
        .offset(0)
        .subquery("divided")
    )
    # A parcel that lies inside is measured already, in the same way.
    part_m2 = sa.case((divided.c.is_inside, divided.c.measured_m2), else_=area_m2(divided.c.geom))
    sized = _sized(divided, part_m2=part_m2)
    share = sized.c.part_m2 / sa.func.nullif(sized.c.measured_m2, 0)
    return (
        sa.select(*sized.c, share.label("share"))
        .where(sized.c.part_m2 > _tolerance_m2(sized.c.measured_m2))
        .cte("parts")
    )


def _by_parcel(every: sa.CTE, pairs: sa.CTE, forbidden: sa.CTE, parts: sa.CTE) -> sa.CTE:
    difference = every.c.charged_m2 - every.c.measured_m2
    twice = _united(pairs, pairs.c.one, "twice")
    lines = {
        name: _united(forbidden, forbidden.c.charge, name, forbidden.c[column] == value)
        for name, column, value in (
            ("farmland", "kind", FORBIDDEN_LINES[0]),
            ("red_line", "kind", FORBIDDEN_LINES[1]),
            ("risk_zone", "layer", risk_zones.id),
        )
    }
    met = (
        sa.select(parts.c.charge, sa.func.count().label("towns_met"))
        .group_by(parts.c.charge)
        .subquery("met")
    )
    joined: sa.FromClause = every
    for table in (twice, *lines.values(), met):
        joined = joined.outerjoin(table, table.c.charge == every.c.id)
    entry_nos = sa.func.array_to_string(every.c.entry_nos, ", ", type_=sa.Text)
    return (
        sa.select(
            every.c.id,
            *_identity(every),
            *(every.c.measured_m2, every.c.declared_m2),
            difference.label("difference_m2"),
            (sa.func.abs(difference) <= _tolerance_m2(every.c.measured_m2)).label(
                "is_within_tolerance"
            ),
            entry_nos.label("entry_nos"),
            *(every.c.is_taken_over, every.c.is_recharged),
            sa.func.coalesce(twice.c.m2, 0.0).label("charged_twice_m2"),
            *(sa.func.coalesce(of.c.m2, 0.0).label(f"{name}_m2") for name, of in lines.items()),
            sa.func.coalesce(met.c.towns_met, 0).label("towns_met"),
            every.c.geom,
        )
        .select_from(joined)
        .where(every.c.is_asked)
        .cte("by_parcel")
    )


def _united(
    overlaps: sa.CTE, charge: sa.ColumnElement[Any], name: str, *where: sa.ColumnElement[bool]
) -> sa.Subquery:
    """The area of a charge's overlaps together, where several of them lie on each other once."""
    together = sa.func.ST_UnaryUnion(sa.func.ST_Collect(overlaps.c.geom), type_=Geometry())
    m2 = sa.case(
        (sa.func.count() == 1, sa.func.min(overlaps.c.overlap_m2)), else_=area_m2(together)
    )
    return (
        sa.select(charge.label("charge"), m2.label("m2"))
        .where(*where)
        .group_by(charge)
        .subquery(name)
    )


def _shown(rows: sa.FromClause, *, columns: tuple[Column, ...]) -> sa.Select[Any]:
    return sa.select(
        rows.c.id,
        *(rows.c[column.name] for column in columns),
        sa.func.ST_Multi(rows.c.geom, type_=Geometry()).label("geom"),
        rows.c.number,
    )


def _figures(every: sa.CTE, pairs: sa.CTE, forbidden: sa.CTE, parts: sa.CTE) -> Iterator[Figures]:
    e, p, f = every.c, pairs.c, forbidden.c
    beyond = sa.func.abs(e.charged_m2 - e.measured_m2) > _tolerance_m2(e.measured_m2)
    yield sa.select(
        sa.func.count(sa.distinct(e.uid)).label("parcels_charged"),
        sa.func.count().label("charges"),
        sa.func.coalesce(sa.func.sum(e.charged_m2), 0).label("charged_m2"),
        sa.func.coalesce(sa.func.sum(e.measured_m2), 0.0).label("measured_m2"),
        sa.func.count().filter(beyond).label("beyond_tolerance"),
        sa.func.count().filter(e.is_taken_over).label("charges_taken_over"),
    ).where(e.is_asked)
    once = sa.or_(p.one < p.other, sa.not_(p.is_other_asked))
    yield sa.select(
        sa.func.count().filter(once).label("pairs_charged_twice"),
        sa.func.coalesce(sa.func.sum(p.overlap_m2).filter(once), 0.0).label("overlap_m2"),
    )
    yield sa.select(
        *(
            sa.func.count(sa.distinct(f.charge)).filter(condition).label(f"parcels_on.{name}")
            for name, condition in (
                (FORBIDDEN_LINES[0], f.kind == FORBIDDEN_LINES[0]),
                (FORBIDDEN_LINES[1], f.kind == FORBIDDEN_LINES[1]),
                ("risk_zones", f.layer == risk_zones.id),
            )
        )
    )
    crossing = (
        sa.select(parts.c.charge)
        .group_by(parts.c.charge)
        .having(sa.func.count() > 1)
        .subquery("crossing")
    )
    yield sa.select(sa.func.count().label("parcels_crossing_towns")).select_from(crossing)


def _issues(figures: Mapping[str, Any]) -> list[Issue]:
    said: dict[str, tuple[str, Text]] = {
        "charged-twice": (
            "pairs_charged_twice",
            Text(zh="对地块重复核销同一地面", en="pairs of parcels charge the same ground"),
        ),
        "beyond-tolerance": (
            "beyond_tolerance",
            Text(
                zh="宗地块的核销面积与实测面积之差超过容差",
                en="charges differ from the measured area beyond the tolerance",
            ),
        ),
        "on-basic-farmland": (
            f"parcels_on.{FORBIDDEN_LINES[0]}",
            Text(zh="宗地块压占永久基本农田", en="charges lie on permanent basic farmland"),
        ),
        "inside-red-line": (
            f"parcels_on.{FORBIDDEN_LINES[1]}",
            Text(zh="宗地块压占生态保护红线", en="charges lie inside the ecological red line"),
        ),
    }
    return [
        Issue(
            code, figures[name], Text(zh=f"{figures[name]} {t.zh}。", en=f"{figures[name]} {t.en}.")
        )
        for code, (name, t) in said.items()
        if figures[name]
    ]
