"""Dates and instants in the forms that files write them, of which each means one thing only."""

from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from geoservice.description.collection import Field
from geoservice.files.taken import BAD_TYPE, Taken, as_text

_DATE = (
    r"^(?P<y>[12][0-9]{3})(?:-|/|\.|年)(?P<m>[01]?[0-9])(?:-|/|\.|月)(?P<d>[0-3]?[0-9])日?"
    r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?(?:Z|\+00:?(?:00)?)?)?$"
)
_COMPACT_DATE = r"^(?P<y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])$"
_INSTANT = (
    r"^(?P<y>[12][0-9]{3})[-/](?P<m>[01]?[0-9])[-/](?P<d>[0-3]?[0-9])"
    r"(?:[T ](?P<h>[0-2]?[0-9]):(?P<i>[0-5][0-9])(?::(?P<s>[0-5][0-9])(?P<f>\.[0-9]{1,6})?[0-9]*)?)?"
    r"\s?(?P<z>Z|z|[+-][0-9]{2}:?(?:[0-9]{2})?)?$"
)


def date(_field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    """Days: ISO 8601, with `/`, `.` or 年月日, or eight digits; an instant only at midnight."""
    if pa.types.is_date(column.type):
        return Taken(column.cast(pa.date32()))
    if pa.types.is_timestamp(column.type):
        days = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        whole = pc.equal(pc.multiply(pc.divide(days, 86_400_000_000), 86_400_000_000), days)
        result = Taken(pc.if_else(whole, column, None).cast(pa.date32()))
        result.fault(BAD_TYPE, pc.invert(pc.fill_null(whole, True)))
        return result
    text = pc.utf8_trim_whitespace(as_text(column))
    parts = pc.extract_regex(text, _DATE)
    compact = pc.extract_regex(text, _COMPACT_DATE)
    iso = pc.coalesce(_iso_day(parts), _iso_day(compact))
    return _parsed_times(column, iso, "%Y-%m-%d", pa.date32())


def _iso_day(parts: pa.Array) -> pa.Array:
    year, month, day = (pc.struct_field(parts, name) for name in ("y", "m", "d"))
    two = (pc.utf8_lpad(part, 2, "0") for part in (month, day))
    return pc.binary_join_element_wise(year, *two, "-")


def _parsed_times(column: pa.Array, iso: pa.Array, form: str, type: pa.DataType) -> Taken:
    """Texts as days; a 31 February has the right form and is no day all the same."""
    parsed = pc.strptime(iso, format=form, unit="s", error_is_null=True)
    exact = pc.equal(pc.strftime(parsed, format=form), iso)
    values = pc.if_else(pc.fill_null(exact, False), parsed, None)
    result = Taken(values.cast(type))
    result.fault(BAD_TYPE, pc.and_(column.is_valid(), values.is_null()))
    return result


def datetime(field: Field, column: pa.Array, zone: ZoneInfo) -> Taken:
    """Instants: ISO 8601 and its everyday forms; without a zone, in the region's."""
    wanted = pa.timestamp("us", "UTC")
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            return Taken(column.cast(wanted))
        local = pc.assume_timezone(column.cast(pa.timestamp("us")), zone.key, ambiguous="earliest")
        return Taken(local.cast(wanted))
    if pa.types.is_date(column.type):
        return datetime(field, column.cast(pa.timestamp("us")), zone)
    text = pc.utf8_trim_whitespace(as_text(column))
    parts = pc.extract_regex(text, _INSTANT)
    day = _iso_day(parts)
    hour, minute, second = (_digits(parts, name) for name in ("h", "i", "s"))
    moment = pc.binary_join_element_wise(
        day, pc.binary_join_element_wise(hour, minute, second, ":"), " "
    )
    result = _parsed_times(column, moment, "%Y-%m-%d %H:%M:%S", pa.timestamp("us"))
    micros = _fraction(pc.struct_field(parts, "f"))
    plain = pc.add(result.values.cast(pa.int64()), micros).cast(pa.timestamp("us"))
    offsets, has_zone = _offsets(pc.struct_field(parts, "z"))
    utc = pc.subtract(plain.cast(pa.int64()), offsets).cast(pa.timestamp("us")).cast(wanted)
    local = pc.assume_timezone(plain, zone.key, ambiguous="earliest", nonexistent="earliest").cast(
        wanted
    )
    result.values = pc.if_else(has_zone, utc, local)
    return result


def _digits(parts: pa.Array, name: str) -> pa.Array:
    part = pc.struct_field(parts, name)
    part = pc.if_else(pc.fill_null(pc.equal(part, ""), False), "0", part)
    return pc.utf8_lpad(part, 2, "0")


def _fraction(part: pa.Array) -> pa.Array:
    digits = pc.utf8_rpad(pc.utf8_ltrim(pc.fill_null(part, ""), "."), 6, "0")
    return pc.cast(digits, pa.int64())


def _offsets(zones: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Offsets from UTC in microseconds, and whether one was given."""
    zones = pc.fill_null(zones, "")
    plain = pc.replace_substring(zones, ":", "")
    named = pc.is_in(zones, pa.array(["Z", "z"]))
    has = pc.or_(named, pc.not_equal(zones, ""))
    padded = pc.utf8_rpad(pc.if_else(pc.or_(named, pc.equal(zones, "")), "+0000", plain), 5, "0")
    hours = pc.cast(pc.utf8_slice_codeunits(padded, 1, 3), pa.int64())
    minutes = pc.cast(pc.utf8_slice_codeunits(padded, 3, 5), pa.int64())
    size = pc.multiply(pc.add(pc.multiply(hours, 60), minutes), 60_000_000)
    return pc.if_else(pc.starts_with(padded, "-"), pc.negate(size), size), has
