"""Filters in XML: what clients send, the same answers as CQL2, and what is refused and how."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry as GeometryColumn
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import CRS84, epsg, offered
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.domain.hazards import hazard_sites
from geoservice.errors import (
    BadFeatureId,
    BadFilter,
    BadGeometry,
    BadRequest,
    FilterTooComplex,
    GeoserviceError,
    Malformed,
    TooLarge,
    UnknownCrs,
    UnknownFunction,
    UnknownProperty,
)
from geoservice.languages import LANGUAGES, Text
from geoservice.query.cql2 import read_text
from geoservice.query.fes import operators, read_document, read_feature_ids
from geoservice.query.filter import (
    Compare,
    Comparison,
    Condition,
    Geometry,
    In,
    IsNull,
    Literal,
    Near,
    Or,
    Property,
    Relate,
    Spatial,
    Temporal,
    Truth,
)
from geoservice.query.gml import GmlReading
from geoservice.query.limits import FilterLimits
from geoservice.store.filters import compiled

LIMITS = FilterLimits()
READING = GmlReading(default=epsg(4490), allowed=offered(4547))
FES = "http://www.opengis.net/fes/2.0"
OGC = "http://www.opengis.net/ogc"
ANY = Text(zh="样本", en="Sample")
OWNER = UUID("0190163d-8694-739b-aea5-966c26f8ad91")
UIDS = {row: UUID(int=0x0190163D8694739BAEA5966C26F80000 + ord(row)) for row in "abcdef"}


def _field(name: str, type_: FieldType, **rest: object) -> Field:
    return Field(name=name, type=type_, title=ANY, **rest)  # type: ignore[arg-type]


SITES = Collection(
    id="sites",
    title=ANY,
    description=ANY,
    published=True,
    geometry=GeometryType.GEOMETRY,
    fields=(
        _field("row", FieldType.TEXT),
        _field("label", FieldType.TEXT),
        _field("地类", FieldType.TEXT),
        _field("a b/c", FieldType.TEXT),
        _field("count", FieldType.INTEGER),
        _field("height", FieldType.NUMBER),
        _field("price", FieldType.DECIMAL, digits=(14, 2)),
        _field("active", FieldType.BOOLEAN),
        _field("opened", FieldType.DATE),
        _field("seen", FieldType.DATETIME),
        _field("owner", FieldType.UUID),
        _field("tags", FieldType.TEXT, many=True),
        _field("zone", FieldType.GEOMETRY, geometry=GeometryType.POLYGON),
        _field("secret", FieldType.TEXT, private=True),
        _field("shelter", FieldType.GEOMETRY, geometry=GeometryType.POINT, private=True),
    ),
)
F = SITES.by_name
TABLE = sa.Table(
    "fes_sites",
    sa.MetaData(),
    sa.Column("uid", pg.UUID(as_uuid=True)),
    sa.Column("row", sa.Text),
    sa.Column("label", sa.Text),
    sa.Column("地类", sa.Text),
    sa.Column("a b/c", sa.Text),
    sa.Column("count", sa.Integer),
    sa.Column("height", sa.Double),
    sa.Column("price", sa.Numeric(14, 2)),
    sa.Column("active", sa.Boolean),
    sa.Column("opened", sa.Date),
    sa.Column("seen", sa.DateTime(timezone=True)),
    sa.Column("owner", pg.UUID(as_uuid=True)),
    sa.Column("tags", pg.ARRAY(sa.Text)),
    sa.Column("zone", GeometryColumn("POLYGON", srid=4490, spatial_index=False)),
    sa.Column("geom", GeometryColumn("GEOMETRY", srid=4490, spatial_index=False)),
)
SQUARE = "POLYGON((113.6 22.9,113.8 22.9,113.8 23.1,113.6 23.1,113.6 22.9))"
ROWS: dict[str, dict[str, object]] = {
    "a": {
        "label": "alpha", "地类": "耕地", "count": 1, "height": 1.5, "price": Decimal("10.00"),
        "active": True, "opened": date(2020, 1, 1), "seen": datetime(2020, 1, 1, tzinfo=UTC),
        "owner": OWNER, "tags": ["x"], "geom": "POINT(113.7 23.0)", "a b/c": "odd",
    },
    "b": {
        "label": "Beta", "地类": "林地", "count": 2, "height": -2.25, "price": Decimal("10.01"),
        "active": False, "opened": date(2020, 6, 15),
        "seen": datetime(2020, 6, 15, 12, 30, tzinfo=UTC), "geom": "POINT(113.75 23.0)",
        "zone": SQUARE,
    },
    "c": {
        "label": "it's", "地类": "耕地", "count": 3, "height": 0.1, "price": Decimal(0),
        "active": True, "opened": date(2021, 1, 1), "seen": datetime(2021, 1, 1, 8, tzinfo=UTC),
        "geom": SQUARE,
    },
    "d": {"label": "100%", "count": 4, "height": 1e10, "geom": "LINESTRING(113.5 23.0,113.9 23.0)"},
    "e": {"label": "A_B", "地类": "", "count": -5, "geom": "POINT(114 24)"},
    "f": {},
}  # fmt: skip
EVERY = "abcdef"


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database_url, connect_args={"options": "-c timezone=Asia/Shanghai"})
    with engine.connect() as connection:
        TABLE.create(connection)
        for row, values in ROWS.items():
            columns = {
                name: sa.func.ST_GeomFromText(value, 4490) if name in ("geom", "zone") else value
                for name, value in values.items()
            }
            connection.execute(sa.insert(TABLE).values(row=row, uid=UIDS[row], **columns))
        yield connection
        connection.rollback()
    engine.dispose()


# Writing filters


def fes(inside: str) -> str:
    """A filter of FES 2.0, as QGIS declares its namespaces."""
    return (
        f'<fes:Filter xmlns:fes="{FES}" xmlns:gml="http://www.opengis.net/gml/3.2"'
        f' xmlns:gs="urn:geoservice:collections">{inside}</fes:Filter>'
    )


def ogc(inside: str) -> str:
    """The same filter in the names of Filter Encoding 1.1."""
    older = inside.replace("fes:ValueReference", "ogc:PropertyName").replace("fes:", "ogc:")
    return (
        f'<ogc:Filter xmlns:ogc="{OGC}" xmlns:gml="http://www.opengis.net/gml"'
        f' xmlns:gs="urn:geoservice:collections">{older.replace("uom=", "units=")}</ogc:Filter>'
    )


def read(
    text: str | bytes,
    collection: Collection = SITES,
    *,
    reading: GmlReading = READING,
    limits: FilterLimits = LIMITS,
) -> Condition:
    return read_document(text, collection, reading=reading, limits=limits)


def name(text: str) -> str:
    return f"<fes:ValueReference>{text}</fes:ValueReference>"


def value(text: str) -> str:
    return f"<fes:Literal>{text}</fes:Literal>"


def compare(operator: str, left: str, right: str, attributes: str = "") -> str:
    return f"<fes:{operator} {attributes}>{name(left)}{value(right)}</fes:{operator}>"


def equal(left: str, right: str, attributes: str = "") -> str:
    return compare("PropertyIsEqualTo", left, right, attributes)


def like(pattern: str, attributes: str = 'wildCard="%" singleChar="_" escapeChar="\\"') -> str:
    return compare("PropertyIsLike", "label", pattern, attributes)


def space(operator: str, geometry: str, reference: str = "geom") -> str:
    return f"<fes:{operator}>{name(reference)}{geometry}</fes:{operator}>"


def distance(operator: str, metres: str, unit: str = "m") -> str:
    return (
        f"<fes:{operator}>{name('geom')}{POINT}"
        f'<fes:Distance uom="{unit}">{metres}</fes:Distance></fes:{operator}>'
    )


def instant(text: str) -> str:
    return (
        f'<gml:TimeInstant gml:id="t"><gml:timePosition>{text}</gml:timePosition></gml:TimeInstant>'
    )


def period(start: str, end: str) -> str:
    return (
        f'<gml:TimePeriod gml:id="p"><gml:beginPosition>{start}</gml:beginPosition>'
        f"<gml:endPosition>{end}</gml:endPosition></gml:TimePeriod>"
    )


def time(operator: str, right: str, reference: str = "seen") -> str:
    return f"<fes:{operator}>{name(reference)}{right}</fes:{operator}>"


URN = 'srsName="urn:ogc:def:crs:EPSG::4490"'
POINT = f"<gml:Point {URN}><gml:pos>23 113.7</gml:pos></gml:Point>"
LINE = f'<gml:LineString gml:id="l" {URN}><gml:posList>23 113.4 23 113.72</gml:posList></gml:LineString>'
POLYGON = (
    f'<gml:Polygon gml:id="qgis_id_geom_1" {URN}><gml:exterior><gml:LinearRing>'
    '<gml:posList srsDimension="2">22.9 113.6 22.9 113.8 23.1 113.8 23.1 113.6 22.9 113.6</gml:posList>'
    "</gml:LinearRing></gml:exterior></gml:Polygon>"
)
ENVELOPE = (
    "<gml:Envelope><gml:lowerCorner>22.9 113.65</gml:lowerCorner>"
    "<gml:upperCorner>23.1 113.72</gml:upperCorner></gml:Envelope>"
)
CQL_POLYGON = SQUARE.replace("),", "), ")

BOTH_VERSIONS = [
    (equal("label", "alpha"), "label = 'alpha'", "a"),
    (equal("gs:label", "ALPHA"), "label = 'ALPHA'", ""),
    (equal("label", "ALPHA", 'matchCase="false"'), "CASEI(label) = CASEI('ALPHA')", "a"),
    (equal("label", "it's"), "label = 'it''s'", "c"),
    (equal("地类", "耕地"), "地类 = '耕地'", "ac"),
    (equal("地类", ""), "地类 = ''", "e"),
    (equal("a_x0020_b_x002F_c", "odd"), '"a b/c" = \'odd\'', "a"),
    (compare("PropertyIsNotEqualTo", "地类", "耕地"), "地类 <> '耕地'", "be"),
    (compare("PropertyIsLessThan", "count", "1"), "count < 1", "e"),
    (compare("PropertyIsLessThanOrEqualTo", "count", "1.0"), "count <= 1.0", "ae"),
    (compare("PropertyIsGreaterThan", "count", " 2.5e0 "), "count > 2.5", "cd"),
    (compare("PropertyIsGreaterThanOrEqualTo", "height", "1E10"), "height >= 1e10", "d"),
    (equal("tags", "x"), "A_CONTAINS(tags, ('x'))", "a"),
    (
        f"<fes:Or>{equal('tags', 'x')}{equal('tags', 'y')}</fes:Or>",
        "A_CONTAINS(tags, ('x')) OR A_CONTAINS(tags, ('y'))",
        "a",
    ),
    (equal("price", "10.01"), "price = 10.01", "b"),
    (equal("active", "true"), "active = true", "ac"),
    (equal("active", "1"), "active = true", "ac"),
    (equal("active", "0"), "active = false", "b"),
    (compare("PropertyIsLessThan", "opened", "2020-06-15"), "opened < DATE('2020-06-15')", "a"),
    (
        compare("PropertyIsGreaterThanOrEqualTo", "seen", "2020-06-15T20:30:00+08:00"),
        "seen >= TIMESTAMP('2020-06-15T12:30:00Z')",
        "bc",
    ),
    (equal("seen", "2020-01-01"), "seen = DATE('2020-01-01')", "a"),
    (equal("owner", str(OWNER).upper()), f"owner = '{OWNER}'", "a"),
    (like("a%"), "label LIKE 'a%'", "a"),
    (like("A%", 'wildCard="%" singleChar="_" escapeChar="\\" matchCase="false"'),
     "CASEI(label) LIKE CASEI('A%')", "ae"),
    (like("A\\_B"), "label LIKE 'A\\_B'", "e"),
    (like("100!%", 'wildCard="*" singleChar="?" escape="!"'), "label LIKE '100\\%'", "d"),
    (like("*t?s", 'wildCard="*" singleChar="?" escapeChar="!"'), "label LIKE '%t_s'", "c"),
    (like("%_%", 'wildCard="*" singleChar="." escapeChar="!"'), "label LIKE '%\\%\\_\\%%'", ""),
    (f"<fes:PropertyIsNull>{name('label')}</fes:PropertyIsNull>", "label IS NULL", "f"),
    (f"<fes:PropertyIsNull>{name('geom')}</fes:PropertyIsNull>", "geom IS NULL", "f"),
    (
        f"<fes:Not><fes:PropertyIsNull>{name('label')}</fes:PropertyIsNull></fes:Not>",
        "label IS NOT NULL",
        "abcde",
    ),
    (
        f"<fes:PropertyIsBetween>{name('count')}<fes:LowerBoundary>{value('1')}</fes:LowerBoundary>"
        f"<fes:UpperBoundary>{value('3')}</fes:UpperBoundary></fes:PropertyIsBetween>",
        "count BETWEEN 1 AND 3",
        "abc",
    ),
    (
        f"<fes:And>{equal('地类', '耕地')}{compare('PropertyIsGreaterThan', 'count', '1')}</fes:And>",
        "地类 = '耕地' AND count > 1",
        "c",
    ),
    (
        f"<fes:Or>{equal('地类', '林地')}{equal('count', '-5')}</fes:Or>",
        "地类 = '林地' OR count = -5",
        "be",
    ),
    (
        f"<fes:Or>{equal('count', '1')}{equal('count', '4')}{equal('count', '9')}</fes:Or>",
        "count IN (1, 4, 9)",
        "ad",
    ),
    (f"<fes:Not>{equal('active', 'true')}</fes:Not>", "NOT active = true", "b"),
    (
        f"<fes:PropertyIsEqualTo><fes:Add>{name('count')}{value('1')}</fes:Add>{value('2')}</fes:PropertyIsEqualTo>",
        "count + 1 = 2",
        "a",
    ),
    (
        f"<fes:PropertyIsEqualTo><fes:Div>{name('count')}{value('2')}</fes:Div>{value('0.5')}</fes:PropertyIsEqualTo>",
        "count / 2 = 0.5",
        "a",
    ),
    (
        f"<fes:PropertyIsEqualTo>{value('8')}<fes:Mul><fes:Sub>{name('count')}{value('2')}</fes:Sub>"
        f"{value('4')}</fes:Mul></fes:PropertyIsEqualTo>",
        "8 = (count - 2) * 4",
        "d",
    ),
    (
        f'<fes:PropertyIsEqualTo><fes:Function name="lower">{name("label")}</fes:Function>'
        f"{value('beta')}</fes:PropertyIsEqualTo>",
        "CASEI(label) = 'beta'",
        "b",
    ),
    (
        f'<fes:PropertyIsEqualTo><fes:Function name="upper">{name("label")}</fes:Function>'
        f"{value('BETA')}</fes:PropertyIsEqualTo>",
        "CASEI(label) = 'beta'",
        "b",
    ),
    (f"<fes:PropertyIsLessThan>{name('height')}{name('count')}</fes:PropertyIsLessThan>",
     "height < count", "bc"),
    (space("Intersects", POLYGON), f"S_INTERSECTS(geom, {CQL_POLYGON})", "abcd"),
    (space("Intersects", LINE), "S_INTERSECTS(geom, LINESTRING(113.4 23, 113.72 23))", "acd"),
    (f"<fes:Intersects>{POLYGON}{name('sites/geom')}</fes:Intersects>",
     f"S_INTERSECTS({CQL_POLYGON}, geom)", "abcd"),
    (space("Disjoint", POLYGON), f"S_DISJOINT(geom, {CQL_POLYGON})", "e"),
    (space("Within", POLYGON), f"S_WITHIN(geom, {CQL_POLYGON})", "abc"),
    (space("Equals", POLYGON), f"S_EQUALS(geom, {CQL_POLYGON})", "c"),
    (space("Contains", POINT), "S_CONTAINS(geom, POINT(113.7 23))", "acd"),
    (space("Touches", POINT), "S_TOUCHES(geom, POINT(113.7 23))", ""),
    (space("Crosses", POLYGON), f"S_CROSSES(geom, {CQL_POLYGON})", "d"),
    (space("Overlaps", LINE), "S_OVERLAPS(geom, LINESTRING(113.4 23, 113.72 23))", "d"),
    (space("BBOX", ENVELOPE), "S_INTERSECTS(geom, BBOX(113.65, 22.9, 113.72, 23.1))", "acd"),
    (
        f"<fes:BBOX>{ENVELOPE}</fes:BBOX>",
        "S_INTERSECTS(geom, BBOX(113.65, 22.9, 113.72, 23.1))"
        " OR S_INTERSECTS(zone, BBOX(113.65, 22.9, 113.72, 23.1))",
        "abcd",
    ),
    (
        f"<fes:And>{space('BBOX', ENVELOPE, 'gs:geom')}{equal('count', '1')}</fes:And>",
        "S_INTERSECTS(geom, BBOX(113.65, 22.9, 113.72, 23.1)) AND count = 1",
        "a",
    ),
    # From a to b is 5125 m on the ellipsoid, along the parallel of 23°.
    (distance("DWithin", "5000"), "S_DWITHIN(geom, POINT(113.7 23), 5000, m)", "acd"),
    (distance("DWithin", "6", "km"), "S_DWITHIN(geom, POINT(113.7 23), 6, km)", "abcd"),
    (distance("Beyond", "5000", "metre"), "S_BEYOND(geom, POINT(113.7 23), 5000, m)", "be"),
    (
        distance("DWithin", "5000", "urn:ogc:def:uom:UCUM::m"),
        "S_DWITHIN(geom, POINT(113.7 23), 5000, m)",
        "acd",
    ),
    (
        distance("DWithin", "6", "http://www.opengis.net/def/uom/EPSG/0/9036"),
        "S_DWITHIN(geom, POINT(113.7 23), 6, km)",
        "abcd",
    ),
]  # fmt: skip

FIRST_HALF = period("2020-01-01", "2020-06-15")
TO_NOW = period("2020-01-01", "").replace(
    "<gml:endPosition>", '<gml:endPosition indeterminatePosition="now">'
)

ONLY_FES_2_0 = [
    (f"<fes:PropertyIsNil>{name('label')}</fes:PropertyIsNil>", "label IS NULL", "f"),
    (time("After", instant("2020-06-15T20:30:00+08:00")), "T_AFTER(seen, TIMESTAMP('2020-06-15T12:30:00Z'))", "c"),
    (time("Before", instant("2020-06-15T12:30:00Z")), "seen < TIMESTAMP('2020-06-15T12:30:00Z')", "a"),
    (time("TEquals", instant("2020-06-15T12:30:00")), "seen = TIMESTAMP('2020-06-15T12:30:00Z')", "b"),
    (time("AnyInteracts", instant("2020-06-15"), "opened"), "opened = DATE('2020-06-15')", "b"),
    (time("After", FIRST_HALF, "opened"), "opened > DATE('2020-06-15')", "c"),
    (time("Before", period("2020-06-15", "2020-07-01"), "opened"), "opened < DATE('2020-06-15')", "a"),
    (
        time("During", period("2020-01-01T00:00:00Z", "2021-01-01T08:00:00Z")),
        "seen > TIMESTAMP('2020-01-01T00:00:00Z') AND seen < TIMESTAMP('2021-01-01T08:00:00Z')",
        "b",
    ),
    (
        time("AnyInteracts", FIRST_HALF, "opened"),
        "opened BETWEEN DATE('2020-01-01') AND DATE('2020-06-15')",
        "ab",
    ),
    (time("Begins", FIRST_HALF, "opened"), "opened = DATE('2020-01-01')", "a"),
    (time("Ends", FIRST_HALF, "opened"), "opened = DATE('2020-06-15')", "b"),
    (time("After", value("2020-06-15"), "opened"), "opened > DATE('2020-06-15')", "c"),
    (
        time("After", f"<fes:Literal>{instant('2020-06-15')}</fes:Literal>", "opened"),
        "opened > DATE('2020-06-15')",
        "c",
    ),
    (time("TEquals", name("opened")), "seen = opened", "a"),
    (
        time(
            "During",
            "<gml:TimePeriod gml:id='p'><gml:begin>" + instant("2020-01-02").replace('"t"', '"q"')
            + "</gml:begin><gml:end>" + instant("2020-12-31") + "</gml:end></gml:TimePeriod>",
            "opened",
        ).replace('gml:id="t"', ""),
        "opened > DATE('2020-01-02') AND opened < DATE('2020-12-31')",
        "b",
    ),
]  # fmt: skip


def rows(connection: sa.Connection, condition: Condition) -> str:
    statement = sa.select(TABLE.c.row).where(compiled(condition, TABLE, SITES))
    return "".join(sorted(connection.execute(statement).scalars()))


@pytest.mark.parametrize(("inside", "cql", "expected"), [*BOTH_VERSIONS, *ONLY_FES_2_0])
def test_a_filter_of_fes_2_0_finds_what_cql2_finds(connection, inside, cql, expected):
    same = read_text(cql, SITES, filter_crs=CRS84, limits=LIMITS)
    assert rows(connection, read(fes(inside))) == expected
    assert rows(connection, same) == expected


@pytest.mark.parametrize(("inside", "cql", "expected"), BOTH_VERSIONS)
def test_a_filter_of_version_1_1_finds_what_cql2_finds(connection, inside, cql, expected):
    assert rows(connection, read(ogc(inside))) == expected


@pytest.mark.parametrize(("inside", "cql", "expected"), ONLY_FES_2_0)
def test_what_version_1_1_does_not_have_is_refused(inside, cql, expected):
    with pytest.raises(BadFilter):
        read(ogc(inside))


# What clients send


def test_gdal_sends_default_namespaces_and_envelopes_without_a_crs(connection):
    text = (
        f'<Filter xmlns="{FES}" xmlns:gs="urn:geoservice:collections" xmlns:gml="http://www.opengis.net/gml/3.2">'
        f"<BBOX><ValueReference>gs:geom</ValueReference>{ENVELOPE}</BBOX></Filter>"
    )
    assert rows(connection, read(text)) == "acd"


def test_gdal_sends_a_box_of_gml_2_in_version_1_1(connection):
    text = (
        f'<Filter xmlns="{OGC}" xmlns:gml="http://www.opengis.net/gml"><BBOX>'
        "<PropertyName>geom</PropertyName>"
        "<gml:Box><gml:coordinates>22.9,113.65 23.1,113.72</gml:coordinates></gml:Box></BBOX></Filter>"
    )
    assert rows(connection, read(text)) == "acd"


def test_a_document_of_version_1_0_means_x_first_in_spite_of_a_urn(connection):
    text = ogc(
        space(
            "BBOX",
            f'<gml:Box {URN}><gml:coordinates cs="," ts=" ">113.65,22.9 113.72,23.1</gml:coordinates></gml:Box>',
        )
    )
    oldest = GmlReading(default=epsg(4490), allowed=offered(4547), x_first=True)
    assert rows(connection, read(text, reading=oldest)) == "acd"


def test_a_filter_that_holds_only_a_literal_is_refused():
    with pytest.raises(BadFilter, match="不是条件"):
        read(fes(value("true")))


def test_a_schema_location_on_the_filter_is_left_alone():
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://localhost/x"'
    assert read(fes(equal("count", "1")).replace("<fes:Filter", f"<fes:Filter {xsi}"))


# Trees


def is_(field: str, literal: object) -> Compare:
    return Compare(Comparison.EQUAL, Property(field, F[field]), Literal(literal))  # type: ignore[arg-type]


def test_each_match_action_means_the_same_for_one_value():
    for action in ("Any", "All", "One", "any"):
        assert read(fes(equal("count", "1", f'matchAction="{action}"'))) == is_("count", 1)


def test_a_literal_takes_the_type_of_its_property():
    for field, text, expected in (
        ("count", "5.0", 5),
        ("count", "99999999999999999999", 99999999999999999999),
        ("price", "0.10", Decimal("0.10")),
        ("label", " 1 ", " 1 "),
        ("opened", "2020-01-01Z", date(2020, 1, 1)),
        ("seen", "2020-01-01T00:00:00.5+08:00", datetime(2019, 12, 31, 16, 0, 0, 500000, UTC)),
        ("owner", str(OWNER), OWNER),
    ):
        condition = read(fes(equal(field, text)))
        assert condition == is_(field, expected)
        assert type(condition.right.value) is type(expected)


def test_a_list_as_an_or_of_equalities_may_be_longer_than_operators_are_many():
    many = "".join(equal("count", str(n)) for n in range(400))
    condition = read(fes(f"<fes:Or>{many}</fes:Or>"))
    assert isinstance(condition, In)
    assert [item.value for item in condition.items] == list(range(400))
    with pytest.raises(FilterTooComplex) as mistake:
        read(fes(f"<fes:Or>{many}</fes:Or>"), limits=FilterLimits(max_in_items=399))
    assert mistake.value.parts["limit_name"] == "max_in_items"


def test_an_or_of_two_properties_stays_an_or():
    condition = read(fes(f"<fes:Or>{equal('count', '1')}{equal('height', '1')}</fes:Or>"))
    assert isinstance(condition, Or)


def test_a_distance_is_in_metres():
    condition = read(fes(distance("Beyond", "2.5", "kilometers")))
    assert isinstance(condition, Near)
    assert (condition.distance_m, condition.beyond) == (2500, True)


def test_a_geometry_is_brought_to_the_storage_crs():
    point = '<gml:Point srsName="urn:ogc:def:crs:EPSG::4547"><gml:pos>2545000 469000</gml:pos></gml:Point>'
    condition = read(fes(space("Intersects", point)))
    assert isinstance(condition, Relate)
    assert isinstance(condition.right, Geometry)
    found = shapely.from_wkb(condition.right.wkb)
    assert (round(found.x, 3), round(found.y, 3)) == (113.698, 23.004)


def test_heights_do_not_count_for_a_relation_in_the_plane():
    point = "<gml:Point srsDimension='3'><gml:pos>23 113.7 8</gml:pos></gml:Point>"
    assert read(fes(space("Intersects", point))) == read(fes(space("Intersects", POINT)))


# Names


@pytest.mark.parametrize(
    "written",
    [
        "label",
        "gs:label",
        "sites/label",
        "gs:sites/gs:label",
        "label[1]",
        "gs:sites/gs:label[1]",
        " label\n",
    ],
)
def test_a_property_is_named_in_each_of_these_forms(written):
    assert read(fes(equal(written, "x"))) == is_("label", "x")


def test_a_prefix_means_the_namespace_that_it_is_declared_for():
    other = fes(equal("app:label", "x")).replace("xmlns:gs=", "xmlns:app=")
    assert read(other) == is_("label", "x")
    foreign = fes(equal("gs:label", "x")).replace("urn:geoservice:collections", "urn:other")
    with pytest.raises(UnknownProperty):
        read(foreign)


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "nothing", "secret", "gs:secret", "shelter", "__class__", "geom::text", "label[2]",
        "label[position()=1]", "count(//*)", "//label", "/label", "../label", "sites//label",
        "other/label", "sites/sites/label", "*", "text()", "string(label)", "@label", "@id",
        "app:label", "label; drop table sites", "label' OR '1'='1", "sites[1]/label", "x" * 10_000,
    ],
)  # fmt: skip
def test_every_other_name_is_an_unknown_property(written):
    with pytest.raises(UnknownProperty) as mistake:
        read(fes(f"<fes:PropertyIsNull>{name(written)}</fes:PropertyIsNull>"))
    assert "secret" not in mistake.value.parts["allowed"]


def test_gml_name_is_null_for_every_feature():
    for written in ("gml:name", "gml:description", "gml:identifier", "gml:boundedBy"):
        condition = read(fes(f"<fes:PropertyIsNull>{name(written)}</fes:PropertyIsNull>"))
        assert condition == Truth(Literal(True))


def test_gml_name_is_the_field_that_is_called_so():
    condition = read(
        fes(f"<fes:PropertyIsNull>{name('gml:name')}</fes:PropertyIsNull>"), hazard_sites
    )
    assert condition == IsNull(Property("name", hazard_sites.by_name["name"]))


@pytest.mark.parametrize(
    "inside",
    [
        equal("gml:name", "x"),
        space("BBOX", ENVELOPE, "gml:description"),
        space("Intersects", POINT, "gml:boundedBy"),
        time("After", instant("2020-01-01"), "gml:name"),
        f"<fes:PropertyIsEqualTo>{name('gml:boundedBy')}<fes:Literal>{ENVELOPE}</fes:Literal></fes:PropertyIsEqualTo>",
    ],
)
def test_a_property_that_no_feature_has_cannot_be_compared(inside):
    with pytest.raises(BadFilter):
        read(fes(inside))


# Feature ids


def site(row: str) -> str:
    return f"sites.{UIDS[row]}"


def rid(*ids: str) -> str:
    return "".join(f'<fes:ResourceId rid="{each}"/>' for each in ids)


def test_feature_ids_find_their_features(connection):
    ids = [site("a"), site("c"), f"sites.{OWNER}", "test-" + str(OWNER)]
    assert rows(connection, read(fes(rid(*ids)))) == "ac"
    older = "".join(f'<ogc:FeatureId fid="{each}"/>' for each in ids)
    assert rows(connection, read(ogc(older))) == "ac"
    by_gml = "".join(f'<ogc:GmlObjectId gml:id="{each}"/>' for each in ids)
    assert rows(connection, read(ogc(by_gml))) == "ac"
    listed = read_feature_ids(ids, SITES, limits=LIMITS)
    assert rows(connection, listed) == "ac"


def test_an_id_that_no_feature_has_is_no_match(connection):
    assert rows(connection, read(fes(rid(f"sites.{OWNER}")))) == ""
    assert rows(connection, read(fes(rid("test-0190163d")))) == ""
    assert rows(connection, read(fes(f"<fes:Not>{rid('test-0190163d')}</fes:Not>"))) == EVERY


@pytest.mark.parametrize(
    "written",
    ["1' OR '1'='1", "other.1", f"places.{OWNER}", "sites.151", f"sites.{OWNER}x", str(OWNER), ""],
)
def test_an_id_that_is_malformed_or_of_another_type_is_refused(written):
    for text in (
        fes(rid(written)),
        ogc(f'<ogc:FeatureId fid="{written}"/>'),
        ogc(f'<ogc:GmlObjectId gml:id="{written}"/>'),
        fes(compare("PropertyIsEqualTo", "@gml:id", written)),
    ):
        with pytest.raises(BadFeatureId) as mistake:
            read(text)
        assert mistake.value.parts["value"] == written
        assert all(mistake.value.text(language) for language in LANGUAGES)


def test_the_attribute_with_the_id_is_compared_by_its_uid(connection):
    one = site("b")
    assert rows(connection, read(fes(equal("@gml:id", one)))) == "b"
    assert rows(connection, read(fes(equal("sites/@gml:id", one)))) == "b"
    other = compare("PropertyIsNotEqualTo", "@gml:id", one)
    assert rows(connection, read(fes(other))) == "acdef"
    several = f"<fes:Or>{equal('@gml:id', one)}{equal('@gml:id', site('d'))}</fes:Or>"
    assert rows(connection, read(fes(several))) == "bd"


def test_an_id_may_stand_beside_another_condition(connection):
    both = f"<fes:And>{rid(site('a'))}{equal('count', '1')}</fes:And>"
    assert rows(connection, read(fes(both))) == "a"


# What is refused

TEN = 'wildCard="*" singleChar="?" escapeChar="!"'


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "not 0"),
        (equal("count", "1") * 2, "not 2"),
        (rid(f"sites.{OWNER}") + equal("count", "1"), "not 2"),
        ("text", "text in Filter"),
        (equal("count", "1") + "text", "text in Filter"),
        ("<fes:And/>", "no conditions"),
        ("<fes:Or/>", "no conditions"),
        ("<fes:Not/>", "not 0"),
        (f"<fes:Not>{equal('count', '1')}{equal('count', '2')}</fes:Not>", "not 2"),
        (f"<fes:Xor>{equal('count', '1')}</fes:Xor>", "no operator “Xor”"),
        (f"<fes:PropertyIsEqualTo>{name('count')}</fes:PropertyIsEqualTo>", "not 1"),
        (f"<fes:PropertyIsEqualTo>{value('1')}{value('1')}</fes:PropertyIsEqualTo>", "two literals"),
        (name("active"), "not a condition"),
        (equal("count", "many"), "“many” is not a number"),
        (equal("count", ""), "“” is not a number"),
        (equal("count", "1_0"), "“1_0” is not"),
        (equal("count", "NaN"), "“NaN” is not"),
        (equal("count", "1e999"), "“1e999” is not"),
        (equal("count", "1e-999"), "“1e-999” is not"),
        (equal("count", "9" * 61), "is not a number"),
        (equal("active", "yes"), "“yes” is not true or false"),
        (equal("opened", "2020-02-30"), "“2020-02-30” is not a date"),
        (equal("opened", "yesterday"), "is not a date"),
        (equal("opened", "2020-01-01+08:00"), "is not a date"),
        (equal("seen", "2020-01-01T25:00:00Z"), "is not a date"),
        (equal("owner", "1"), "is not a UUID"),
        (equal("geom", "1"), "is a geometry"),
        (equal("tags", "x", 'matchAction="All"'), "is a list"),
        (equal("tags", "x", 'matchCase="false"'), "is a list"),
        (compare("PropertyIsNotEqualTo", "tags", "x"), "is a list"),
        (equal("count", "<b/>"), "cannot hold “b”"),
        (equal("count", "1", 'matchCase="maybe"'), "maybe"),
        (equal("count", "1", 'matchAction="Some"'), "Some"),
        (equal("count", "1", 'matchcase="false"'), "matchcase"),
        (like("x", ""), "three different"),
        (like("x", 'wildCard="*" singleChar="?" escapeChar=""'), "three different"),
        (like("x", 'wildCard="*" singleChar="*" escapeChar="!"'), "three different"),
        (like("x", 'wildCard="**" singleChar="?" escapeChar="!"'), "three different"),
        (like("x", f'{TEN} escape="!"'), "three different"),
        (like("x!", TEN), "cannot end with its escape"),
        (compare("PropertyIsLike", "count", "1*", TEN), "cannot be used as a text"),
        (f"<fes:PropertyIsLike {TEN}>{name('label')}{name('label')}</fes:PropertyIsLike>", "literal"),
        (f"<fes:PropertyIsNull>{value('x')}</fes:PropertyIsNull>", "never null"),
        (f"<fes:PropertyIsNil nilReason='x'>{name('label')}</fes:PropertyIsNil>", "nilReason"),
        (
            f"<fes:PropertyIsBetween>{name('count')}<fes:UpperBoundary>{value('1')}</fes:UpperBoundary>"
            f"<fes:LowerBoundary>{value('3')}</fes:LowerBoundary></fes:PropertyIsBetween>",
            "LowerBoundary",
        ),
        (
            f"<fes:PropertyIsEqualTo>{name('label')}<fes:Add>{value('1')}{name('label')}</fes:Add></fes:PropertyIsEqualTo>",
            "cannot be used as a number",
        ),
        (
            f"<fes:PropertyIsLessThan><fes:Function name='upper'>{name('label')}</fes:Function>"
            f"{value('A')}</fes:PropertyIsLessThan>",
            "upper",
        ),
        (
            f"<fes:PropertyIsEqualTo><fes:Function name='upper'>{name('label')}</fes:Function>"
            f"{value('Beta')}</fes:PropertyIsEqualTo>",
            "capitals",
        ),
        (compare("PropertyIsLessThan", "@gml:id", f"sites.{OWNER}"), "@gml:id"),
        (compare("PropertyIsLike", "@gml:id", "sites*", TEN), "@gml:id"),
        (f'<fes:ResourceId rid="sites.{OWNER}" version="LATEST"/>', "version"),
        (f'<fes:FeatureId fid="sites.{OWNER}"/>', "no operator “FeatureId”"),
        (space("Intersects", POINT, "label"), "label is not a geometry"),
        (space("Intersects", POINT, "@gml:id"), "not a geometry"),
        (space("Intersects", value("POINT(1 2)")), "elements, not 0"),
        (f"<fes:Intersects>{POINT}{POINT}</fes:Intersects>", "about a property"),
        (space("BBOX", POINT), "gml:Envelope"),
        ("<fes:BBOX/>", "not 0"),
        (distance("DWithin", "5", "mile"), "“mile” is not a unit"),
        (distance("DWithin", "5", "urn:ogc:def:uom:EPSG::9002"), "9002"),
        (distance("DWithin", "5", ""), "not a unit"),
        (distance("DWithin", "-5"), "not a distance"),
        (distance("DWithin", "far"), "not a distance"),
        (distance("DWithin", "1e300"), "not a distance"),
        (distance("DWithin", "5").replace(' uom="m"', ""), "states its unit"),
        (distance("DWithin", "5").replace("Distance", "Range"), "Distance is missing"),
        (time("During", instant("2020-01-01")), "During does not relate"),
        (time("TEquals", period("2020-01-01", "2020-02-01")), "TEquals does not relate"),
        (time("Meets", period("2020-01-01", "2020-02-01")), "Meets relates a period"),
        (time("After", instant("2020-01-01"), "label"), "not a date or time"),
        (time("After", POINT), "is not a time"),
        (f"<fes:After>{instant('2020-01-01')}{name('seen')}</fes:After>", "begins with a property"),
        (time("After", instant("2020")), "“2020” is not"),
        (time("During", period("2020-02-01", "2020-01-01")), "starts after its end"),
        (
            time("During", TO_NOW),
            "indeterminatePosition",
        ),
        (time("After", "<gml:TimeInstant/>"), "consists of timePosition"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_its_reason(inside, words):
    with pytest.raises(BadFilter) as mistake:
        read(fes(inside))
    assert words in mistake.value.text("en")
    assert mistake.value.text("zh") != mistake.value.text("en")


def test_a_function_that_does_not_exist_is_refused_by_its_name():
    call = f"<fes:Function name='pg_sleep'>{value('9')}</fes:Function>"
    for inside in (
        call,
        f"<fes:PropertyIsEqualTo>{name('label')}{call}</fes:PropertyIsEqualTo>",
    ):
        with pytest.raises(UnknownFunction) as mistake:
            read(fes(inside))
        assert mistake.value.parts["value"] == "pg_sleep"
        assert mistake.value.parts["allowed"] == ["lower", "upper"]


@pytest.mark.parametrize("pattern", ["*' OR '1'='1", "'; drop table sites; --", "%"])
def test_a_pattern_is_only_a_pattern(connection, pattern):
    quote = "wildCard=\"'\" singleChar='?' escapeChar='!'"
    assert rows(connection, read(fes(like(pattern, TEN)))) == ""
    assert rows(connection, read(fes(like(pattern.replace("%", "x"), quote)))) == ""


@pytest.mark.parametrize(
    "text",
    [
        f'<Filter xmlns="http://www.opengis.net/fes/3.0">{equal("count", "1").replace("fes:", "")}</Filter>',
        "<Filter/>",
        fes(equal("count", "1")).replace("fes:Filter", "fes:Query"),
        fes(equal("count", "1").replace("fes:", "gml:")),
        fes(
            f'<o:PropertyIsNull xmlns:o="{OGC}"><o:PropertyName>label</o:PropertyName></o:PropertyIsNull>'
        ),
        fes("<fes:PropertyIsNull><fes:PropertyName>label</fes:PropertyName></fes:PropertyIsNull>"),
        fes(equal("count", "1").replace("fes:Literal", "gml:Literal")),
    ],
)
def test_an_element_of_another_namespace_is_refused(text):
    with pytest.raises(BadFilter):
        read(text)


ELSEWHERE = '<gml:Point xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="http://localhost/"/>'


def test_a_mistake_in_a_geometry_or_its_crs_is_told_as_one():
    bow = POLYGON.replace(
        "22.9 113.6 22.9 113.8 23.1 113.8 23.1 113.6", "22.9 113.6 23.1 113.8 23.1 113.6 22.9 113.8"
    )
    with pytest.raises(BadGeometry, match="Self-intersection"):
        read(fes(space("Intersects", bow)))
    with pytest.raises(BadGeometry, match="srsName"):
        read(fes(space("Intersects", POINT.replace("23 113.7", "113.7 23"))))
    with pytest.raises(UnknownCrs):
        read(fes(space("Intersects", POINT.replace("4490", "4527"))))
    with pytest.raises(BadGeometry, match="xlink"):
        read(fes(space("Intersects", ELSEWHERE)))


# Limits


def nested(depth: int) -> str:
    return "<fes:Not>" * (depth - 1) + equal("count", "1") + "</fes:Not>" * (depth - 1)


def test_each_limit_holds_to_the_last_one():
    read(fes(nested(32)))
    with pytest.raises(FilterTooComplex) as mistake:
        read(fes(nested(33)))
    assert mistake.value.parts["limit_name"] == "max_filter_depth"

    half = compare("PropertyIsLessThan", "count", "1")
    read(fes(f"<fes:And>{half * 128}</fes:And>"))
    with pytest.raises(FilterTooComplex) as mistake:
        read(fes(f"<fes:And>{half * 129}</fes:And>"))
    assert mistake.value.parts["limit_name"] == "max_filter_ops"

    line = LINE.replace("23 113.4 23 113.72", "23 113.4 23 113.72 23.1 113.8")
    read(fes(space("Intersects", line)), limits=FilterLimits(max_filter_vertices=3))
    with pytest.raises(FilterTooComplex) as mistake:
        read(fes(space("Intersects", line)), limits=FilterLimits(max_filter_vertices=2))
    assert mistake.value.parts["limit_name"] == "max_filter_vertices"

    many = [f"sites.{OWNER}"] * 3
    read(fes(rid(*many)), limits=FilterLimits(max_in_items=3))
    for too_many in (
        lambda: read(fes(rid(*many)), limits=FilterLimits(max_in_items=2)),
        lambda: read_feature_ids(many, SITES, limits=FilterLimits(max_in_items=2)),
    ):
        with pytest.raises(FilterTooComplex):
            too_many()


@pytest.mark.parametrize(
    "text",
    [
        fes(nested(30_000)),
        fes("<fes:Add>" * 5_000),
        fes(equal("label", "x" * 10_000_000)),
        fes(space("Intersects", LINE.replace("23 113.4", "23 113.4 " * 1_000_000))),
        "<!DOCTYPE x [<!ENTITY a 'b'>]>" + fes(equal("label", "&a;")),
        "",
        "{}",
    ],
)
def test_a_hostile_document_is_refused_as_a_bad_request(text):
    with pytest.raises((BadRequest, TooLarge)) as mistake:
        read(text)
    assert isinstance(mistake.value, GeoserviceError)


def test_a_document_that_is_not_xml_is_malformed():
    with pytest.raises(Malformed):
        read("<fes:Filter>")


# The tables of names


def test_every_operator_that_is_listed_is_read():
    simple = [each.element for each in operators.COMPARISONS.values()]
    relations = [each.element for each in operators.SPATIAL.values()]
    for each in simple:
        assert isinstance(read(fes(compare(each, "count", "1"))), Compare)
    for each in relations:
        assert isinstance(read(fes(space(each, POINT))), Relate)
    for relation, each in operators.TEMPORAL.items():
        right = instant("2020-01-01") if relation is Temporal.EQUALS else FIRST_HALF
        assert read(fes(time(each.element, right))).relation is relation
    assert set(operators.COMPARISONS) == set(Comparison)
    assert set(operators.SPATIAL) == set(Spatial)
