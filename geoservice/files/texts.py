"""GeoJSON and GeoJSON text sequences: written by PostgreSQL, passed through as they come."""

from collections.abc import Generator
from contextlib import closing

import sqlalchemy as sa

from geoservice.crs import CRS84
from geoservice.files.outgoing import Outgoing
from geoservice.store.encoding import feature_text

_SEPARATOR = b",\n"
_NUMBER = "number"


def geojson(outgoing: Outgoing) -> Generator[bytes, None, None]:
    """A FeatureCollection (RFC 7946).

    Coordinates in another CRS than its WGS 84 are named in a member `crs`, as in GeoJSON of 2008,
    if they are x first as that wanted; y first, the one who asked for it knows.
    """
    member, crs = b"", outgoing.crs
    if crs != CRS84 and not crs.y_first:
        member = f'"crs":{{"type":"name","properties":{{"name":"{crs.urn}"}}}},'.encode()
    yield b'{"type":"FeatureCollection",' + member + b'"features":[\n'
    held = b""
    for block in _features(outgoing, before="", after=","):
        if held:
            yield held
        held = block
    yield held.removesuffix(_SEPARATOR) + b"\n]}\n"


def geojson_sequence(outgoing: Outgoing) -> Generator[bytes, None, None]:
    """A GeoJSON text sequence (RFC 8142): a record separator, a feature, a line feed."""
    return _features(outgoing, before="\x1e", after="")


def _features(outgoing: Outgoing, *, before: str, after: str) -> Generator[bytes, None, None]:
    """Features one to a line; raw lines hold no line feed, because JSON text has none."""
    records = outgoing.records
    rows: sa.FromClause = outgoing.select.subquery("rows")
    if records.uid is None:
        rows = _numbered(rows)
    text = feature_text(
        rows,
        records.names,
        uid=records.uid or _NUMBER,
        geometry=records.geometry_column if records.geometry else None,
        crs=outgoing.crs,
    )
    feature = text.subquery("texts").c.feature
    lines = sa.select(sa.literal(before) + feature + sa.literal(after))
    with closing(outgoing.snapshot.lines(lines)) as blocks:
        for block in blocks:
            outgoing.add(block.count(b"\n"))
            yield block


def _numbered(rows: sa.FromClause) -> sa.FromClause:
    """Rows without an id get their number as one."""
    return sa.select(sa.func.row_number().over().label(_NUMBER), *rows.c).subquery("numbered")
