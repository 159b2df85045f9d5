"""GeoJSON and GeoJSON text sequences: written by PostgreSQL, passed through as they come."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from geoservice.crs import CRS84, Crs
from geoservice.description.records import Records
from geoservice.store.database import Database
from geoservice.store.encoding import feature_text

_SEPARATOR = b",\n"


def geojson(
    database: Database, records: Records, select: sa.Select[Any], crs: Crs, count: list[int]
) -> Iterator[bytes]:
    """A FeatureCollection (RFC 7946).

    Coordinates in another CRS than its WGS 84 are named in a member `crs`, as in GeoJSON of 2008,
    if they are x first as that wanted; y first, the one who asked for it knows.
    """
    member = b""
    if crs != CRS84 and not crs.y_first:
        member = f'"crs":{{"type":"name","properties":{{"name":"{crs.urn}"}}}},'.encode()
    yield b'{"type":"FeatureCollection",' + member + b'"features":[\n'
    held = b""
    for block in _features(database, records, select, crs, before="", after=","):
        if held:
            yield held
        held = block
        count[0] += block.count(b"\n")
    yield held.removesuffix(_SEPARATOR) + b"\n]}\n"


def geojson_sequence(
    database: Database, records: Records, select: sa.Select[Any], crs: Crs, count: list[int]
) -> Iterator[bytes]:
    """A GeoJSON text sequence (RFC 8142): a record separator, a feature, a line feed."""
    for block in _features(database, records, select, crs, before="\x1e", after=""):
        count[0] += block.count(b"\n")
        yield block


def _features(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    crs: Crs,
    *,
    before: str,
    after: str,
) -> Iterator[bytes]:
    """Features one to a line; raw lines hold no line feed, because JSON text has none."""
    rows = select.subquery("rows")
    geometry = records.geometry_column if records.geometry else None
    text = (
        feature_text(rows, records.names, uid=records.uid, geometry=geometry, crs=crs)
        if records.uid
        else feature_text(_numbered(rows), records.names, uid="number", geometry=geometry, crs=crs)
    )
    feature = text.subquery("texts").c.feature
    return database.lines(sa.select(sa.literal(before) + feature + sa.literal(after)))


def _numbered(rows: sa.FromClause) -> sa.FromClause:
    """Rows without an id get their number as one."""
    return sa.select(sa.func.row_number().over().label("number"), *rows.c).subquery("numbered")
