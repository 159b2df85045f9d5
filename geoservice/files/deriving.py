"""A description from a file: its fields, geometry and title, for a collection to be published.

Names are kept, Chinese ones too. Types come from the file; where it has none (CSV, XLSX), a column
has a type if every value of it has, and digits with a leading zero stay text, because codes do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from geoservice.description.collection import (
    IDENTIFIER,
    MAX_FIELD_NAME_BYTES,
    SYSTEM_FIELDS,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Period,
)
from geoservice.description.collection import Source as Origin
from geoservice.errors import BadParameter, MissingParameter, UnreadableFile
from geoservice.files import values
from geoservice.files.mapping import Mapping, Match
from geoservice.files.options import ImportOptions
from geoservice.files.source import GEOMETRY, Source
from geoservice.languages import Text

KEY_NAMES = (
    *("id", "fid", "gid", "objectid", "oid", "ogc_fid", "code", "bsm"),
    *("编号", "统一编号", "标识码", "代码"),
)
"""Names of columns that usually identify a feature, the likeliest first."""
_LABEL_NAMES = ("name", "名称", "mc", "title", "name_zh", "label", "标题", "单位名称")
_PLAIN_INTEGER = r"^-?(0|[1-9][0-9]{0,18})$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_GUESSES = (FieldType.LONG, FieldType.NUMBER, FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME)
_WKB_TYPES = {
    1: GeometryType.POINT,
    2: GeometryType.LINE_STRING,
    3: GeometryType.POLYGON,
    4: GeometryType.MULTI_POINT,
    5: GeometryType.MULTI_LINE_STRING,
    6: GeometryType.MULTI_POLYGON,
}
_MULTI = {
    GeometryType.POINT: GeometryType.MULTI_POINT,
    GeometryType.LINE_STRING: GeometryType.MULTI_LINE_STRING,
    GeometryType.POLYGON: GeometryType.MULTI_POLYGON,
}


@dataclass(frozen=True)
class Derived:
    """A description without a key, how columns fill it, and which keys may be tried on the rows."""

    collection: Collection
    mapping: Mapping
    keys: tuple[tuple[str, ...], ...]


def derived(
    source: Source,
    id: str,
    options: ImportOptions,
    *,
    title: Text | None,
    file: str,
    zone: ZoneInfo,
) -> Derived:
    """The description of a file's rows. Reads a file without types twice.

    Raises `BadParameter` if `id` is no identifier or an option names no fitting column, and
    `UnreadableFile` if two columns have one name.
    """
    names = _field_names(source.columns.names, file)
    types = _text_types(source, zone) if source.is_text else {}
    fields = tuple(
        _field(
            names[column.name],
            types.get(column.name) or source.hints.get(column.name) or _type(column.type),
            column.type,
        )
        for column in source.columns
    )
    name = options.layer or file.partition(".")[0]
    shown = title or Text(zh=name, en=name)
    try:
        collection = Collection(
            id=id,
            title=shown,
            description=Text(zh=f"由文件 {file} 发布。", en=f"Published from the file {file}."),
            fields=fields,
            geometry=_geometry(source) if source.has_geometry else None,
            label=_named(fields, _LABEL_NAMES),
            period=_period(fields, names, options),
            source=Origin(Text(zh=file, en=file)),
            published=True,
        )
    except ValueError as fault:
        raise BadParameter(name="id", value=id, allowed=IDENTIFIER.pattern) from fault
    by_column = {column: collection.by_name[name] for column, name in names.items()}
    matches = tuple(Match(field, column, "name") for column, field in by_column.items())
    return Derived(collection, Mapping(matches, (), ()), _keys(collection, names, options))


def _field_names(columns: Sequence[str], file: str) -> dict[str, str]:
    """Field names by column: as they are, but for the store's own and those that do not fit."""
    found: dict[str, str] = {}
    for column in columns:
        name = column.strip().encode()[:MAX_FIELD_NAME_BYTES].decode(errors="ignore")
        while name in SYSTEM_FIELDS:
            name += "_"
        if not name or "\0" in name or name in found.values():
            shown = column[:100]
            raise UnreadableFile(
                file=file,
                reason=Text(
                    zh=f"列名“{shown}”为空或重复", en=f"column name “{shown}” is empty or repeated"
                ),
            )
        found[column] = name
    return found


def _field(name: str, type: FieldType, arrow: pa.DataType) -> Field:
    digits = (arrow.precision, max(arrow.scale, 0)) if type is FieldType.DECIMAL else None
    return Field(name=name, type=type, title=Text(zh=name, en=name), digits=digits)


def _type(arrow: pa.DataType) -> FieldType:
    """The field type of an Arrow type; what has none of its own is kept as text."""
    tests = (
        (pa.types.is_boolean, FieldType.BOOLEAN),
        (pa.types.is_uint64, FieldType.DECIMAL),
        (lambda t: pa.types.is_int64(t) or pa.types.is_uint32(t), FieldType.LONG),
        (pa.types.is_integer, FieldType.INTEGER),
        (pa.types.is_floating, FieldType.NUMBER),
        (pa.types.is_decimal, FieldType.DECIMAL),
        (pa.types.is_date, FieldType.DATE),
        (pa.types.is_timestamp, FieldType.DATETIME),
    )
    found = next((type for test, type in tests if test(arrow)), FieldType.TEXT)
    if found is FieldType.DECIMAL and not pa.types.is_decimal(arrow):
        return FieldType.LONG
    return found


