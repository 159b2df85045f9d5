"""How the client asks: what it sends, what it tries again, what it refuses to believe."""

import datetime
import io
import json
import subprocess
import sys

import pytest
import stamina

import geoservice
from geoservice.client import Connection, errors
from geoservice.client import connection as way
from tests.client.wire import Said, Wire, head, problem, said


@pytest.fixture(autouse=True)
def quick_retries():
    """Faults are tried again at once; how often stays as it is."""
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


def _asked(answers, ask, **options):
    """What a question to a server that answers so gives or raises, and what the server heard."""
    with Wire(answers) as wire:
        connection = Connection(wire.address, **options)
        try:
            found = ask(connection)
        except errors.GeoserviceError as error:
            found = error
        finally:
            connection.close()
    return found, wire.heard


_WELL = said({"a": 1})
_SHORT = Said(head(200, {"Content-Type": "application/json", "Content-Length": "99"}) + b'{"a"')


@pytest.mark.parametrize(
    "fault",
    [
        problem(503, "database-unavailable", headers={"Retry-After": "0"}),
        said(b"<html>", 502, type="text/html"),
        said(b"<html>", 504, type="text/html"),
        Said(b""),
        Said(b"", reset=True),
        _SHORT,
    ],
    ids=["503", "502", "504", "closed", "reset", "cut"],
)
def test_reading_is_tried_again_after_a_fault_that_may_pass(fault):
    found, heard = _asked([fault, fault, _WELL], lambda c: c.json("/x"))
    assert found == {"a": 1}
    assert len(heard) == 3


def test_reading_gives_up_after_four_attempts():
    fault = problem(503, "database-unavailable")
    found, heard = _asked([fault], lambda c: c.json("/x"))
    assert isinstance(found, errors.Unavailable)
    assert len(heard) == 4


@pytest.mark.parametrize(
    "refusal",
    [
        problem(400, "bad-filter"),
        problem(404, "unknown-collection"),
        problem(500, "internal"),
        problem(503, "too-slow"),
        problem(429, "too-many-attempts", headers={"Retry-After": "1"}),
        problem(503, "busy", headers={"Retry-After": "31"}),
        said(b"<html>", type="text/html"),
    ],
    ids=["400", "404", "500", "too slow", "429", "a long wait", "no JSON"],
)
def test_what_will_not_pass_is_not_tried_again(refusal):
    found, heard = _asked([refusal, _WELL], lambda c: c.json("/x"))
    assert isinstance(found, errors.GeoserviceError)
    assert len(heard) == 1


def test_the_service_says_how_long_to_wait():
    busy = errors.error_of(errors.Problem("", "", "busy", 503, retry_after_s=30), "en")
    assert way._wait_after(busy) == 30
    too_long = errors.error_of(errors.Problem("", "", "busy", 503, retry_after_s=31), "en")
    assert way._wait_after(too_long) is False
    unsaid = errors.error_of(errors.Problem("", "", "busy", 503), "en")
    assert way._wait_after(unsaid) is True


def test_a_change_is_sent_once_unless_it_can_be_told_from_a_second_one():
    fault = problem(503, "database-unavailable")
    _, heard = _asked([fault, _WELL], lambda c: c.send("POST", "/changes", body={}))
    assert len(heard) == 1
    key = {"Idempotency-Key": "17"}
    found, heard = _asked(
        [fault, _WELL], lambda c: c.send("POST", "/changes", body={"b": "虎"}, headers=key)
    )
    assert found.content == {"a": 1}
    assert [each.headers["idempotency-key"] for each in heard] == ["17", "17"]
    assert [json.loads(each.body) for each in heard] == [{"b": "虎"}] * 2


def test_a_change_that_is_being_carried_out_is_waited_for():
    key = {"Idempotency-Key": "17"}
    found, heard = _asked(
        [Said(b"", reset=True), problem(409, "request-in-progress"), _WELL],
        lambda c: c.send("POST", "/changes", body={}, headers=key),
    )
    assert found.content == {"a": 1}
    assert len(heard) == 3


def test_a_download_that_was_handed_on_in_part_is_not_tried_again():
    cut = Said(head(200, {"Content-Length": "9"}) + b"a,b")
    target = io.BytesIO()
    found, heard = _asked([cut, _WELL], lambda c: c.download("/x", {"f": "csv"}, target, label="x"))
    assert isinstance(found, errors.InterruptedStream)
    assert len(heard) == 1


def test_nothing_at_the_address_is_told_with_it():
    connection = Connection("http://127.0.0.1:9")
    with pytest.raises(errors.ConnectionFailed, match=r"127\.0\.0\.1:9"):
        connection.json("/")
    connection.close()


