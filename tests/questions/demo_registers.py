"""The demo data of the hazard registers as rows, and stored: what several tests of questions ask about."""

import csv
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely.geometry import shape

from geoservice.description.collection import Collection
from geoservice.domain.hazards import hazard_assessments, hazard_sites, register_periods
from geoservice.domain.places import towns
from geoservice.store.database import Connection
from geoservice.store.tables import tables

FOLDER = Path(__file__).parents[2] / "datasets" / "dongguan"


def features(name: str) -> list[dict[str, Any]]:
    """The properties of a GeoJSON file, with `geom`."""
    read = json.loads((FOLDER / name).read_text("utf-8"))["features"]
    return [{**feature["properties"], "geom": feature["geometry"]} for feature in read]


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a CSV file; what is empty is None."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return [
            {name: value or None for name, value in row.items()} for row in csv.DictReader(file)
        ]


def store(connection: Connection, collection: Collection, row: dict[str, Any]) -> None:
    """A row of a file in its table; geometries as GeoJSON has them."""
    geometries = set(collection.geometry_fields)
    values = {
        key: value and f"SRID=4490;{shape(value).wkt}" if key in geometries else value
        for key, value in row.items()
    }
    connection.execute(sa.insert(tables().current(collection)).values(values))


def store_registers(connection: Connection) -> dict[str, UUID]:
    """Towns, hazard sites with their earlier periods, and assessments; the uid of each site by its number."""
    for row in features("towns.geojson"):
        store(connection, towns, row)
    sites = tables().current(hazard_sites)
    merged = {}
    for row in features("hazard_sites.geojson"):
        if into := row.pop("merged_into"):
            merged[row["site_no"]] = into
        store(connection, hazard_sites, row)
    uids = dict(connection.execute(sa.select(sites.c.site_no, sites.c.uid)).all())
    for number, into in merged.items():
        one = sites.c.site_no == number
        connection.execute(sa.update(sites).where(one).values(merged_into=uids[into]))
    for collection in (hazard_assessments, register_periods):
        lists = {field.name for field in collection.fields if field.many}
        for row in rows(f"{collection.id}.csv"):
            row["hazard_site"] = uids[row["hazard_site"]]
            row |= {name: row[name] and row[name].split(";") for name in lists}
            store(connection, collection, row)
    return uids
