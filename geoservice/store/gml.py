"""Rows → GML, written by PostGIS: members of a feature collection and values of one property.

Every text is one line, so that it can be a line of a stream as well as a part of a page. Namespaces
are declared by the document around it: `wfs`, `gml` and the prefix of `xml_names`. Knows no WFS
request and no envelope.

How values are written (XML Schema Part 2, second edition): dates and times as `xsd:date` and
`xsd:dateTime` in UTC with `Z`, doubles with the fewest digits that give them back, lists as one
element for each item. What is missing is left out. A character that XML 1.0 cannot hold (2.2:
U+0001 to U+001F except tab, line feed and carriage return, and U+FFFE, U+FFFF) becomes U+FFFD.
A coordinate nearer to zero than 1e-8 may come with an exponent, as `xsd:double` allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

import sqlalchemy as sa
from geoalchemy2.types import Geometry
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import STORAGE_SRID, Crs
from geoservice.description.collection import Collection, GeometryType
from geoservice.description.xml_names import GEOMETRY, PREFIX, element_name
from geoservice.query.query import Query
from geoservice.store.encoding import constant, in_crs, shown_fields
from geoservice.store.statements import in_order, restrictions, source

FEATURE_ID = "@gml:id"
"""How GetPropertyValue names the id of a feature (OGC 09-025r2, 10)."""

# Options of ST_AsGML from version 3 on.
_WITHOUT_DIMENSION = 2
_LINE_STRINGS = 4  # gml:LineString, which every client reads, not gml:Curve
_Y_FIRST = 16

_MAX_ARGUMENTS = 100  # of a function in PostgreSQL

_SPECIAL = r"[&<>\u0001-\u0008\u000a-\u001f\ufffe\uffff]"
_FORBIDDEN = r"[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]"
_REPLACEMENT = "\ufffd"
_ESCAPES = (
    ("&", "&amp;"),  # first, because the others hold one
    ("<", "&lt;"),
    (">", "&gt;"),
    ("\n", "&#10;"),
    ("\r", "&#13;"),
)

_AFTER_ID = {
    "Point": '"><gml:pos>',
    "LineString": '"><gml:posList>',
    "Polygon": '"><gml:exterior>',
}
"""What follows the `gml:id` that PostGIS gives to each part of a geometry, by type of the part."""


class GmlVersion(StrEnum):
    """The versions of GML: of WFS 1.0, 1.1 and 2.0 in this order."""

    GML_2 = "2"
    GML_3_1 = "3.1"
    GML_3_2 = "3.2"

    @property
    def member(self) -> str:
        """The element that holds a feature in a collection."""
        return "wfs:member" if self is GmlVersion.GML_3_2 else "gml:featureMember"

    @property
    def id_attribute(self) -> str:
        """The attribute that holds the id of a feature."""
        return "fid" if self is GmlVersion.GML_2 else "gml:id"


@dataclass(frozen=True)
class GmlForm:
    """How features are written: geometries in a CRS and its order of axes, under a name of it."""

    version: GmlVersion
    crs: Crs
    srs_name: str


def gml_properties(collection: Collection, query: Query) -> tuple[str, ...]:
    """The names of what a member holds, in its order: the fields, `geom` last."""
    own = (GEOMETRY,) if collection.geometry and query.geometry else ()
    return shown_fields(collection, query) + own


def gml_members(collection: Collection, query: Query, form: GmlForm) -> "GmlMembers":
    """How the features of a query are written as GML. The CRS is that of the form."""
    return GmlMembers(collection.id, gml_properties(collection, query), form)


@dataclass(frozen=True)
class GmlMembers:
    """Each row as a member: `<wfs:member><gs:towns gml:id="towns.…">…</gs:towns></wfs:member>`.

    In GML 3.2 every geometry has an id (OGC 07-036, 7.2.4.5): that of the feature, a dot and the
    name of its property. A part of it has a dot and its number more.
    """

    type: str
    columns: tuple[str, ...]
    form: GmlForm

    separator = "\n"

    def written(self, rows: sa.FromClause) -> sa.Select[Any]:
        """The members, one column `feature`, in the order of `rows`."""
        version, element = self.form.version, f"{PREFIX}:{self.type}"
        # A geometry is markup already; the fields between them are looked at together.
        properties: list[sa.ColumnElement[str]] = []
        runs = groupby(self.columns, lambda name: isinstance(rows.c[name].type, Geometry))
        for is_markup, run in runs:
            names = [*run]
            properties += (
                [self._geometry(rows, name) for name in names]
                if is_markup
                else [_fields(rows, names)]
            )
        member = _joined(
            constant(f'<{version.member}><{element} {version.id_attribute}="{self.type}.'),
            rows.c.uid,
            constant('">'),
            *properties,
            constant(f"</{element}></{version.member}>"),
        )
        return sa.select(member.label("feature")).select_from(rows)

    def _geometry(self, rows: sa.FromClause, name: str) -> sa.ColumnElement[str]:
        identity = _geometry_id(self.type, rows, name)
        return _element(name, geometry_text(rows.c[name], self.form, identity))


def _fields(rows: sa.FromClause, names: Sequence[str]) -> sa.ColumnElement[str]:
    """The elements of fields. One look at all texts of a row tells whether to escape: few must."""
    plain = _joined(*(_plain_field(rows, name) for name in names))
    texts = [_all_text(rows.c[name]) for name in names if _is_text(rows.c[name].type)]
    if not texts:
        return plain
    has_special = _joined(*texts).op("~", return_type=sa.Boolean())(constant(_SPECIAL))
    return sa.case((has_special, _escaped_fields(rows, names)), else_=plain)


def _plain_field(rows: sa.FromClause, name: str) -> sa.ColumnElement[str]:
    """The element of a field, one for each item of a list; null if there is none."""
    column = rows.c[name]
    if not isinstance(column.type, sa.ARRAY):
        return _element(name, _simple_text(column))
    items = _items(column, column.type.item_type)
    elements = _element(name, _simple_text(items.c.item))
    together = _together(elements, items.c.place)
    return sa.select(together).select_from(items).correlate(rows).scalar_subquery()


def _escaped_fields(rows: sa.FromClause, names: Sequence[str]) -> sa.ColumnElement[str]:
    """The elements of fields, escaped by one expression: for each its own would slow the planner."""
    texts = sa.ARRAY(sa.Text)
    lists = [
        sa.cast(rows.c[name], texts)
        if isinstance(rows.c[name].type, sa.ARRAY)
        else pg.array([_simple_text(rows.c[name])])
        for name in names
    ]
    fields = sa.values(
        sa.column("number", sa.Integer),
        sa.column("element", sa.Text),
        sa.column("texts", texts),
        name="fields",
    ).data(
        [
            (
                sa.literal_column(str(number)),
                constant(f"{PREFIX}:{element_name(name)}>"),
                values,
            )
            for number, (name, values) in enumerate(zip(names, lists, strict=True))
        ]
    )
    items = _items(fields.c.texts, sa.Text())
    whole = _concatenated(
        constant("<"), fields.c.element, _escaped(items.c.item), constant("</"), fields.c.element
    )
    together = _together(whole, fields.c.number, items.c.place)
    return (
        sa.select(together)
        .select_from(fields.join(items, sa.true()))
        .correlate(rows)
        .scalar_subquery()
    )


def property_values(
    collection: Collection, query: Query, name: str, form: GmlForm
) -> sa.Select[Any]:
    """The values of one property as members, one column `feature`, in the order of the query.

    A name is that of a field, `geom`, or `FEATURE_ID`. What is missing has no member; a list has
    one for each item. For GetPropertyValue (OGC 09-025r2, 10).
    """
    rows = source(collection, query.known_at)
    found: sa.FromClause = rows
    order = in_order(rows, query)
    value: sa.ColumnElement[str]
    if name == FEATURE_ID:
        value = sa.func.concat(constant(f"{collection.id}."), rows.c.uid, type_=sa.Text())
    elif isinstance(rows.c[name].type, Geometry):
        value = geometry_text(rows.c[name], form, _geometry_id(collection.id, rows, name))
    elif isinstance(list_type := rows.c[name].type, sa.ARRAY):
        items = _items(rows.c[name], list_type.item_type)
        found, order = rows.join(items, sa.true()), [*order, items.c.place]
        value = _escaped(_simple_text(items.c.item))
    else:
        value = _escaped(_simple_text(rows.c[name]))
    present = sa.true() if name == FEATURE_ID else rows.c[name].is_not(None)
    member = _concatenated(constant("<wfs:member>"), value, constant("</wfs:member>"))
    return (
        sa.select(member.label("feature"))
        .select_from(found)
        .where(present, *restrictions(collection, rows, query))
        .order_by(*order)
    )


def _geometry_id(type: str, rows: sa.FromClause, name: str) -> sa.ColumnElement[str]:
    return sa.func.concat(
        constant(f"{type}."), rows.c.uid, constant(f".{element_name(name)}"), type_=sa.Text()
    )


def geometry_text(
    column: sa.ColumnElement[Any], form: GmlForm, identity: sa.ColumnElement[str]
) -> sa.ColumnElement[str]:
    """A stored geometry as GML; null if it is missing. `identity` is its `gml:id` in GML 3.2."""
    crs, version = form.crs, form.version
    if version is GmlVersion.GML_2:
        call = sa.func.ST_AsGML(2, in_crs(column, crs), crs.decimals, type_=sa.Text())
        return _named(call, form)
    options = _WITHOUT_DIMENSION | _LINE_STRINGS | (_Y_FIRST if crs.y_first else 0)
    shape = in_crs(column, replace(crs, y_first=False))  # swapped as it is written: that is quicker
    arguments = (3, shape, crs.decimals, options)
    if version is GmlVersion.GML_3_1:
        return _named(sa.func.ST_AsGML(*arguments, type_=sa.Text()), form)
    call = sa.func.ST_AsGML(*arguments, constant("gml"), identity, type_=sa.Text())
    return _with_ids_of_parts(_named(call, form), column)


def _named(gml: sa.ColumnElement[str], form: GmlForm) -> sa.ColumnElement[str]:
    """GML under the form's name of its CRS; PostGIS writes the name from the SRID."""
    srid = STORAGE_SRID if form.crs.is_storage else form.crs.srid
    written, wanted = f'srsName="EPSG:{srid}"', f"srsName={quoteattr(form.srs_name)}"
    return gml if written == wanted else _replaced(gml, constant(written), constant(wanted))