def test_a_silent_service_times_out():
    with stamina.set_testing(True, attempts=1):
        found, _ = _asked([Said(b"", silent_s=5)], lambda c: c.json("/x"), timeout_s=0.2)
    assert isinstance(found, errors.TimedOut)
    assert "0.2" in str(found)


def test_something_else_at_the_address_is_no_geoservice():
    found, _ = _asked([said(b"<html>", type="text/html")], lambda c: c.json("/x"))
    assert isinstance(found, errors.NotAGeoservice)
    found, _ = _asked([said(b"{broken")], lambda c: c.json("/x"))
    assert isinstance(found, errors.NotAGeoservice)


@pytest.mark.parametrize(
    "address",
    ["gis.example.cn", "ftp://gis.example.cn", "https://", "http://[::1", "http://a:b", ""],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(errors.BadAddress):
        Connection(address)


def test_parameters_are_written_as_the_service_reads_them():
    parameters = {
        "none": None,
        "yes": True,
        "no": False,
        "list": ["虎门", 2],
        "day": datetime.date(2025, 6, 30),
        "instant": datetime.datetime(2025, 6, 30, 8, tzinfo=datetime.UTC),
        "text": "a&b=c d+e",
        "number": 0.5,
    }
    connection = Connection("https://gis.example.cn/geo/")
    assert connection.url("/x", parameters) == (
        "https://gis.example.cn/geo/x?yes=true&no=false&list=%E8%99%8E%E9%97%A8,2"
        "&day=2025-06-30&instant=2025-06-30T08:00:00%2B00:00&text=a%26b%3Dc%20d%2Be&number=0.5"
    )
    assert connection.url("/x?f=json", {"limit": 1}).endswith("/x?f=json&limit=1")
    connection.close()


def test_the_language_goes_with_every_request():
    _, heard = _asked([_WELL], lambda c: (c.json("/x"), c.send("POST", "/y")), language="en")
    assert [each.headers["accept-language"] for each in heard] == ["en", "en"]


def test_titles_come_in_the_language_of_the_connection(connect_as):
    titles = {
        language: connect_as(language=language).json("/collections/hazard_sites")["title"]
        for language in ("zh", "en")
    }
    assert titles["zh"] == "地质灾害点"
    assert titles["en"].isascii()


def test_bytes_are_sent_as_they_are_and_come_back_so():
    found, heard = _asked(
        [said(b"\x00\xff", type="application/octet-stream")],
        lambda c: c.send("POST", "/x", body=b"PK", headers={"Content-Type": "application/zip"}),
    )
    assert (found.status, found.content) == (200, b"\x00\xff")
    assert (heard[0].body, heard[0].headers["content-type"]) == (b"PK", "application/zip")


def test_a_value_that_json_does_not_know_is_not_sent():
    connection = Connection("http://127.0.0.1:9")
    with pytest.raises(ValueError, match="JSON"):
        connection.send("POST", "/x", body={"a": float("nan")})
    connection.close()


def _job(status, progress=None, **more):
    return said({"id": "7", "status": status, "progress": progress, **more})


_ACCEPTED = said({"id": "7"}, 202, headers={"Location": "/jobs/7"})
_FILE = said(b"file", type="application/geopackage+sqlite3")


def test_a_file_of_a_job_is_waited_for_with_progress_and_the_job_removed(monkeypatch):
    monkeypatch.setattr(way, "_FIRST_POLL_S", 0.01)
    told = []
    target = io.BytesIO()
    found, heard = _asked(
        [_ACCEPTED, _job("accepted"), _job("running", 40), _job("successful", 100), _FILE, _WELL],
        lambda c: c.download("/rows", {"f": "gpkg"}, target, label="rows.gpkg"),
        progress=lambda label, done, total: told.append((label, done, total)),
    )
    assert target.getvalue() == b"file"
    assert found["content-type"] == "application/geopackage+sqlite3"
    assert [(each.method, each.target) for each in heard] == [
        ("GET", "/rows?f=gpkg"),
        *[("GET", "/jobs/7")] * 3,
        ("GET", "/jobs/7/results"),
        ("DELETE", "/jobs/7"),
    ]
    assert heard[0].headers["prefer"] == "respond-async"
    assert told == [("rows.gpkg", 40, 100), ("rows.gpkg", 100, 100), ("rows.gpkg", 4, 4)]


def test_a_file_that_is_ready_at_once_needs_no_job():
    target = io.BytesIO()
    _, heard = _asked([_FILE], lambda c: c.download("/rows", {"f": "gpkg"}, target, label=""))
    assert target.getvalue() == b"file"
    assert len(heard) == 1


def test_streamed_formats_are_not_made_by_jobs():
    _, heard = _asked([_FILE], lambda c: c.download("/rows", {"f": "csv"}, io.BytesIO(), label=""))
    assert "prefer" not in heard[0].headers


def test_a_job_that_failed_raises_what_the_service_says_and_is_removed():
    trouble = {"title": "T", "detail": "D", "code": "too-slow", "status": 503}
    found, heard = _asked(
        [_ACCEPTED, _job("failed", problem=trouble), _WELL],
        lambda c: c.download("/rows", {"f": "shp"}, io.BytesIO(), label=""),
    )
    assert type(found) is errors.TooSlow
    assert heard[-1].method == "DELETE"


def test_a_job_that_somebody_stopped_raises():
    found, _ = _asked(
        [_ACCEPTED, _job("dismissed"), problem(404, "not-found")],
        lambda c: c.download("/rows", {"f": "xlsx"}, io.BytesIO(), label=""),
    )
    assert type(found) is errors.JobFailed


def test_a_job_is_stopped_when_its_waiting_is_interrupted(monkeypatch):
    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(way.time, "sleep", interrupted)
    with Wire([_ACCEPTED, _job("running", 1), _WELL]) as wire:
        connection = Connection(wire.address)
        with pytest.raises(KeyboardInterrupt):
            connection.download("/rows", {"f": "gpkg"}, io.BytesIO(), label="")
        connection.close()
    assert wire.heard[-1].method == "DELETE"


def test_pages_follow_their_links_to_the_end(connection):
    pages = list(connection.pages("/collections/towns/items", {"limit": 10}))
    ids = [feature["id"] for page in pages for feature in page["features"]]
    assert len(pages) == 4  # of 36 towns, the number of features in the demonstration file
    assert len(ids) == len(set(ids)) == pages[0]["numberMatched"]
    assert pages[0]["content_crs"] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


_SERVER_LIBRARIES = (
    "adbc_driver_manager", "adbc_driver_postgresql", "alembic", "argon2", "cql2", "fastapi",
    "geoalchemy2", "jinja2", "lxml", "openpyxl", "orjson", "psycopg", "psycopg_pool", "pydantic",
    "pydantic_settings", "python_multipart", "rasterio", "sqlalchemy", "starlette", "uvicorn",
    "weasyprint",
)  # fmt: skip


def _in_fresh_interpreter(code: str) -> str:
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def test_the_client_works_where_no_server_library_is_installed(service):
    code = f"""
import sys
for name in {_SERVER_LIBRARIES!r}:
    sys.modules[name] = None  # importing it raises ImportError
import geoservice, geoservice.client
for name in geoservice.client.__all__:
    getattr(geoservice.client, name)
city = geoservice.connect({service.address!r}, lang="en")
print(len(city["towns"].to_gdf()))
city.close()
own = [name for name in sys.modules if name.startswith("geoservice.")]
assert all(name.startswith(("geoservice.client", "geoservice.languages")) for name in own), own
"""
    assert _in_fresh_interpreter(code) == "36\n"


def test_importing_the_package_imports_nothing_heavy():
    code = """
import sys
before = set(sys.modules)
import geoservice
print(sorted({name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))
print("asyncio" in sys.modules, "ssl" in sys.modules)
"""
    assert _in_fresh_interpreter(code) == "['geoservice']\nFalse False\n"


def test_connecting_imports_no_library_of_frames():
    code = """
import sys
from geoservice.client import Connection
heavy = {"geopandas", "pandas", "pyarrow", "shapely", "numpy", "tqdm", "keyring", "matplotlib"}
print(sorted(heavy & set(sys.modules)))
"""
    assert _in_fresh_interpreter(code) == "[]\n"


def test_connect_takes_the_address_and_the_language_of_the_environment(service, monkeypatch):
    monkeypatch.setenv("GEOSERVICE_URL", service.address)
    monkeypatch.delenv("GEOSERVICE_LANG", raising=False)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    with geoservice.connect() as city:
        assert city.connection.address == service.address
        assert city.lang == "en"
    with geoservice.connect(lang="zh") as city:
        assert city.lang == "zh"


def test_connect_takes_the_key_of_the_environment(service, monkeypatch):
    monkeypatch.setenv("GEOSERVICE_KEY", service.keys["analyst"])
    with geoservice.connect(service.address) as city:
        assert city.connection.has_key


def test_connect_to_something_else_is_refused():
    with Wire([said({"title": "another service"})]) as wire, pytest.raises(errors.NotAGeoservice):
        geoservice.connect(wire.address)
