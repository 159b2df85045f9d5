"""200 000 polygons to a GeoDataFrame: our client beside GeoJSON pages of tipg, in turns in one run.

Both services read the same table of the same database:

    python -m tests.benchmarks.frames fill postgresql+psycopg://…        # an empty database
    GEOSERVICE_DATABASE_URL=postgresql+psycopg://… geoservice serve --port 8000
    DATABASE_URL=postgresql://… TIPG_DB_SCHEMAS='["registers"]' uvicorn tipg.main:app --port 8001
    python -m tests.benchmarks.frames measure http://127.0.0.1:8000 http://127.0.0.1:8001

Polygons have 17 vertices and come with 5 attributes. tipg is asked for the largest pages that it
gives, and they are read by GDAL, which is quicker than reading them in Python. Medians of the turns;
only the ratio means anything.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable

import geopandas as gpd
import httpx2
import pandas as pd

import geoservice
from geoservice.client.frames import frame_of
from geoservice.store import schema
from geoservice.store.database import Database, run
from geoservice.store.publishing import Registry

POLYGONS = 200_000
COLLECTION = "land_parcels"
ATTRIBUTES = ("parcel_no", "land_use_code", "status", "town_code", "area_declared_m2")
LARGEST_PAGE = 10_000

_FILL = f"""INSERT INTO registers.land_parcels (parcel_no, land_use_code, status, town_code, area_declared_m2, geom)
SELECT n::text, '080403', 'existing', '441900121', 5000, ST_Multi(ST_Buffer(
  ST_SetSRID(ST_MakePoint(113.5 + 0.001 * (n % 700), 22.6 + 0.001 * (n / 700)), 4490), 0.0004, 4))
FROM generate_series(1, {POLYGONS}) AS n"""

_WITHOUT_HISTORY = "SET LOCAL session_replication_role = replica"


def fill(url: str) -> None:
    """Make the schema and the polygons in an empty database."""
    database = Database(url)
    schema.upgrade(database)
    Registry(database)
    with database.migration() as connection:
        run(connection, [_WITHOUT_HISTORY, _FILL, f"ANALYZE registers.{COLLECTION}"])
    database.close()


def by_client(city: geoservice.client.Client) -> gpd.GeoDataFrame:
    """All polygons as a user of the client gets them."""
    return city[COLLECTION].select(*ATTRIBUTES).to_gdf()


def by_arrow_alone(city: geoservice.client.Client) -> gpd.GeoDataFrame:
    """The same without counting first and without provenance: what the transport itself takes."""
    path = f"/collections/{COLLECTION}/items"
    with city.connection.arrow(path, {"properties": ATTRIBUTES}) as stream:
        return frame_of(stream.table())


def by_pages(address: str) -> gpd.GeoDataFrame:
    """All polygons by the GeoJSON pages of tipg."""
    pages = []
    url = f"{address}/collections/registers.{COLLECTION}/items"
    parameters = {"limit": LARGEST_PAGE, "properties": ",".join(ATTRIBUTES), "f": "geojson"}
    with httpx2.Client(timeout=600) as http:
        for offset in range(0, POLYGONS, LARGEST_PAGE):
            answer = http.get(url, params=parameters | {"offset": offset}).raise_for_status()
            pages.append(gpd.read_file(io.BytesIO(answer.content)))
    return pd.concat(pages, ignore_index=True)


def measure(service: str, tipg: str, turns: int) -> None:
    """Ask both in turns, see that they give the same, and print medians."""
    city = geoservice.connect(service, cache="off", progress=False)
    ways: dict[str, Callable[[], gpd.GeoDataFrame]] = {
        "client, to_gdf()": lambda: by_client(city),
        "client, Arrow alone": lambda: by_arrow_alone(city),
        "tipg, GeoJSON pages": lambda: by_pages(tipg),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, frame in ways.items():
            begun = time.perf_counter()
            found = frame()
            seconds[name].append(time.perf_counter() - begun)
            assert len(found) == POLYGONS
            assert set(ATTRIBUTES) <= set(found.columns)
            assert found.get_coordinates().shape == (17 * POLYGONS, 2)
    city.close()
    pages = statistics.median(seconds["tipg, GeoJSON pages"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(
            f"{name:<22} {median:7.2f} s  (from {min(taken):.2f} to {max(taken):.2f})  {pages / median:5.1f}x"
        )


def main() -> None:
    """Fill a database, or measure two services over it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    filling = commands.add_parser("fill")
    filling.add_argument("database")
    measuring = commands.add_parser("measure")
    measuring.add_argument("service")
    measuring.add_argument("tipg")
    measuring.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    if given.command == "fill":
        fill(given.database)
    else:
        measure(given.service.rstrip("/"), given.tipg.rstrip("/"), given.turns)


if __name__ == "__main__":
    main()
