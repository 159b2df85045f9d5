"""Features by number: pages at an offset, streams of all or some, and a count of the same state."""

import json
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from geoservice.crs import CRS84
from geoservice.description.collection import Collection, Field, FieldType
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.errors import TooSlow
from geoservice.languages import Text
from geoservice.query.query import Box, Page, Query, Sort
from geoservice.store import pages, publishing
from geoservice.store.database import Database
from geoservice.store.encoding import geojson
from geoservice.store.gml import GmlForm, GmlVersion, gml_members, property_values
from geoservice.store.statements import features, matched
from geoservice.store.tables import tables

ANY = Text(zh="样本", en="Sample")
FACILITY = {"kind": "primary_school", "status": "operating"}
QUERIES = {
    "all in the order of the key": Query(),
    "a box": Query(box=Box(113.0, 22.0, 113.95, 23.0)),
    "sorted": Query(sort=(Sort("capacity", descending=True), Sort("name"))),
}


@pytest.fixture(scope="module")
def twenty(module_database, add_for_module) -> Database:
    """Twenty facilities with repeated and missing values, in a row from west to east."""
    chance = random.Random(11)
    for number in range(20):
        add_for_module(
            facilities,
            **FACILITY,
            facility_no=str(number),
            name=chance.choice("ab"),
            capacity=chance.choice([None, 1, 2]),
            geom=f"POINT({113 + number / 20} 22.5)",
        )
    return module_database


def numbers_of(texts: bytes) -> list[str]:
    return [json.loads(line)["properties"]["facility_no"] for line in texts.splitlines()]


def page_of(database: Database, query: Query, page: Page, count_limit: int | None) -> list[str]:
    prepared = pages.geojson_page(facilities, query, page, count_limit=count_limit)
    texts, *_ = database.document(prepared.sql, prepared.values)
    rows = json.loads(b"[" + (texts or b"") + b"]")
    return [row["properties"]["facility_no"] for row in rows]


def lines_of(database: Database, query: Query, **part: Any) -> list[str]:
    statement = pages.feature_lines(facilities, query, geojson(facilities, query), **part)
    return numbers_of(b"".join(database.lines(statement)))


@pytest.mark.parametrize("limit", [1, 5, 100])
@pytest.mark.parametrize("offset", [0, 1, 7, 18, 19, 20, 1000])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_an_offset_skips_as_many_in_pages_and_in_lines(twenty, query, offset, limit):
    whole = [row.facility_no for row in twenty.rows(features(facilities, query))]
    assert len(whole) in {19, 20}
    expected = whole[offset : offset + limit]
    page = Page(limit, offset=offset)
    assert page_of(twenty, query, page, None) == expected
    assert page_of(twenty, query, page, 100) == expected
    assert page_of(twenty, query, page, 3) == expected
    assert lines_of(twenty, query, offset=offset, limit=limit) == expected
    assert lines_of(twenty, query, offset=offset) == whole[offset:]


def test_lines_may_be_none_at_all(twenty):
    assert lines_of(twenty, Query(), limit=0) == []
    assert lines_of(twenty, Query(box=Box(0, 0, 1, 1))) == []


