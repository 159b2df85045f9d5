"""QGIS reads layers by OGC API – Features, and changes them from 3.32 on.

What older versions do not do is in `tests/doors/http`: there the same requests are made by hand.
"""

from typing import Any

import httpx2
import pytest

from tests.clients.conftest import Qgis, Service, pages
from tests.clients.layers import AWKWARD, LARGEST_ODD, MANY, edits


@pytest.fixture
def of(service: Service):
    """Where a layer is, as QGIS is told; with a key if a user is named."""

    def place(typename: str, user: str | None = None) -> Any:
        login = {"username": user, "password": service.keys[user]} if user else {}
        return {
            "provider": "OAPIF",
            "url": service.address,
            "typename": typename,
            "restrictToRequestBBOX": "1",
        } | login

    return place


def by_name(features: list[dict[str, Any]]) -> dict[str | None, dict[str, Any]]:
    return {each["name"]: each for each in features}


class TestReading:
    def test_a_layer_opens_with_its_reference_system_and_types(self, qgis: Qgis, of):
        known = qgis("layer", of=of("markers"))
        # Part 2 is read from 3.28 on; the axes of both are the same.
        reads_crs = qgis.version >= (3, 28)
        assert known["crs"] == ("EPSG:4490" if reads_crs else "EPSG:4326")
        assert known["geometry"] == "Point"
        assert known["count"] == 6
        types = {
            "name": "QString",
            "floors": "int",
            "serial": "qlonglong",
            "height": "double",
            "price": "double",
            "open": "bool",
            "built": "QDate",
            "seen": "QDateTime",
            "note": "QString",
            "名称": "QString",
            "面积": "double",
        }
        if qgis.version >= (3, 44):  # reads the schema, where a whole number may have 64 bits
            types["floors"] = "qlonglong"
        assert {name: known["fields"].get(name) for name in types} == types

    def test_values_arrive_as_they_are(self, qgis, of):
        found = by_name(qgis("features", of=of("markers"))["features"])
        first = found["松山湖"]
        wanted = {
            "floors": 3,
            "serial": LARGEST_ODD,
            "height": 1.5,
            "price": 12.34,
            "open": True,
            "built": "2024-02-29",
            "seen": "2024-02-29T08:30:15.250Z",
            "note": AWKWARD,
            "名称": "地块7",
            "面积": 1234.5,
            "geom": "Point (113.75 23.02)",
        }
        assert {name: first[name] for name in wanted} == wanted
        assert found["虎门"]["note"] == "第一行\n第二行"
        assert found["生僻字"]["note"] == "😀 𠮷野家"
        assert found["没有位置"]["geom"] is None
        assert {n for n, value in found[None].items() if value is not None} - {"id"} == {"geom"}

    def test_holes_parts_lines_and_tables_are_read(self, qgis, of):
        parcels = qgis("features", of=of("parcels"))["features"]
        assert {each["code"]: each["geom"] for each in parcels} == {
            "带洞": "MultiPolygon (((114 23, 114.01 23, 114.01 23.01, 114 23.01, 114 23),"
            "(114.002 23.002, 114.002 23.004, 114.004 23.004, 114.004 23.002, 114.002 23.002)))",
            "两块": "MultiPolygon (((113.6 22.9, 113.61 22.9, 113.61 22.91, 113.6 22.91, 113.6 22.9)),"
            "((113.62 22.9, 113.63 22.9, 113.63 22.91, 113.62 22.91, 113.62 22.9)))",
        }
        (road,) = qgis("features", of=of("roads"))["features"]
        assert road["geom"] == "LineString (113.7 22.8, 113.71 22.81, 113.72 22.8)"
        ledger = qgis("features", of=of("ledger"))["features"]
        assert {each["code"]: each["amount"] for each in ledger} == {
            "C001": 0.5,
            "C002": None,
            "代码": 1234567.25,
        }

    def test_what_was_changed_a_moment_ago_is_seen(self, qgis, of, service):
        assert len(qgis("features", of=of("edits"))["features"]) == 2
        key = {"x-api-key": service.keys["editor"]}
        items = f"{service.address}/collections/edits/items"
        body = {"type": "Feature", "geometry": None, "properties": {"name": "刚刚"}}
        added = httpx2.post(items, json=body, headers=key)
        assert added.status_code == 201, added.text
        assert "刚刚" in by_name(qgis("features", of=of("edits"))["features"])
        assert httpx2.delete(added.headers["location"], headers=key).status_code == 204
        assert len(qgis("features", of=of("edits"))["features"]) == 2


