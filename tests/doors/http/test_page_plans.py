"""What PostgreSQL does with a page: the spatial index for a small box, the key for the rest."""

from typing import Any

import psycopg
import sqlalchemy as sa

from geoservice.query.query import Box, Page, Query, Sort
from geoservice.store import pages
from geoservice.store.database import Database
from tests.doors.http.conftest import probes


def plan(database: Database, prepared: pages.Prepared) -> str:
    with database.migration() as connection:
        connection.execute(sa.text("set local enable_seqscan = off"))
        driver: Any = connection.connection.driver_connection
        cursor = psycopg.RawCursor(driver)
        # `explain` takes no values, so they are bound by a prepared statement.
        cursor.execute("set local plan_cache_mode = force_custom_plan")
        cursor.execute("explain (costs off) " + prepared.sql, prepared.values, prepare=False)
        return "\n".join(row[0] for row in cursor.fetchall())


def page(
    query: Query, after: tuple[str | None, ...] = (), count: int | None = 300
) -> pages.Prepared:
    return pages.geojson_page(probes, query, Page(10, after), count_limit=count)


UID = "01a20d19-33af-78fa-848f-3a2929cfdda3"


def test_a_box_is_found_by_the_spatial_index(served: Database) -> None:
    found = plan(served, page(Query(box=Box(113.7, 22.8, 113.71, 22.81))))
    assert "probes_geom_gist" in found
    assert "Tid Scan" in found


def test_a_later_page_begins_at_its_place_in_the_key(served: Database) -> None:
    found = plan(served, page(Query(), (UID,), None))
    assert "Index Cond: (uid > " in found


def test_the_ids_of_a_page_are_limited_before_its_rows_are_read(served: Database) -> None:
    found = plan(served, page(Query(), (), None))
    assert "Limit" in found
    assert "Tid Scan" in found


def test_queries_that_differ_in_values_only_share_their_statement(served: Database) -> None:
    one = page(Query(box=Box(1, 2, 3, 4), sort=(Sort("floors"),)))
    other = page(Query(box=Box(5, 6, 7, 8), sort=(Sort("floors"),)))
    assert one.sql is other.sql
    assert one.values != other.values
    assert page(Query(box=Box(1, 2, 3, 4))).sql is not one.sql