def test_a_page_far_in_walks_the_key_without_reading_rows(module_database):
    with module_database.migration() as connection:
        connection.execute(
            sa.text(
                "insert into registers.hazard_sites (site_no, name, register_kind, type_code) "
                "select i, 's', 'hidden_danger', '02' from generate_series(1, 20000) as i"
            )
        )
        connection.execute(sa.text("analyze registers.hazard_sites"))
    prepared = pages.geojson_page(hazard_sites, Query(), Page(100, offset=10_000), count_limit=None)
    with psycopg.connect(module_database.url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("vacuum registers.hazard_sites")
        cursor = psycopg.RawCursor(owner)
        rows = cursor.execute(f"explain (costs off) {prepared.sql}", prepared.values).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "Index Only Scan using hazard_sites_pkey" in plan
    assert "Index Cond: (uid >= $" in plan
    assert "Seq Scan on hazard_sites" not in plan


TAKEN = ("number", "place", "feature", "last", "features", "p", "here", "item", "element")


@pytest.mark.parametrize("id", ["samples", "p", "here", "texts", "matches", "fields", "recent"])
def test_fields_and_collections_may_have_names_that_a_statement_uses_itself(add, database, id):
    fields = tuple(Field(name=name, type=FieldType.TEXT, title=ANY) for name in TAKEN)
    collection = Collection(id=id, title=ANY, description=ANY, published=True, fields=fields)
    with database.ownership() as connection:
        publishing.create(connection, collection)
    uids = {value: add(collection, **dict.fromkeys(TAKEN, value)) for value in "c<a"}
    query = Query(sort=(Sort("place"), Sort("number")))
    form = GmlForm(GmlVersion.GML_3_2, CRS84, CRS84.urn)
    for known_at in (None, datetime.now(UTC)):
        then = replace(query, known_at=known_at)
        page = pages.geojson_page(collection, then, Page(10), count_limit=10)
        texts, *_ = database.document(page.sql, page.values)
        read = [row["properties"] for row in json.loads(b"[" + (texts or b"") + b"]")]
        assert read == [dict.fromkeys(TAKEN, value) for value in "<ac"]
        one = pages.geojson_feature(collection, then, uids["a"])
        text, _ = database.document(one.sql, one.values)
        assert json.loads(text or b"")["properties"] == read[1]
        writer = gml_members(collection, then, form)
        lines = b"".join(database.lines(pages.feature_lines(collection, then, writer)))
        other = pages.single_feature(collection, then, uids["<"], writer)
        assert database.document(other.sql, other.values)[0] == lines.splitlines()[0]
        values = property_values(collection, then, "place", form)
        assert b"".join(database.lines(values)).decode().splitlines() == [
            f"<wfs:member>{value}</wfs:member>" for value in ("&lt;", "a", "c")
        ]


def test_lines_keep_a_percent_sign_whether_there_are_values_or_not(database):
    percent = sa.literal_column("'100%'").label("50%")
    assert b"".join(database.lines(sa.select(percent))) == b"100%\n"
    with_value = sa.select(percent + sa.literal(" 1%"))
    assert b"".join(database.lines(with_value)) == b"100% 1%\n"


def test_the_count_and_the_lines_are_of_one_state_whatever_others_commit(add, database):
    add(facilities, **FACILITY, facility_no="1", name="a")
    query = Query()
    statement = pages.feature_lines(facilities, query, geojson(facilities, query))
    number, blocks = database.counted_lines(matched(facilities, query, None), statement)
    add(facilities, **FACILITY, facility_no="2", name="b")
    assert number == 1
    assert numbers_of(b"".join(blocks)) == ["1"]
    assert database.scalar(matched(facilities, query, None)) == 2


ENDLESS = sa.select(
    sa.text("select repeat('x', 1000) as t from pg_class a, pg_class b, pg_class c")
    .columns(sa.column("t", sa.Text))
    .subquery()
)


@pytest.mark.parametrize("read", [0, 1])
def test_counted_lines_that_nobody_reads_to_the_end_leave_nothing_behind(database, read):
    for _ in range(4):  # more than there are connections
        number, blocks = database.counted_lines(sa.select(sa.literal(7)), ENDLESS)
        assert number == 7
        for _ in range(read):
            assert next(blocks).startswith(b"x" * 1000)
        blocks.close()
    busy = sa.text(
        "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and ("
        "state like 'idle in transaction%' or state = 'active' and query like '%pg_class c%')"
    )
    deadline = time.monotonic() + 5
    while database.scalar(busy) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert database.scalar(busy) == 0
    number, blocks = database.counted_lines(
        sa.select(sa.literal(1)), sa.select(sa.literal("next", sa.Text))
    )
    assert (number, b"".join(blocks)) == (1, b"next\n")


def test_after_counted_lines_a_connection_sees_what_is_new(add, database):
    query = Query()
    count = matched(facilities, query, None)
    statement = sa.select(sa.cast(tables().current(facilities).c.uid, sa.Text))
    for expected in (0, 1, 2):
        number, blocks = database.counted_lines(count, statement)
        assert (number, len(b"".join(blocks).splitlines())) == (expected, expected)
        add(facilities, **FACILITY, facility_no=str(expected), name="a")


def test_a_count_that_takes_too_long_is_told(database):
    hasty = Database(database.url, export_timeout_s=0.05)
    try:
        with pytest.raises(TooSlow):
            hasty.counted_lines(sa.select(sa.func.pg_sleep(2)), ENDLESS)
    finally:
        hasty.close()