def _text_types(source: Source, zone: ZoneInfo) -> dict[str, FieldType]:
    """The types of columns of text: the first that every value has."""
    possible = {name: list(_GUESSES) for name in source.columns.names}
    filled: set[str] = set()
    for batch in source.batches():
        for name, guesses in possible.items():
            column = batch.column(name)
            text = pc.utf8_trim_whitespace(column)
            text = pc.if_else(pc.equal(text, ""), None, text)
            if text.null_count == len(text):
                continue
            filled.add(name)
            guesses[:] = [guess for guess in guesses if _all_are(guess, text, zone)]
    return {
        name: guesses[0] if guesses and name in filled else FieldType.TEXT
        for name, guesses in possible.items()
    }


def _all_are(type: FieldType, text: pa.Array, zone: ZoneInfo) -> bool:
    def matching(pattern: str) -> pa.Array:
        return pc.match_substring_regex(text, pattern).drop_null()

    if type in (FieldType.LONG, FieldType.NUMBER) and pc.any(matching(_LEADING_ZERO)).as_py():
        return False
    if type is FieldType.LONG and not pc.all(matching(_PLAIN_INTEGER)).as_py():
        return False
    if type is FieldType.BOOLEAN and pc.any(matching(r"^[0-9]")).as_py():
        return False
    title = Text(zh="", en="")
    field = Field(name="x", type=type, title=title)
    return not values.taken(field, text, blank_is_null=True, zone=zone).faults


def _geometry(source: Source) -> GeometryType:
    """The geometry type: as the file says, or as its rows are; lines and areas in many parts."""
    said = (source.geometry_type or "").removeprefix("2.5D ").split(" ")[0]
    known = {type.value: type for type in GeometryType if type is not GeometryType.GEOMETRY}
    kinds = {known[said]} if said in known else set(_types_of_rows(source.batches()))
    singles = {kind.single for kind in kinds}
    if len(singles) != 1:
        return GeometryType.GEOMETRY
    single = singles.pop()
    is_point = single is GeometryType.POINT and kinds == {GeometryType.POINT}
    return single if is_point else _MULTI[single]


def _types_of_rows(batches: Iterator[pa.RecordBatch]) -> Iterable[GeometryType]:
    """The geometry types that occur, from the second to fifth byte of each WKB."""
    for batch in batches:
        column = batch.column(GEOMETRY).drop_null().cast(pa.binary())
        heads = pc.binary_slice(column, 0, 5)
        for head in heads.unique().to_pylist():
            if len(head) == 5:
                code = int.from_bytes(head[1:], "little" if head[0] == 1 else "big")
                plain = (code & 0x0FFFFFFF) % 1000
                if plain in _WKB_TYPES:
                    yield _WKB_TYPES[plain]


def _keys(
    collection: Collection, names: dict[str, str], options: ImportOptions
) -> tuple[tuple[str, ...], ...]:
    """The key that the caller names, or those that names suggest, the likeliest first."""
    if options.key:
        unknown = [column for column in options.key if column not in names]
        if unknown:
            raise BadParameter(name="key", value=unknown[0], allowed=list(names))
        return (tuple(names[column] for column in options.key),)
    by_lower = {field.name.lower(): field for field in collection.fields}
    usual = [*KEY_NAMES, f"{collection.id}_id", f"{collection.id}_no"]
    wanted = [by_lower[name] for name in usual if name in by_lower]
    wanted += [f for f in collection.fields if f.name.lower().endswith(("_id", "_no", "_code"))]
    fit = (FieldType.LONG, FieldType.INTEGER, FieldType.TEXT)
    return tuple(dict.fromkeys((field.name,) for field in wanted if field.type in fit))


def _period(
    fields: Sequence[Field], names: dict[str, str], options: ImportOptions
) -> Period | None:
    """When features are true, if the caller names the columns that say it."""
    dates = {field.name for field in fields if field.type in (FieldType.DATE, FieldType.DATETIME)}
    given = {"valid_from": options.valid_from, "valid_to": options.valid_to}
    for name, column in given.items():
        if column is not None and names.get(column) not in dates:
            allowed = [each for each, field in names.items() if field in dates]
            raise BadParameter(name=name, value=column, allowed=allowed)
    if options.valid_from is None:
        if options.valid_to is not None:
            raise MissingParameter(name="valid_from", allowed=sorted(dates))
        return None
    end = names[options.valid_to] if options.valid_to is not None else None
    return Period(names[options.valid_from], end)


def _named(fields: Sequence[Field], names: Sequence[str]) -> str | None:
    by_lower = {field.name.lower(): field.name for field in fields if field.type is FieldType.TEXT}
    return next((by_lower[name] for name in names if name in by_lower), None)


def with_key(collection: Collection, key: tuple[str, ...]) -> Collection:
    """The description with a key that the rows turned out to have; its fields are never empty."""
    fields = tuple(
        replace(field, nullable=False) if field.name in key else field
        for field in collection.fields
    )
    return replace(collection, key=key, fields=fields)
