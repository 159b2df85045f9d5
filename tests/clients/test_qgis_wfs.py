"""QGIS reads and changes layers by WFS, in every version that it can speak."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from geoservice.store.system import changes
from tests.clients.conftest import Exchange, Qgis, Service, pages
from tests.clients.layers import (
    AWKWARD,
    CHANGAN,
    HUMEN,
    LARGEST_ODD,
    MANY,
    NORTHING_OF_23,
    edits,
    plots,
    sealed,
)

VERSIONS = ("2.0.0", "1.1.0", "1.0.0")


@pytest.fixture
def of(service: Service):
    """Where a layer is, as QGIS is told; with a key if a user is named."""

    def place(typename: str, version: str = "2.0.0", user: str | None = None, **more: str) -> Any:
        login = {"username": user, "password": service.keys[user]} if user else {}
        found = {
            "url": service.wfs,
            "typename": f"gs:{typename}",
            "version": version,
            "restrictToRequestBBOX": "1",
        }
        return found | login | more

    return place


def by_name(features: list[dict[str, Any]]) -> dict[str | None, dict[str, Any]]:
    return {each["name"]: each for each in features}


def point(wkt: str) -> tuple[float, float]:
    """The coordinates of a point, x first."""
    x, y = wkt.removeprefix("Point (").removesuffix(")").split()
    return float(x), float(y)


@pytest.fixture(scope="module", params=[*VERSIONS, "auto"])
def markers_layer(request, service, qgis) -> dict[str, Any]:
    """What QGIS knows of the markers before it has read them, and what it reads."""
    where = {"url": service.wfs, "typename": "gs:markers", "version": request.param}
    known = qgis("layer", of=where)
    with service.recording() as exchanges:
        read = qgis("features", of=where)
    (page,) = pages(exchanges)
    assert page.parameters["VERSION"] == request.param.replace("auto", "2.0.0")
    return known | {"version": request.param, "features": read["features"], "read": read["count"]}


class TestReading:
    def test_a_layer_opens_with_its_reference_system_and_geometry(self, markers_layer):
        assert markers_layer["valid"]
        assert markers_layer["crs"] == "EPSG:4490"
        assert markers_layer["geometry"] == "Point"
        assert markers_layer["extent"] == pytest.approx([113.67, 22.75, 114.05, 23.02])

    def test_fields_have_their_types(self, markers_layer, qgis: Qgis):
        # Up to 3.22 dates and truths are texts, whatever the schema says.
        is_old = qgis.version < (3, 28)
        assert markers_layer["fields"] == {
            "name": "QString",
            "floors": "int",
            "serial": "qlonglong",
            "height": "double",
            "price": "double",
            "open": "QString" if is_old else "bool",
            "built": "QString" if is_old else "QDate",
            "seen": "QDateTime",
            "note": "QString",
            "名称": "QString",
            "面积": "double",
        }

    def test_values_arrive_as_they_are(self, markers_layer):
        found = by_name(markers_layer["features"])
        first = found["松山湖"]
        assert first.pop("open") in (True, "true")
        assert first == {
            "name": "松山湖",
            "floors": 3,
            "serial": LARGEST_ODD,
            "height": 1.5,
            "price": 12.34,
            "built": "2024-02-29",
            "seen": "2024-02-29T08:30:15.250Z",
            "note": AWKWARD,
            "名称": "地块7",
            "面积": 1234.5,
            "geom": "Point (113.75 23.02)",
        }
        assert found["虎门"]["note"] == "第一行\n第二行"
        assert found["生僻字"]["note"] == "😀 𠮷野家"

    def test_a_feature_without_values_or_without_geometry_is_read(self, markers_layer):
        found = by_name(markers_layer["features"])
        assert found["没有位置"]["geom"] is None
        assert {name for name, value in found[None].items() if value is not None} == {"geom"}

    def test_the_number_of_features_is_known(self, markers_layer):
        # 1.0.0 has no way to ask for it.
        assert markers_layer["count"] == (0 if markers_layer["version"] == "1.0.0" else 6)
        assert markers_layer["read"] == len(markers_layer["features"]) == 6

    def test_features_can_be_changed(self, markers_layer):
        assert markers_layer["rights"] == ["add", "change", "reshape", "delete"]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_holes_parts_lines_and_tables_are_read(self, qgis, of, version):
        parcels = qgis("features", of=of("parcels", version))["features"]
        assert {each["code"]: each["geom"] for each in parcels} == {
            "带洞": "MultiPolygon (((114 23, 114.01 23, 114.01 23.01, 114 23.01, 114 23),"
            "(114.002 23.002, 114.002 23.004, 114.004 23.004, 114.004 23.002, 114.002 23.002)))",
            "两块": "MultiPolygon (((113.6 22.9, 113.61 22.9, 113.61 22.91, 113.6 22.91, 113.6 22.9)),"
            "((113.62 22.9, 113.63 22.9, 113.63 22.91, 113.62 22.91, 113.62 22.9)))",
        }
        (road,) = qgis("features", of=of("roads", version))["features"]
        assert road["geom"] == "LineString (113.7 22.8, 113.71 22.81, 113.72 22.8)"
        ledger = qgis("layer", of=of("ledger", version))
        assert (ledger["geometry"], ledger["crs"]) == ("NoGeometry", "")
        rows = qgis("features", of=of("ledger", version))["features"]
        assert {each["code"]: each["amount"] for each in rows} == {
            "C001": 0.5,
            "C002": None,
            "代码": 1234567.25,
        }

    @pytest.mark.parametrize("version", ["2.0.0", "1.1.0"])
    def test_metres_come_with_easting_and_northing_in_place(self, qgis, of, version):
        where = of("markers", version, srsname="EPSG:4547")
        assert qgis("layer", of=where)["crs"] == "EPSG:4547"
        found = by_name(qgis("features", of=where)["features"])["中央子午线"]
        easting, northing = point(found["geom"])
        assert easting == pytest.approx(500_000, abs=0.001)
        assert northing == pytest.approx(NORTHING_OF_23, abs=0.001)

    def test_what_was_known_at_an_instant_is_shown(self, qgis, of, service):
        moment = sa.select(sa.func.clock_timestamp())
        before = service.database.scalar(moment).isoformat().replace("+00:00", "Z")
        add = {"add": [{"name": "后来", "geom": "Point (113.7 22.9)"}]}
        assert qgis("committed", of=of("edits", user="editor"), steps=[add])["outcomes"][0]["done"]
        then = of("edits", url=f"{service.wfs}?known_at={before}")
        assert "后来" not in by_name(qgis("features", of=then)["features"])
        assert "后来" in by_name(qgis("features", of=of("edits"))["features"])


SUBSETS = {
    "\"note\" = '😀 𠮷野家'": {"生僻字"},
    "\"名称\" = '地块7'": {"松山湖"},
    '"floors" > 3': {"没有位置", "生僻字", "中央子午线"},
    '"floors" <> 3': {"没有位置", "虎门", "生僻字", "中央子午线"},
    '"floors" >= 3 AND "note" = \'x\'': {"没有位置"},
    "\"name\" LIKE '%山%'": {"松山湖"},
    "\"name\" IN ('虎门', '生僻字')": {"虎门", "生僻字"},
    '"note" IS NULL': {None, "中央子午线"},
    '"built" IS NOT NULL': {"松山湖", "虎门"},
    "\"built\" >= '2000-01-01'": {"松山湖"},
    '"price" < 12.35': {"松山湖"},
    '"floors" + 1 = 4': {"松山湖"},
}
"""Expressions that QGIS leaves to the server, and the names of what they mean by hand."""


class TestAsking:
    """What QGIS leaves to the server, which sends no more than what is wanted."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_box_is_a_box_on_the_server(self, qgis, of, service, version):
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers", version), box=[113.7, 22.95, 113.8, 23.05])
        assert [each["name"] for each in found["features"]] == ["松山湖"]
        assert sum(each.features for each in pages(exchanges)) == 1

    @pytest.mark.parametrize("version", ["2.0.0", "1.1.0"])
    def test_a_box_in_metres_is_a_box_on_the_server(self, qgis, of, service, version):
        where = of("markers", version, srsname="EPSG:4547")
        box = [499_990, NORTHING_OF_23 - 10, 500_010, NORTHING_OF_23 + 10]
        with service.recording() as exchanges:
            found = qgis("features", of=where, box=box)
        assert [each["name"] for each in found["features"]] == ["中央子午线"]
        assert sum(each.features for each in pages(exchanges)) == 1

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("subset", SUBSETS)
    def test_a_filter_is_a_filter_on_the_server(self, qgis, of, service, version, subset):
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers", version), subset=subset)
        assert {each["name"] for each in found["features"]} == SUBSETS[subset]
        asked = pages(exchanges)
        assert all("FILTER" in each.parameters for each in asked)
        assert sum(each.features for each in asked) == len(SUBSETS[subset])

    @pytest.mark.parametrize("version", VERSIONS)
    def test_box_and_filter_go_together(self, qgis, of, service, version):
        with service.recording() as exchanges:
            found = qgis(
                "features",
                of=of("markers", version),
                subset='"floors" > 3',
                box=[113.8, 22.8, 113.95, 23],
            )
        assert [each["name"] for each in found["features"]] == ["生僻字"]
        assert sum(each.features for each in pages(exchanges)) == 1

    def test_twelve_thousand_features_take_three_pages(self, qgis, of, service):
        with service.recording() as exchanges:
            found = qgis("features", of=of("many"))
        numbers = [each["number"] for each in found["features"]]
        assert sorted(numbers) == list(range(MANY))
        asked = pages(exchanges)
        assert [each.parameters["STARTINDEX"] for each in asked] == ["0", "5000", "10000"]
        assert [each.features for each in asked] == [5000, 5000, 2000]

    @pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
    def test_versions_without_pages_give_everything_at_once(self, qgis, of, service, version):
        with service.recording() as exchanges:
            found = qgis("features", of=of("many", version))
        assert len(found["features"]) == MANY
        assert [each.features for each in pages(exchanges)] == [MANY]

    def test_a_filter_that_cannot_be_meant_is_an_error_not_everything(self, qgis, of, service):
        with service.recording() as exchanges:
            found = qgis("features", of=of("markers"), subset="\"floors\" = 'many'")
        assert found["features"] == []
        (asked,) = pages(exchanges)
        assert (asked.status, asked.features) == (400, 0)