def _with_ids_of_parts(
    gml: sa.ColumnElement[str], column: sa.ColumnElement[Any]
) -> sa.ColumnElement[str]:
    """GML in which each part of a geometry has its own id; PostGIS gives it that of the whole."""
    assert isinstance(column.type, Geometry)
    kind = next(each for each in GeometryType if each.upper() == column.type.geometry_type)
    if kind is GeometryType.GEOMETRY:
        mark: sa.ColumnElement[str] = sa.case(
            {0: constant(_AFTER_ID["Point"]), 1: constant(_AFTER_ID["LineString"])},
            value=sa.func.ST_Dimension(column),
            else_=constant(_AFTER_ID["Polygon"]),
        )
        is_multiple = sa.func.GeometryType(column).like("MULTI%")
        return sa.case((is_multiple, _numbered(gml, column, mark)), else_=gml)
    if kind is kind.single:
        return gml
    return _numbered(gml, column, constant(_AFTER_ID[kind.single]))


def _numbered(
    gml: sa.ColumnElement[str], column: sa.ColumnElement[Any], mark: sa.ColumnElement[str]
) -> sa.ColumnElement[str]:
    """GML of a collection with the number of each part before its mark; most have one part."""
    pieces = (
        sa.func.string_to_table(gml, mark)
        .table_valued(sa.column("piece", sa.Text), with_ordinality="place")
        .render_derived()
    )
    # A delimiter stands before its own piece, and the first piece has none.
    delimiter = _concatenated(constant("."), sa.cast(pieces.c.place - 1, sa.Text), mark)
    together = sa.func.string_agg(
        pieces.c.piece, pg.aggregate_order_by(delimiter, pieces.c.place), type_=sa.Text()
    )
    several = sa.select(together).select_from(pieces).correlate_except(pieces).scalar_subquery()
    one = _replaced(gml, mark, _concatenated(constant(".1"), mark))
    return sa.case((sa.func.ST_NumGeometries(column) == 1, one), else_=several)


