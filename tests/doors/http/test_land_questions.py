"""The questions about reserves through the doors of HTTP: as JSON, as files, by WFS, as a page."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from geoservice.domain.hazards import hazard_sites, risk_zones
from geoservice.domain.land import land_reserves
from geoservice.domain.planning import targets
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.conftest import Adding

HAZARDS, PROGRESS = "reserves_meeting_hazards", "public_land_progress"
ASKED = [
    (HAZARDS, {"by": "pairs"}, 2),
    (HAZARDS, {"by": "reserves"}, 1),
    (PROGRESS, {"by": "kind"}, 2),
    (PROGRESS, {"by": "curve"}, 15),
]


def _box(west: float, south: float, east: float, north: float) -> str:
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return f"MULTIPOLYGON((({ring})))"


@pytest.fixture(scope="module")
def client(module_database: Database, add_for_module: Adding) -> Iterator[TestClient]:
    """A client of a service with a reserve that a zone overlaps, a site near it, and a target."""
    add_for_module(
        land_reserves,
        reserve_no="R1",
        name="小学",
        purpose_kind="education",
        status="planned",
        planned_on="2022-01-01",
        geom=_box(113.75, 23.0, 113.751, 23.001),
    )
    add_for_module(
        risk_zones,
        zone_no="Z1",
        name="风险区",
        risk_level="high",
        published_on="2020-01-01",
        geom=_box(113.7505, 23.0, 113.76, 23.001),
    )
    add_for_module(
        hazard_sites,
        site_no="S1",
        name="滑坡",
        register_kind="hidden_danger",
        type_code="02",
        registered_on="2020-01-01",
        geom="POINT(113.7495 23.0005)",
    )
    add_for_module(
        targets,
        target_no="T1",
        name="新增用地",
        metric="new_public_service_land",
        value_m2=20_000_000,
        base_year=2021,
        end_year=2035,
    )
    app = create_app(Settings(database_url=None), Limits(), database=module_database)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        client.headers["accept-language"] = "en"
        yield client


def _answer(client: TestClient, id: str, given: dict[str, str], **more: str) -> str:
    asked = {"as_of": "2024-06-30", **given, **more}
    response = client.get(f"/questions/{id}", params=asked)
    assert response.status_code == 200, response.text
    return response.text


@pytest.mark.parametrize(("id", "given", "rows"), ASKED)
def test_every_shape_of_an_answer_has_the_same_rows(
    client: TestClient, id: str, given: dict[str, str], rows: int
) -> None:
    asked = {"as_of": "2024-06-30", **given}
    answer = client.get(f"/questions/{id}", params={**asked, "f": "json"}).json()
    assert answer["numberReturned"] == rows
    for shape in ("csv", "xlsx", "gpkg"):
        response = client.get(f"/questions/{id}", params={**asked, "f": shape})
        assert response.status_code == 200, (shape, response.text)
    table = _answer(client, id, given, f="csv")
    assert len(table.strip().splitlines()) == rows + 1


@pytest.mark.parametrize(("id", "given", "rows"), ASKED)
def test_wfs_asks_it_as_a_stored_query(
    client: TestClient, id: str, given: dict[str, str], rows: int
) -> None:
    asked = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "storedQuery_id": f"urn:geoservice:questions:{id}",
        "as_of": "2024-06-30",
        **given,
    }
    response = client.get("/wfs", params=asked)
    assert response.status_code == 200, response.text
    assert response.text.count("<wfs:member>") == rows


@pytest.mark.parametrize("id", [HAZARDS, PROGRESS])
def test_a_browser_gets_a_form_and_an_answer(client: TestClient, id: str) -> None:
    accept = {"accept": "text/html"}
    form = client.get(f"/questions/{id}", headers=accept)
    assert form.status_code == 200
    assert "as_of" in form.text
    page = client.get(f"/questions/{id}", params={"as_of": "2024-06-30"}, headers=accept)
    assert page.status_code == 200