class TestAsking:
    def test_a_box_is_a_box_on_the_server(self, qgis, of, service):
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers"), box=[113.7, 22.95, 113.8, 23.05])
        assert [each["name"] for each in found["features"]] == ["松山湖"]
        (page,) = pages(exchanges)
        assert page.features == 1

    @pytest.mark.parametrize(
        ("subset", "names"),
        [
            ("\"note\" = '😀 𠮷野家'", {"生僻字"}),
            ("\"名称\" = '地块7'", {"松山湖"}),
            ('"floors" > 3', {"没有位置", "生僻字", "中央子午线"}),
            ("\"name\" LIKE '%山%'", {"松山湖"}),
            ("\"name\" IN ('虎门', '生僻字')", {"虎门", "生僻字"}),
            ('"note" IS NULL', {None, "中央子午线"}),
        ],
    )
    def test_a_filter_is_kept_and_from_3_34_on_by_the_server(
        self, qgis, of, service, subset, names
    ):
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers"), subset=subset)
        assert {each["name"] for each in found["features"]} == names
        if qgis.version >= (3, 34):
            assert all("FILTER" in each.parameters for each in pages(exchanges))
            assert sum(each.features for each in pages(exchanges)) == len(names)

    def test_dates_are_compared_by_the_server(self, qgis, of, service):
        if qgis.version < (3, 34):
            pytest.skip(
                "this QGIS asks for any date by `datetime`, which a layer without a period has to "
                "leave out of account (OGC 17-069r4, 7.15.4), and takes all for what was meant"
            )
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers"), subset="\"built\" >= '2000-01-01'")
        assert [each["name"] for each in found["features"]] == ["松山湖"]
        assert [each.features for each in pages(exchanges)] == [1]

    def test_twelve_thousand_features_take_three_pages(self, qgis, of, service):
        with service.recording() as exchanges:
            found = qgis("features", of=of("many"))
        assert sorted(each["number"] for each in found["features"]) == list(range(MANY))
        assert [each.features for each in pages(exchanges)] == [5000, 5000, 2000]


class TestChanging:
    @pytest.fixture
    def editing(self, qgis: Qgis, of):
        if qgis.version < (3, 32):
            assert qgis("layer", of=of("edits", user="editor"))["rights"] == []
            pytest.skip("QGIS changes layers of OGC API from 3.32 on; this one is older")
        return of("edits", user="editor")

    def test_a_session_adds_changes_moves_and_deletes(self, qgis, service, editing):
        before = service.stored(edits)
        new = {"name": AWKWARD, "qty": 77, "opened": "2024-02-29", "geom": "Point (113.7 22.9)"}
        assert qgis("committed", of=editing, steps=[{"add": [new]}])["outcomes"][0]["done"]
        stored = service.stored(edits)[-1]
        assert (stored["name"], stored["qty"]) == (AWKWARD, 77)
        assert stored["geom"] == "POINT(113.7 22.9)"
        steps = [{"where": '"qty" = 77', "set": {"qty": None, "geom": "Point (113.9 22.7)"}}]
        assert qgis("committed", of=editing, steps=steps)["outcomes"][0]["done"]
        stored = service.stored(edits)[-1]
        assert (stored["qty"], stored["geom"]) == (None, "POINT(113.9 22.7)")
        steps = [{"where": "\"name\" LIKE '新增%'", "delete": True}]
        assert qgis("committed", of=editing, steps=steps)["outcomes"][0]["done"]
        assert service.stored(edits) == before

    def test_a_refused_change_is_reported_and_nothing_is_stored(self, qgis, service, editing):
        before = service.stored(edits)
        steps = [{"where": "\"name\" = '乙'", "set": {"qty": -1}}]
        (found,) = qgis("committed", of=editing, steps=steps)["outcomes"]
        assert not found["done"]
        assert found["errors"]
        assert service.stored(edits) == before
