"""An import is one transaction: all or nothing, the same file twice changes nothing, kill -9 too."""

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from factories import valid_feature, write_geojson

from geoservice.description.collection import Period
from geoservice.errors import AlreadyExists, BadRequest, RejectedFile
from geoservice.files.importing import stored_report
from geoservice.files.publication import validate
from geoservice.query.query import Query
from geoservice.store import statements
from geoservice.store.database import Database
from geoservice.store.publishing import Registry, withdraw
from geoservice.store.system import changed_collections, changes, imports
from geoservice.store.tables import tables


def _counts(database: Database, collection) -> tuple[int, int, int]:
    """Current rows, replaced rows, changes."""
    of = [tables().current(collection), tables().history(collection), changes]
    return tuple(database.scalar(sa.select(sa.func.count()).select_from(table)) for table in of)


def _towns(registry: Registry, folder: Path, *numbers: int, **changed: object) -> Path:
    features = [valid_feature(registry.collection("towns"), number) for number in numbers]
    for feature in features:
        feature["properties"] |= changed
    return write_geojson(folder / f"towns{len(changed)}.geojson", features)


def test_the_same_file_twice_changes_nothing(importing, database, registry, tmp_path: Path) -> None:
    path = _towns(registry, tmp_path, 1, 2, 3)
    before = _counts(database, registry.collection("towns"))
    assert importing("towns", path).state == "committed"
    after = _counts(database, registry.collection("towns"))
    report = importing("towns", path)
    assert (report.state, report.unchanged, report.change_id) == ("unchanged", 3, None)
    assert _counts(database, registry.collection("towns")) == after
    assert (after[0], after[2]) == (before[0] + 3, before[2] + 1)


def test_only_rows_that_differ_become_new_versions_with_history(
    importing, database, registry, tmp_path: Path
) -> None:
    importing("towns", _towns(registry, tmp_path, 1, 2, 3))
    features = [valid_feature(registry.collection("towns"), number) for number in (1, 2, 4)]
    features[0]["properties"]["name"] = "改名"
    report = importing("towns", write_geojson(tmp_path / "new.geojson", features))
    assert (report.inserted, report.updated, report.unchanged) == (1, 1, 1)
    assert _counts(database, registry.collection("towns"))[:2] == (4, 1)
    history = tables().history(registry.collection("towns"))
    assert database.row(sa.select(history.c.superseded_by)).superseded_by == report.change_id


def test_fields_that_the_file_does_not_have_stay_as_they_are(
    importing, database, registry, tmp_path: Path
) -> None:
    importing("towns", _towns(registry, tmp_path, 1))
    path = tmp_path / "names.csv"
    path.write_text("code,name\n1镇级代码,新名\n", "utf-8")
    report = importing("towns", path)
    assert (report.state, report.updated) == ("committed", 1)
    table = tables().current(registry.collection("towns"))
    row = database.row(sa.select(table.c.name, table.c.kind, table.c.geom.is_not(None)))
    assert (row[0], row[2]) == ("新名", True)


def test_one_bad_row_keeps_everything_out_unless_the_rest_is_wanted(
    importing, database, registry, tmp_path: Path
) -> None:
    features = [valid_feature(registry.collection("towns"), number) for number in range(3)]
    features[1]["properties"]["kind"] = "?"
    path = write_geojson(tmp_path / "towns.geojson", features)
    report = importing("towns", path)
    assert (report.state, report.rejected) == ("refused", 1)
    assert _counts(database, registry.collection("towns"))[0] == 0
    with pytest.raises(RejectedFile, match="unknown-code 1"):
        report.raise_if_refused()
    assert importing("towns", path, accept_rejected=True).inserted == 2
    assert _counts(database, registry.collection("towns"))[0] == 2


def test_every_offered_file_is_in_the_log_with_its_report(
    importing, checking, database, registry, tmp_path: Path
) -> None:
    path = _towns(registry, tmp_path, 1)
    reports = [checking("towns", path), importing("towns", path), importing("towns", path)]
    states = database.rows(sa.select(imports.c.state).order_by(imports.c.started_at))
    assert [row.state for row in states] == ["checked", "committed", "unchanged"]
    assert stored_report(database, reports[1].id) == reports[1].to_json()
    change = database.row(sa.select(changes).where(changes.c.id == reports[1].change_id))
    assert (change.actor, change.door, change.import_id) == ("tester", "test", reports[1].id)


