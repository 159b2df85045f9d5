"""What PostgreSQL does with what desktop clients ask, and what is remembered between pages."""

from datetime import date
from typing import Any

import psycopg
import sqlalchemy as sa
from lxml import etree
from starlette.testclient import TestClient

from geoservice.crs import STORAGE_SRID, epsg, offered
from geoservice.doors.http.wfs.memory import Memory, memory_of
from geoservice.doors.http.wfs.versions import V200
from geoservice.query.fes import read_document
from geoservice.query.limits import FilterLimits
from geoservice.query.query import Page, Query, Sort
from geoservice.store.database import Database
from geoservice.store.gml import gml_members
from geoservice.store.pages import Prepared, feature_page
from tests.doors.http.conftest import probes
from tests.doors.http.wfs.conftest import Asking
from tests.doors.http.wfs.test_wfs_features import QGIS_BOX_AND_SUBSET, numbers

SMALL_BOX = QGIS_BOX_AND_SUBSET.replace("22.95 113.9", "22.81 113.71")


def plan(database: Database, prepared: Prepared) -> str:
    with database.migration() as connection:
        connection.execute(sa.text("set local enable_seqscan = off"))
        driver: Any = connection.connection.driver_connection
        cursor = psycopg.RawCursor(driver)
        cursor.execute("set local plan_cache_mode = force_custom_plan")
        cursor.execute("explain (costs off) " + prepared.sql, prepared.values, prepare=False)
        return "\n".join(row[0] for row in cursor.fetchall())


def page(query: Query, page: Page) -> Prepared:
    writer = gml_members(probes, query, V200.gml_form(None))
    return feature_page(probes, query, page, writer, count_limit=None)


def test_a_box_and_a_subset_in_one_filter_are_found_by_the_spatial_index(served: Database) -> None:
    reading = V200.gml_reading(offered(4547), "filter")
    condition = read_document(SMALL_BOX, probes, reading=reading, limits=FilterLimits())
    found = plan(served, page(Query(condition=condition), Page(10)))
    assert "probes_geom_gist" in found


def test_the_page_after_one_that_was_read_begins_at_its_place_in_the_key(
    client: TestClient, ask: Asking
) -> None:
    memory = memory_of(client.app.state.service)  # type: ignore[attr-defined]
    service = client.app.state.service  # type: ignore[attr-defined]
    version = service.facts.version(probes)
    query = Query(sort=(Sort("limit"),))
    assert memory.place(probes, version, query, 30) == ()
    assert numbers(ask(typeNames="gs:probes", sortBy="limit", count=30)) == list(range(30))
    assert memory.place(probes, version, query, 30)[0] == "29"
    following = ask(typeNames="gs:probes", sortBy="limit", count=30, startIndex=30)
    assert numbers(following) == list(range(30, 60))
    assert memory.place(probes, "another version", query, 30) == ()


def test_a_place_is_the_same_however_features_are_shown(ask: Asking, client: TestClient) -> None:
    memory = memory_of(client.app.state.service)  # type: ignore[attr-defined]
    version = client.app.state.service.facts.version(probes)  # type: ignore[attr-defined]
    ask(typeNames="gs:probes", sortBy="limit D", count=20, propertyName="kind", srsName="EPSG:3857")
    shown_otherwise = Query(
        sort=(Sort("limit", descending=True),), crs=epsg(STORAGE_SRID), geometry=False
    )
    assert memory.place(probes, version, shown_otherwise, 20)[0] == "1183"


def test_what_matches_is_counted_once_for_each_version_of_the_data() -> None:
    memory = Memory()
    memory.keep_count(probes, "1", Query(sort=(Sort("name"),)), 7)
    assert memory.count(probes, "1", Query()) == 7  # the order does not matter
    assert memory.count(probes, "2", Query()) is None
    assert memory.count(probes, "1", Query(as_of=date(2021, 1, 1))) is None


def test_what_is_remembered_has_a_bound() -> None:
    memory = Memory()
    for number in range(3000):
        memory.keep_place(probes, "1", Query(), number, (str(number),))
    assert memory.place(probes, "1", Query(), 0) == ()
    assert memory.place(probes, "1", Query(), 2999) == ("2999",)


def test_an_answer_is_whole_xml_however_long(ask: Asking, client: TestClient) -> None:
    answer = client.get(
        "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:probes&count=1203"
    )
    assert "content-length" not in answer.headers
    assert len(etree.fromstring(answer.content)) == 1203