def _simple_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value that is no geometry and no list, as text."""
    text: sa.ColumnElement[str] = sa.cast(column, sa.Text)
    if isinstance(column.type, sa.DateTime):  # 2021-06-25 16:00:00+00
        return _replaced(
            _replaced(text, constant(" "), constant("T")), constant("+00"), constant("Z")
        )
    return text


def _escaped(text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A text as XML of one line."""
    for character, reference in _ESCAPES:
        text = _replaced(text, constant(character), constant(reference))
    arguments = (constant(_FORBIDDEN), constant(_REPLACEMENT), constant("g"))
    return sa.func.regexp_replace(text, *arguments, type_=sa.Text())


def _items(column: sa.ColumnElement[Any], type: sa.types.TypeEngine[Any]) -> Any:
    """The items of a list as rows: `item` and its `place`."""
    values = sa.func.unnest(column).table_valued(sa.column("item", type), with_ordinality="place")
    return values.render_derived()


def _is_text(type: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(type.item_type if isinstance(type, sa.ARRAY) else type, sa.String)


def _all_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """All characters of a text or of a list of texts."""
    if isinstance(column.type, sa.ARRAY):
        return sa.func.array_to_string(column, constant(""))
    return column


def _element(name: str, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The element of a property around its text; null if that is null."""
    element = f"{PREFIX}:{element_name(name)}"
    return _concatenated(constant(f"<{element}>"), text, constant(f"</{element}>"))


def _concatenated(*texts: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Texts behind each other; null if one is null."""
    whole, *others = texts
    for text in others:
        whole = whole.op("||", return_type=sa.Text())(text)
    return whole


def _together(texts: sa.ColumnElement[str], *order: sa.ColumnElement[Any]) -> Any:
    """The texts of rows behind each other, those that are null left out; null without any."""
    return sa.func.string_agg(texts, pg.aggregate_order_by(constant(""), *order), type_=sa.Text())


def _joined(*parts: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The texts of parts, those that are null left out; as many as there are."""
    while len(parts) > _MAX_ARGUMENTS:
        starts = range(0, len(parts), _MAX_ARGUMENTS)
        parts = tuple(sa.func.concat(*parts[each : each + _MAX_ARGUMENTS]) for each in starts)
    return sa.func.concat(*parts, type_=sa.Text())


def _replaced(
    text: sa.ColumnElement[Any], old: sa.ColumnElement[str], new: sa.ColumnElement[str]
) -> sa.ColumnElement[str]:
    return sa.func.replace(text, old, new, type_=sa.Text())