def test_a_published_file_keeps_names_and_gets_types_key_and_geometry(
    publishing, database, registry, tmp_path: Path
) -> None:
    path = tmp_path / "parcels.csv"
    path.write_text(
        "编号,名称,代码,面积,日期,有效,lon,lat\n"
        "1,甲,0102,12.5,2021-06-25,是,113.7,23.5\n2,乙,0103,3,2021/6/26,否,113.8,23\n",
        "utf-8",
    )
    report = publishing("parcels", path, crs="4490")
    made = registry.collection("parcels")
    types = {field.name: field.type.value for field in made.fields}
    assert types == {
        "编号": "long", "名称": "text", "代码": "text", "面积": "number", "日期": "date",
        "有效": "boolean", "lon": "number", "lat": "number",
    }  # fmt: skip
    assert (made.key, made.label, made.geometry) == (("编号",), "名称", "Point")
    assert (report.state, report.inserted, report.reading["key"]) == ("committed", 2, ["编号"])
    table = tables().current(made)
    assert {row[0] for row in database.rows(sa.select(table.c.change_id))} == {report.change_id}
    with pytest.raises(AlreadyExists):
        publishing("parcels", path, crs="4490")


def test_a_published_collection_takes_further_files_and_its_checks_hold(
    publishing, importing, database, registry, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,wkt\n1,"POLYGON((113.7 23,113.8 23,113.8 23.1,113.7 23))"\n', "utf-8")
    assert publishing("areas", path, crs="4490").state == "committed"
    assert importing("areas", path, crs="4490").state == "unchanged"
    made = registry.collection("areas")
    assert validate(database) == 1
    assert validate(database) == 0
    bow_tie = "SRID=4490;MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))"
    from geoservice.errors import RejectedFeature

    with pytest.raises(RejectedFeature), database.change(actor="x", door="x") as connection:
        connection.execute(sa.insert(tables().current(made)).values(id=9, geom=bow_tie))
    withdraw(database, registry, "areas")
    assert "areas" not in registry.catalog


def test_a_key_that_is_none_is_refused_row_by_row(publishing, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("no,lon,lat\n7,113.7,23\n8,113.7,23\n7,113.7,23\n", "utf-8")
    report = publishing("places", path, crs="4490", key=("no",))
    assert [(i.code, i.row, i.value) for i in report.issues] == [
        ("duplicate-key", 1, "7"), ("duplicate-key", 3, "7"),
    ]  # fmt: skip
    assert report.state == "refused"


def test_a_published_layer_may_say_when_its_features_are_true(
    publishing, database, registry, tmp_path: Path
) -> None:
    path = tmp_path / "wells.csv"
    path.write_text(
        "no,drilled,sealed,lon,lat\n1,2020-01-01,2021-06-25,113.7,23\n2,2021-06-25,,113.7,23\n"
        "3,,,113.7,23\n",
        "utf-8",
    )
    columns = {"valid_from": "drilled", "valid_to": "sealed"}
    assert publishing("wells", path, crs="4490", **columns).state == "committed"
    wells = registry.collection("wells")
    assert wells.period == Period("drilled", "sealed")

    def numbers(day: str) -> list[int]:
        query = Query(as_of=date.fromisoformat(day))
        return [row.no for row in database.rows(statements.features(wells, query))]

    assert numbers("2021-06-24") == [1]
    assert numbers("2021-06-25") == [2]
    assert numbers("2019-12-31") == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"valid_from": "no"}, "valid_from"),
        ({"valid_from": "nothing"}, "drilled"),
        ({"valid_to": "drilled"}, "valid_from"),
    ],
)
def test_what_says_when_features_are_true_is_a_column_of_dates(
    publishing, registry, tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    path = tmp_path / "wells.csv"
    path.write_text("no,drilled,lon,lat\n1,2020-01-01,113.7,23\n", "utf-8")
    with pytest.raises(BadRequest, match=message):
        publishing("wells", path, crs="4490", **columns)
    assert "wells" not in registry.catalog


@pytest.mark.parametrize(
    ("crs", "srid"), [("EPSG:4547", 4547), ("4490", 4490), ("EPSG:2326", 4490), ("gcj02", 4490)]
)
def test_a_published_layer_keeps_the_crs_of_its_file_if_features_are_given_out_in_it(
    publishing, registry, tmp_path: Path, crs: str, srid: int
) -> None:
    # The region is Dongguan: 4547 is its metric CRS, that of Hong Kong (2326) is none of its.
    x, y = {"EPSG:4547": (473_000, 2_545_000), "EPSG:2326": (836_000, 819_000)}.get(
        crs, (113.7, 23)
    )
    path = tmp_path / "wells.csv"
    path.write_text(f"no,x,y\n1,{x},{y}\n", "utf-8")
    assert publishing("wells", path, crs=crs, x="x", y="y").state == "committed"
    assert registry.collection("wells").native_srid == srid


_KILLED = """
import sys, os, time
from pathlib import Path
from geoservice.files.importing import ImportOptions, import_file, publish_file
from geoservice.regions import region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.files import merging, publication
url, what, path, point = sys.argv[1:]
def stop(*_args, **_more):
    print("here", flush=True)
    time.sleep(60)
def after(cls, name):
    plain = getattr(cls, name)
    def both(*args, **more):
        plain(*args, **more); stop()
    setattr(cls, name, both)
progress = stop if point == "reading" else lambda _p: None
if point == "staged": merging.Merge.outcome = stop
if point == "stored": after(merging.Merge, "store")
if point == "loaded": publication._Publication._keyed = stop
if point == "registered": after(publication._Publication, "_register")
database = Database(url); registry = Registry(database)
more = dict(actor="a", door="d", region=region(), progress=progress)
if what == "towns":
    import_file(database, registry, registry.collection("towns"), Path(path), ImportOptions(), **more)
else:
    publish_file(database, registry, what, Path(path), ImportOptions(), **more)
"""


@pytest.mark.parametrize(
    ("what", "point"),
    [("towns", "reading"), ("towns", "staged"), ("towns", "stored"),
     ("layer", "reading"), ("layer", "loaded"), ("layer", "registered")],
)  # fmt: skip
def test_kill_9_at_any_point_leaves_nothing_and_a_second_run_succeeds(
    what: str, point: str, importing, publishing, database, registry, tmp_path: Path
) -> None:
    path = _towns(registry, tmp_path, 1, 2)
    before = _counts(database, registry.collection("towns"))
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, database.url, what, str(path), point],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")  # fmt: skip  # noqa: E501
    deadline = time.monotonic() + 5
    while database.scalar(waiting) and time.monotonic() < deadline:
        time.sleep(0.05)
    registry.refresh()
    assert _counts(database, registry.collection("towns")) == before
    assert what == "towns" or what not in registry.catalog
    left = database.scalar(sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = 'published'"))
    assert left == 0
    run = importing if what == "towns" else publishing
    assert run(what, path).state == "committed"


def test_an_import_counts_what_it_inserts_and_updates(
    importing, publishing, database, registry, tmp_path: Path
) -> None:
    of = changed_collections

    def counted(report) -> tuple[int, int, int]:
        counts = sa.select(of.c.inserted, of.c.updated, of.c.deleted)
        return tuple(database.row(counts.where(of.c.change_id == report.change_id)))

    assert counted(importing("towns", _towns(registry, tmp_path, 1, 2, 3))) == (3, 0, 0)
    features = [valid_feature(registry.collection("towns"), number) for number in (1, 2, 4)]
    features[0]["properties"]["name"] = "改名"
    changed = importing("towns", write_geojson(tmp_path / "new.geojson", features))
    assert counted(changed) == (1, 1, 0)
    assert counted(publishing("parcels", _towns(registry, tmp_path, 5, 6))) == (2, 0, 0)


def test_the_id_of_a_deleted_feature_is_not_given_to_another(
    importing, database, registry, tmp_path: Path
) -> None:
    towns = registry.collection("towns")
    table = tables().current(towns)
    importing("towns", _towns(registry, tmp_path, 1))
    gone = database.scalar(sa.select(table.c.uid))
    with database.change(actor="李", door="test") as connection:
        connection.execute(sa.delete(table))
    feature = valid_feature(towns, 1)
    feature["properties"] |= {"uid": str(gone)}
    report = importing("towns", write_geojson(tmp_path / "again.geojson", [feature]))
    assert (report.state, report.inserted) == ("committed", 1)
    assert database.scalar(sa.select(table.c.uid)) != gone
    with database.change(actor="李", door="test") as connection:  # its history begins anew
        connection.execute(sa.update(table).values(name="再改"))
        connection.execute(sa.delete(table))