NEW = {
    "name": AWKWARD,
    "town": HUMEN,
    "qty": 77,
    "price": 12.34,
    "opened": "2024-02-29",
    "seen": "2024-02-29T08:30:15.250Z",
    "active": "true",
    "geom": "Point (113.7000001 22.9)",
}
OF_NEW = "\"name\" LIKE '新增%'"
OF_CHANGED = "\"name\" = '改过'"


def names(service: Service) -> set[str]:
    return {each["name"] for each in service.stored(edits)}


def outcome(answer: dict[str, Any]) -> tuple[bool, str]:
    (found,) = answer["outcomes"]
    return found["done"], "\n".join(found["errors"])


def posted(exchanges: list[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.method == "POST"]


class TestChanging:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_session_adds_changes_moves_and_deletes(self, qgis, of, service, version):
        """All in one session, so that QGIS must know the id of what it has added."""
        before = names(service)
        where = of("edits", version, user="editor")
        values = NEW | {"active": True} if qgis.version >= (3, 28) else NEW
        added = qgis("committed", of=where, steps=[{"add": [values]}])
        assert outcome(added) == (True, "")
        (stored,) = (each for each in service.stored(edits) if each["name"] == AWKWARD)
        seen = stored.pop("seen").isoformat(timespec="milliseconds")
        assert seen == "2024-02-29T08:30:15.250+00:00"
        assert stored == {
            "name": AWKWARD,
            "town": HUMEN,
            "qty": 77,
            "price": Decimal("12.34"),
            "opened": date(2024, 2, 29),
            "active": True,
            "geom": "POINT(113.7000001 22.9)",
        }
        steps = [
            {"add": [{"name": "又一个", "geom": "Point (113.5 22.5)"}]},
            {"where": "\"name\" = '又一个'", "set": {"name": "改过", "qty": 5}},
            {"where": OF_CHANGED, "set": {"qty": None, "geom": "Point (113.9 22.7)"}},
            {"where": OF_NEW, "delete": True},
        ]
        answer = qgis("committed", of=where, steps=steps)
        assert [each["done"] for each in answer["outcomes"]] == [True] * 4, answer["outcomes"]
        (changed,) = (each for each in service.stored(edits) if each["name"] == "改过")
        assert changed["qty"] is None
        assert changed["geom"] == "POINT(113.9 22.7)"
        assert by_name(answer["features"])["改过"]["geom"] == "Point (113.9 22.7)"
        qgis("committed", of=where, steps=[{"where": OF_CHANGED, "delete": True}])
        assert names(service) == before

    @pytest.mark.parametrize("version", VERSIONS)
    def test_areas_keep_their_axes_in_degrees_and_metres(self, qgis, of, service, version):
        """A square kilometre south-east of 114° E, 23° N, in each of the two."""
        degrees = "MultiPolygon (((114 22.9, 114.01 22.9, 114.01 23, 114 23, 114 22.9)))"
        e, n = 500_000.0, NORTHING_OF_23
        metres = (
            f"MultiPolygon ((({e} {n - 1000}, {e + 1000} {n - 1000}, {e + 1000} {n}, {e} {n}, "
            f"{e} {n - 1000})))"
        )
        where = of("plots", version, user="editor")
        steps = [{"add": [{"code": f"度{version}", "geom": degrees}]}]
        assert outcome(qgis("committed", of=where, steps=steps)) == (True, "")
        found = {each["code"]: each["geom"] for each in service.stored(plots)}
        assert found[f"度{version}"] == (
            "MULTIPOLYGON(((114 22.9,114.01 22.9,114.01 23,114 23,114 22.9)))"
        )
        where = of("plots", version, user="editor", srsname="EPSG:4547")
        steps = [{"add": [{"code": f"米{version}", "geom": metres}]}]
        assert outcome(qgis("committed", of=where, steps=steps)) == (True, "")
        found = {each["code"]: each["geom"] for each in service.stored(plots)}
        corners = (
            found[f"米{version}"].removeprefix("MULTIPOLYGON(((").removesuffix(")))").split(",")
        )
        north_west = [float(each) for each in corners[3].split()]
        assert north_west == pytest.approx([114, 23], abs=1e-9)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_batch_is_one_transaction_of_each_kind(self, qgis, of, service, version):
        before = names(service)
        where = of("edits", version, user="editor")
        batch = [{"name": f"批{n}", "geom": f"Point (113.7{n} 22.9)"} for n in range(3)]
        with service.recording() as exchanges:
            assert outcome(qgis("committed", of=where, steps=[{"add": batch}])) == (True, "")
        assert len(posted(exchanges)) == 1
        assert names(service) - before == {"批0", "批1", "批2"}
        with service.recording() as exchanges:
            steps = [{"where": "\"name\" LIKE '批%'", "delete": True}]
            assert outcome(qgis("committed", of=where, steps=steps)) == (True, "")
        assert len(posted(exchanges)) == 1
        assert names(service) == before

    def test_a_change_tells_who_made_it(self, qgis, of, service):
        where = of("edits", user="editor of Humen")
        steps = [{"where": "\"name\" = '甲'", "set": {"qty": 10}}]
        assert outcome(qgis("committed", of=where, steps=steps)) == (True, "")
        last = service.database.rows(sa.select(changes).order_by(changes.c.id.desc()).limit(1))[0]
        assert (last.actor, last.door) == ("editor of Humen", "wfs")


class TestKeys:
    @pytest.fixture(params=["in the layer", "in the store of logins", "in the address"])
    def with_key(self, request, qgis, of, service):
        key = service.keys["editor"]
        if request.param == "in the layer":
            return of("edits", username="editor", password=key)
        if request.param == "in the address":
            return of("edits", url=f"{service.wfs}?apikey={key}")
        login = qgis("stored_login", user="editor", password=key)
        if login is None:
            pytest.skip("QGIS cannot store logins: apt-get install libqca-qt5-2-plugins")
        return of("edits", authcfg=login)

    def test_a_key_opens_the_layer_for_changes(self, qgis, service, with_key):
        steps = [{"where": OF_OTHER_TOWN, "set": {"price": 5.5}}]
        answer = qgis("committed", of=with_key, steps=steps)
        assert outcome(answer) == (True, "")
        steps = [{"where": OF_OTHER_TOWN, "set": {"price": 2}}]
        assert outcome(qgis("committed", of=with_key, steps=steps)) == (True, "")
        (stored,) = (each for each in service.stored(edits) if each["name"] == "乙")
        assert stored["price"] == 2

    def test_an_analyst_reads_what_is_private(self, qgis, of):
        assert "secret" not in qgis("layer", of=of("markers"))["fields"]
        known = qgis("features", of=of("markers", user="analyst"))["features"]
        assert by_name(known)["松山湖"]["secret"] == "13800000000"


REFUSED = {
    "by an analyst": ("analyst", {"qty": 3}, "role editor"),
    "in another town": ("editor of Humen", {"qty": 3}, CHANGAN),
    "below the least": ("editor", {"qty": -1}, "qty"),
    "too long": ("editor", {"name": "长" * 61}, "name"),
    "no date": ("editor", {"opened": "2024-02-30"}, "opened"),
}
"""Who changes what, and what the message must speak of."""
OF_OTHER_TOWN = "\"name\" = '乙'"


class TestRefusals:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("case", REFUSED)
    def test_a_refused_change_is_reported_and_nothing_is_stored(
        self, qgis, of, service, version, case
    ):
        user, values, subject = REFUSED[case]
        before = service.stored(edits)
        where = of("edits", version, user=user)
        if case == "no date" and qgis("layer", of=where)["fields"]["opened"] != "QString":
            pytest.skip("this QGIS keeps a field of dates from holding anything else")
        step = {"where": OF_OTHER_TOWN, "set": values}
        done, errors = outcome(qgis("committed", of=where, steps=[step]))
        assert not done
        assert subject in errors
        assert service.stored(edits) == before

    @pytest.mark.parametrize("version", VERSIONS)
    def test_without_a_key_nothing_is_stored(self, qgis, of, service, version):
        """With a window QGIS would ask for a name and a password now: hence 401."""
        before = service.stored(edits)
        steps = [{"where": OF_OTHER_TOWN, "set": {"qty": 3}}]
        with service.recording() as exchanges:
            done, errors = outcome(qgis("committed", of=of("edits", version), steps=steps))
        assert not done
        assert errors
        (refused,) = posted(exchanges)
        assert refused.status == 401
        assert "key" in refused.answer
        assert service.stored(edits) == before

    @pytest.mark.parametrize("version", VERSIONS)
    def test_one_wrong_feature_spoils_the_batch(self, qgis, of, service, version):
        before = service.stored(edits)
        batch = [{"name": "好"}, {"name": "坏", "qty": -1}]
        where = of("edits", version, user="editor")
        done, errors = outcome(qgis("committed", of=where, steps=[{"add": batch}]))
        assert not done
        assert "qty" in errors
        assert service.stored(edits) == before

    def test_a_layer_that_nobody_may_change_says_so(self, qgis, of, service):
        """WFS 2.0 cannot say it of one layer beforehand, the versions before can."""
        for version in ("1.1.0", "1.0.0"):
            assert qgis("layer", of=of("sealed", version))["rights"] == []
        where = of("sealed", user="editor")
        done, errors = outcome(qgis("committed", of=where, steps=[{"add": [{"name": "开"}]}]))
        assert not done
        assert "sealed" in errors
        assert service.stored(sealed) == []
