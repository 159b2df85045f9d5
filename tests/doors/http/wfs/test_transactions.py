"""Transaction: the bodies that clients write, what they store, and what they are answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.system import changes
from tests.doors.http.wfs.conftest import exception, found, qualified
from tests.doors.http.wfs.writing import (
    CHANGAN,
    HUMEN,
    Desk,
    by_id,
    client_of,
    desk_over,
    edit,
    edits,
    ids,
    named,
    notes,
    plots,
    totals,
    transaction,
)

NO_ID = "edits.0190163d-8694-739b-aea5-966c26f8ad91"
AWKWARD = '新增<要素>&"引号"\'’ %'
ESCAPED = '新增&lt;要素>&amp;"引号"\'’ %'


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    return desk_over(module_database, Limits(max_geom_vertices=100, max_tx_features=2_000))


# What each client writes (x is 114.25, y is 30.5, the name awkward), in the order of its table.

QGIS_OF_2_0 = f"""<Transaction xmlns="http://www.opengis.net/wfs" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:gs="urn:geoservice:collections" xmlns:gml="http://www.opengis.net/gml" service="WFS" version="1.0.0"
 xsi:schemaLocation="urn:geoservice:collections http://127.0.0.1:9/wfs?REQUEST=DescribeFeatureType">
<Insert xmlns="http://www.opengis.net/wfs"><edits xmlns="urn:geoservice:collections">
<name xmlns="urn:geoservice:collections">{ESCAPED}</name><qty xmlns="urn:geoservice:collections">77</qty>
<price xmlns="urn:geoservice:collections">12.34</price><opened xmlns="urn:geoservice:collections">2024-02-29</opened>
<seen xmlns="urn:geoservice:collections">2024-02-29T08:30:15.250Z</seen>
<active xmlns="urn:geoservice:collections">true</active>
<geom xmlns="urn:geoservice:collections"><gml:Point srsName="urn:ogc:def:crs:EPSG::4490">
<gml:coordinates cs="," ts=" ">114.25,30.5</gml:coordinates></gml:Point></geom></edits></Insert></Transaction>"""
QGIS_OF_1_0 = QGIS_OF_2_0.replace("urn:ogc:def:crs:EPSG::4490", "EPSG:4490")
QGIS_OF_1_1 = QGIS_OF_2_0.replace('version="1.0.0"', 'version="1.1.0"').replace(
    '<gml:coordinates cs="," ts=" ">114.25,30.5</gml:coordinates>',
    '<gml:pos srsDimension="2">30.5 114.25</gml:pos>',
)
QGIS_OF_1_1_WITH_SHORT_NAME = QGIS_OF_1_1.replace(
    "urn:ogc:def:crs:EPSG::4490", "EPSG:4490"
).replace("30.5 114.25", "114.25 30.5")
OGR_OF_1_1 = f"""<?xml version="1.0"?>
<wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 service="WFS" version="1.1.0" xmlns:gml="http://www.opengis.net/gml" xmlns:ogc="http://www.opengis.net/ogc">
<wfs:Insert><feature:edits xmlns:feature="urn:geoservice:collections"><feature:name>{ESCAPED}</feature:name>
<feature:qty>77</feature:qty><feature:price>12.34</feature:price><feature:opened>2024/02/29</feature:opened>
<feature:seen>2024/02/29 16:30:15.250+08</feature:seen><feature:active>1</feature:active>
<feature:geom><gml:Point srsName="urn:ogc:def:crs:EPSG::4490"><gml:pos>30.5 114.25</gml:pos></gml:Point></feature:geom>
</feature:edits></wfs:Insert></wfs:Transaction>"""
OGR_OF_1_0 = OGR_OF_1_1.replace('version="1.1.0"', 'version="1.0.0"').replace(
    '<gml:Point srsName="urn:ogc:def:crs:EPSG::4490"><gml:pos>30.5 114.25</gml:pos>',
    '<gml:Point srsName="EPSG:4490"><gml:coordinates>114.25,30.5</gml:coordinates>',
)
OF_2_0 = transaction(
    '<wfs:Insert srsName="http://www.opengis.net/def/crs/EPSG/0/4490"><gs:edits gml:id="new.1">'
    f"<gs:name>{ESCAPED}</gs:name><gs:qty>77</gs:qty><gs:price>12.34</gs:price>"
    "<gs:opened>2024-02-29</gs:opened><gs:seen>2024-02-29T16:30:15.25+08:00</gs:seen>"
    "<gs:active>1</gs:active>"
    '<gs:geom><gml:Point gml:id="p.1"><gml:pos>30.5 114.25</gml:pos></gml:Point></gs:geom>'
    "</gs:edits></wfs:Insert>"
)
OF_2_0_IN_METRES = OF_2_0.replace("30.5 114.25", "3380020 529320").replace(
    "http://www.opengis.net/def/crs/EPSG/0/4490", "urn:ogc:def:crs:EPSG::4547"
)

WRITTEN = {
    "QGIS, layer 2.0.0": QGIS_OF_2_0,
    "QGIS, layer 1.1.0": QGIS_OF_1_1,
    "QGIS, layer 1.1.0, EPSG:n": QGIS_OF_1_1_WITH_SHORT_NAME,
    "QGIS, layer 1.0.0": QGIS_OF_1_0,
    "OGR 1.1.0": OGR_OF_1_1,
    "OGR 1.0.0": OGR_OF_1_0,
    "2.0.0": OF_2_0,
}


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
def test_a_feature_is_stored_as_itsclient_of_means_it(desk: Desk, body: str) -> None:
    (id,) = ids(desk.post(body))
    row = desk.row(id)
    assert row is not None
    assert (row.name, row.qty, row.price, row.active) == (AWKWARD, 77, Decimal("12.34"), True)
    assert row.opened == date(2024, 2, 29)
    assert row.seen == datetime(2024, 2, 29, 8, 30, 15, 250_000, tzinfo=UTC)
    assert row.wkt == "POINT(114.25 30.5)"


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    ("version", "position"),
    [("1.0.0", "114.25,30.5"), ("1.1.0", "30.5 114.25"), ("2.0.0", "30.5 114.25")],
)
def test_a_feature_is_read_back_in_every_version_with_its_order_of_axes(
    desk: Desk, body: str, version: str, position: str
) -> None:
    (id,) = ids(desk.post(body))
    by = "resourceId" if version == "2.0.0" else "featureId"
    answer = desk.features("edits", version, **{by: id})
    (feature,) = found(answer, "//gs:edits")
    assert id in feature.attrib.values()
    (geometry,) = found(feature, "gs:geom/*")
    assert "".join(geometry.itertext()).strip() == position
    assert found(feature, "gs:name")[0].text == AWKWARD


def test_metres_of_a_projected_crs_are_northing_first_under_a_urn(desk: Desk) -> None:
    (id,) = ids(desk.post(OF_2_0_IN_METRES))
    x, y = desk.row(id).wkt.removeprefix("POINT(").rstrip(")").split()
    # What PostGIS makes of easting 529320 and northing 3380020 in zone 114 of three degrees.
    assert float(x) == pytest.approx(114.3055445877929, abs=1e-9)
    assert float(y) == pytest.approx(30.540036904592565, abs=1e-9)


# Answers


def test_1_0_0_is_answered_in_its_own_form(desk: Desk) -> None:
    answer = desk.post(QGIS_OF_2_0)
    assert answer.tag == qualified("wfs1:WFS_TransactionResponse")
    assert answer.get("version") == "1.0.0"
    assert found(answer, "wfs1:TransactionResult/wfs1:Status/wfs1:SUCCESS")
    (id,) = found(answer, "wfs1:InsertResult/ogc:FeatureId/@fid")
    assert desk.row(id) is not None


def test_1_1_0_is_answered_in_its_own_form(desk: Desk) -> None:
    answer = desk.post(QGIS_OF_1_1)
    assert answer.tag == qualified("wfs1:TransactionResponse")
    assert answer.get("version") == "1.1.0"
    assert totals(answer) == {"totalInserted": 1, "totalUpdated": 0, "totalDeleted": 0}
    assert len(found(answer, "wfs1:InsertResults/wfs1:Feature/ogc:FeatureId/@fid")) == 1


def test_2_0_0_is_answered_with_the_ids_of_every_kind(desk: Desk) -> None:
    kept, replaced, gone = desk.inserted(edit("kept"), edit("replaced"), edit("gone"))
    answer = desk.post(
        transaction(
            f'<wfs:Insert handle="two more">{edit("a")}{edit("b")}</wfs:Insert>'
            '<wfs:Update typeName="gs:edits"><wfs:Property><wfs:ValueReference>gs:qty'
            f"</wfs:ValueReference><wfs:Value>1</wfs:Value></wfs:Property>{by_id(kept)}</wfs:Update>"
            f"<wfs:Replace>{edit('c')}{by_id(replaced)}</wfs:Replace>"
            f'<wfs:Delete typeName="gs:edits">{by_id(gone)}</wfs:Delete>'
        )
    )
    assert answer.tag == qualified("wfs:TransactionResponse")
    assert [each.tag for each in answer] == [
        qualified(f"wfs:{name}")
        for name in ("TransactionSummary", "InsertResults", "UpdateResults", "ReplaceResults")
    ]
    assert totals(answer) == {
        "totalInserted": 2,
        "totalUpdated": 1,
        "totalReplaced": 1,
        "totalDeleted": 1,
    }
    assert found(answer, "wfs:InsertResults/wfs:Feature/@handle") == ["two more"] * 2
    assert found(answer, "wfs:UpdateResults//@rid") == [kept]
    assert found(answer, "wfs:ReplaceResults//@rid") == [replaced]
    assert desk.row(gone) is None


def test_ids_come_in_the_order_of_the_request(desk: Desk) -> None:
    wanted = ["a", "b", "c", "d", "e"]
    new = desk.inserted(
        edit("a"),
        edit("b", "<gs:qty>1</gs:qty>"),
        edit("c"),
        edit("d", "<gs:qty>2</gs:qty>"),
        edit("e"),
    )
    assert [desk.row(id).name for id in new] == wanted


def test_several_types_go_in_one_transaction(desk: Desk) -> None:
    answer = desk.post(
        transaction(
            f"<wfs:Insert>{edit('a')}<gs:notes><gs:text>b</gs:text></gs:notes></wfs:Insert>"
            "<wfs:Insert><wfs:FeatureCollection><wfs:member><gs:notes><gs:text>c</gs:text></gs:notes>"
            "</wfs:member></wfs:FeatureCollection></wfs:Insert>"
        )
    )
    assert [id.partition(".")[0] for id in ids(answer)] == ["edits", "notes", "notes"]


def test_a_transaction_without_actions_changes_nothing(desk: Desk) -> None:
    assert set(totals(desk.post(transaction(""))).values()) == {0}


# Values


def test_what_is_not_given_gets_its_default_or_nothing(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    row = desk.row(id)
    assert (row.qty, row.active, row.wkt, row.tags) == (None, True, None, None)


@pytest.mark.parametrize(
    "nothing",
    [
        "<wfs:Property><wfs:Name>gs:qty</wfs:Name></wfs:Property>",
        "<wfs:Property><wfs:Name>qty</wfs:Name><wfs:Value/></wfs:Property>",
        '<wfs:Property><wfs:Name>qty</wfs:Name><wfs:Value xsi:nil="true"/></wfs:Property>',
    ],
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_an_update_without_a_value_takes_it_away(desk: Desk, version: str, nothing: str) -> None:
    (id,) = desk.inserted(edit("a", "<gs:qty>5</gs:qty>"))
    filter = by_id(id, version=version)
    desk.post(transaction(f'<wfs:Update typeName="edits">{nothing}{filter}</wfs:Update>', version))
    assert desk.row(id).qty is None
    assert desk.row(id).name == "a"


def test_a_new_feature_may_say_that_a_value_is_nil(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a", '<gs:qty xsi:nil="true"/><gs:opened/><gs:geom/>'))
    assert (desk.row(id).qty, desk.row(id).opened, desk.row(id).wkt) == (None, None, None)


def test_nil_with_a_value_is_refused(desk: Desk) -> None:
    wrong = edit("a", '<gs:qty xsi:nil="true">5</gs:qty>')
    body = f"<wfs:Insert>{wrong}</wfs:Insert>"
    assert exception(desk.post(transaction(body), status=400))[0] == "InvalidValue"


def test_a_list_is_one_element_for_each_item(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a", "<gs:tags>x</gs:tags><gs:tags>中, 文</gs:tags>"))
    assert desk.row(id).tags == ["x", "中, 文"]


def test_an_empty_item_of_a_list_is_refused(desk: Desk) -> None:
    body = f"<wfs:Insert>{edit('a', '<gs:tags>x</gs:tags><gs:tags/>')}</wfs:Insert>"
    assert exception(desk.post(transaction(body), status=400))[0] == "InvalidValue"


def test_a_value_that_is_given_twice_is_refused(desk: Desk) -> None:
    body = f"<wfs:Insert>{edit('a', '<gs:qty>1</gs:qty><gs:qty>2</gs:qty>')}</wfs:Insert>"
    code, _, text = exception(desk.post(transaction(body), status=400))
    assert (code, "qty" in text) == ("InvalidValue", True)


def test_a_field_whose_name_xml_cannot_hold_is_written_out(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a", "<gs:名称_x0020_1>甲</gs:名称_x0020_1>"))
    assert getattr(desk.row(id), "名称 1") == "甲"


def test_gml_name_is_the_field_that_is_called_so(desk: Desk) -> None:
    (id,) = desk.inserted("<gs:edits><gml:name>甲</gml:name></gs:edits>")
    assert desk.row(id).name == "甲"


def test_an_editor_may_write_what_is_private(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a", "<gs:secret>s</gs:secret>"))
    assert desk.row(id).secret == "s"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("qty", "many"),
        ("qty", "1.5"),
        ("qty", "2147483648"),
        ("price", "1.234"),
        ("height", "NaN"),
        ("opened", "2023-02-29"),
        ("opened", "29/02/2024"),
        ("seen", "2024-02-29T08:00:00"),
        ("active", "yes"),
        ("name", "x" * 61),
        ("name", "<gs:b>x</gs:b>"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused_by_name(
    desk: Desk, field: str, value: str
) -> None:
    before = desk.count(edits)
    content = f"<gs:edits><gs:{field}>{value}</gs:{field}></gs:edits>"
    body = transaction(f'<wfs:Insert handle="entry 7">{content}</wfs:Insert>')
    code, locator, text = exception(desk.post(body, status=400))
    assert (code, locator) == ("InvalidValue", "entry 7")
    assert text.strip().startswith("entry 7")
    assert field in text
    assert desk.count(edits) == before


@pytest.mark.parametrize("name", ["gs:nope", "gml:description", "gml:boundedBy", "x"])
def test_an_unknown_property_is_refused_by_name(desk: Desk, name: str) -> None:
    body = transaction(f"<wfs:Insert><gs:edits><{name}>1</{name}></gs:edits></wfs:Insert>")
    code, locator, text = exception(desk.post(body, status=400))
    assert (code, locator) == ("InvalidParameterValue", "Insert[1]")
    assert name.rpartition(":")[2] in text
    assert "qty" in text


def test_an_unknown_type_is_refused_as_an_invalid_value(desk: Desk) -> None:
    body = transaction("<wfs:Insert><gs:nowhere><gs:name>x</gs:name></gs:nowhere></wfs:Insert>")
    code, _, text = exception(desk.post(body, status=400))
    assert (code, "nowhere" in text) == ("InvalidValue", True)


def test_a_type_of_another_namespace_is_unknown(desk: Desk) -> None:
    body = '<wfs:Insert><o:edits xmlns:o="urn:other"><o:name>x</o:name></o:edits></wfs:Insert>'
    assert exception(desk.post(transaction(body), status=400))[0] == "InvalidValue"


def test_a_missing_value_that_must_be_there_is_refused(desk: Desk) -> None:
    before = desk.count(notes)
    body = transaction('<wfs:Insert handle="n"><gs:notes/></wfs:Insert>')
    code, locator, text = exception(desk.post(body, status=400))
    assert (code, locator, "text" in text) == ("InvalidValue", "n", True)
    assert desk.count(notes) == before


# Geometries

SQUARE = "30 114 30 114.001 30.001 114.001 30 114"


def polygon(positions: str, element: str = "Polygon") -> str:
    ring = f"<gml:LinearRing><gml:posList>{positions}</gml:posList></gml:LinearRing>"
    return f"<gml:{element}><gml:exterior>{ring}</gml:exterior></gml:{element}>"


def plot(geometry: str) -> str:
    return f"<gs:plots><gs:code>p</gs:code><gs:geom>{geometry}</gs:geom></gs:plots>"


def test_a_single_polygon_becomes_a_multi_polygon_of_one(desk: Desk) -> None:
    (id,) = desk.inserted(plot(polygon(SQUARE)))
    wkt = "MULTIPOLYGON(((114 30,114.001 30,114.001 30.001,114 30)))"
    assert desk.row(id).wkt == wkt


def test_a_multi_polygon_of_1_0_0_is_stored_x_first(desk: Desk) -> None:
    ring = (
        '<gml:coordinates cs="," ts=" ">114,30 114.001,30 114.001,30.001 114,30</gml:coordinates>'
    )
    geometry = (
        '<gml:MultiPolygon srsName="urn:ogc:def:crs:EPSG::4490"><gml:polygonMember><gml:Polygon>'
        f"<gml:outerBoundaryIs><gml:LinearRing>{ring}</gml:LinearRing></gml:outerBoundaryIs>"
        "</gml:Polygon></gml:polygonMember></gml:MultiPolygon>"
    )
    (id,) = desk.inserted(plot(geometry), version="1.0.0")
    assert desk.row(id).wkt == "MULTIPOLYGON(((114 30,114.001 30,114.001 30.001,114 30)))"


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (polygon("30 114 30 114.001 30.001 114.001 30.001 114"), "not closed"),
        (polygon("30 114 30.001 114.001 30 114.001 30.001 114 30 114"), "Self-intersection"),
        (polygon("30 114 30 114.001 30.001 114.001 30"), "numbers"),
        (polygon("30 114 30 NaN 30.001 114.001 30 114"), "finite"),
        (polygon("30 114 0 30 114.001 0 30.001 114.001 0 30 114 0"), ""),
        ("<gml:Point><gml:pos>30 114</gml:pos></gml:Point>", "MultiPolygon"),
        ('<gml:Polygon srsName="EPSG:999999"/>', "EPSG:999999"),
        (
            '<gml:Polygon xlink:href="http://127.0.0.1/" xmlns:xlink="http://www.w3.org/1999/xlink"/>',
            "xlink",
        ),
        ("not a geometry", "text"),
    ],
)
def test_a_wrong_geometry_is_refused_with_the_reason_and_the_feature(
    desk: Desk, geometry: str, reason: str
) -> None:
    before = desk.count(plots)
    features = plot(polygon(SQUARE)) + plot(geometry)
    body = transaction(f"<wfs:Insert>{features}</wfs:Insert>")
    _, locator, text = exception(desk.post(body, status=400))
    assert locator == "Insert[1]/plots[2]"
    assert reason in text
    assert desk.count(plots) == before


def test_a_geometry_with_too_many_vertices_is_refused(desk: Desk) -> None:
    def ring(vertices: int) -> str:
        ends = " ".join(f"{30 + number * 1e-4:.4f} 114" for number in range(vertices - 2))
        return polygon(f"{ends} 30 115 30 114")

    assert desk.inserted(plot(ring(100)))
    body = transaction(f"<wfs:Insert>{plot(ring(101))}</wfs:Insert>")
    assert "max_geom_vertices" in exception(desk.post(body, status=413))[2]


def test_coordinates_without_a_crs_are_in_the_order_of_the_default(desk: Desk) -> None:
    (id,) = desk.inserted(
        edit("a", "<gs:geom><gml:Point><gml:pos>30 114</gml:pos></gml:Point></gs:geom>")
    )
    assert desk.row(id).wkt == "POINT(114 30)"


# Update, Replace, Delete

ASSIGN = {
    version: f"<wfs:Property><wfs:{name}>gs:name</wfs:{name}><wfs:Value>b</wfs:Value></wfs:Property>"
    for version, name in (("1.0.0", "Name"), ("1.1.0", "Name"), ("2.0.0", "ValueReference"))
}


def test_an_update_of_many_touches_just_those_that_fulfil_its_condition(desk: Desk) -> None:
    desk.inserted(edit("many"), edit("many"), edit("others"))
    assign = (
        "<wfs:Property><wfs:ValueReference>gs:edits/gs:qty</wfs:ValueReference>"
        "<wfs:Value>9</wfs:Value></wfs:Property>"
    )
    answer = desk.post(
        transaction(f'<wfs:Update typeName="gs:edits">{assign}{named("many")}</wfs:Update>')
    )
    assert totals(answer)["totalUpdated"] == 2
    assert len(found(answer, "wfs:UpdateResults/wfs:Feature/fes:ResourceId")) == 2


def test_a_condition_that_nothing_fulfils_changes_nothing(desk: Desk) -> None:
    answer = desk.post(
        transaction(f'<wfs:Delete typeName="gs:edits">{named("nobody")}</wfs:Delete>')
    )
    assert totals(answer)["totalDeleted"] == 0


def test_a_geometry_is_updated_in_the_order_of_its_version(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    point = (
        '<wfs:Property><wfs:Name>geom</wfs:Name><wfs:Value><gml:Point srsName="urn:ogc:def:crs:'
        'EPSG::4490"><gml:coordinates>114,30</gml:coordinates></gml:Point></wfs:Value></wfs:Property>'
    )
    filter = by_id(id, version="1.0.0")
    desk.post(transaction(f'<wfs:Update typeName="gs:edits">{point}{filter}</wfs:Update>', "1.0.0"))
    assert desk.row(id).wkt == "POINT(114 30)"


@pytest.mark.parametrize("action", ["Update", "Delete"])
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0"])
def test_without_a_filter_nothing_is_changed(desk: Desk, version: str, action: str) -> None:
    desk.inserted(edit("a"))
    before = desk.count(edits)
    assign = ASSIGN[version] if action == "Update" else ""
    body = transaction(f'<wfs:{action} typeName="gs:edits">{assign}</wfs:{action}>', version)
    answer = desk.post(body, status=400 if version == "2.0.0" else 200)
    code, _, text = exception(answer)
    assert (code, "Filter" in text) == ("MissingParameterValue", True)
    assert desk.count(edits) == before


@pytest.mark.parametrize("reference", ["@gml:id", "gml:boundedBy"])
def test_what_the_service_assigns_cannot_be_updated(desk: Desk, reference: str) -> None:
    (id,) = desk.inserted(edit("a"))
    body = transaction(
        '<wfs:Update typeName="gs:edits"><wfs:Property>'
        f"<wfs:ValueReference>{reference}</wfs:ValueReference><wfs:Value>"
        '<kml:Point xmlns:kml="http://www.opengis.net/kml/2.2"/></wfs:Value></wfs:Property>'
        f"{by_id(id)}</wfs:Update>"
    )
    assert exception(desk.post(body, status=400))[0] == "InvalidValue"


@pytest.mark.parametrize("action", ["insertBefore", "insertAfter", "remove"])
def test_a_value_can_only_be_replaced(desk: Desk, action: str) -> None:
    (id,) = desk.inserted(edit("a"))
    body = transaction(
        '<wfs:Update typeName="gs:edits"><wfs:Property>'
        f'<wfs:ValueReference action="{action}">gs:name</wfs:ValueReference>'
        f"<wfs:Value>b</wfs:Value></wfs:Property>{by_id(id)}</wfs:Update>"
    )
    code, _, text = exception(desk.post(body, status=400))
    assert (code, action in text) == ("OptionNotSupported", True)


def test_a_replaced_feature_has_only_what_is_given(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a", "<gs:qty>5</gs:qty>"))
    desk.post(transaction(f"<wfs:Replace>{edit('b')}{by_id(id)}</wfs:Replace>"))
    assert (desk.row(id).name, desk.row(id).qty) == ("b", None)


def test_replace_names_exactly_one_feature(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("a"))
    for filter in (by_id(first, second), named("a")):
        body = transaction(f"<wfs:Replace>{edit('b')}{filter}</wfs:Replace>")
        assert exception(desk.post(body, status=400))[0] == "OptionNotSupported"
    assert desk.row(first).name == "a"


@pytest.mark.parametrize("action", ["Update", "Delete"])
def test_a_feature_that_is_named_must_be_there(desk: Desk, action: str) -> None:
    (id,) = desk.inserted(edit("a"))
    assign = ASSIGN["2.0.0"] if action == "Update" else ""
    for filter in (by_id(NO_ID), by_id(id, NO_ID)):
        body = transaction(f'<wfs:{action} typeName="gs:edits">{assign}{filter}</wfs:{action}>')
        assert NO_ID.partition(".")[2] in exception(desk.post(body, status=404))[2]
    assert desk.row(id).name == "a"


def test_many_features_are_deleted_by_a_list_of_ids(desk: Desk) -> None:
    new = desk.inserted(*[edit("one of many")] * 1500)
    before = desk.count(edits)
    body = f'<wfs:Delete typeName="gs:edits">{by_id(*new)}</wfs:Delete>'
    assert totals(desk.post(transaction(body)))["totalDeleted"] == 1500
    assert desk.count(edits) == before - 1500


@pytest.mark.parametrize("id", ["1' OR '1'='1", "notes." + NO_ID.partition(".")[2], "edits.1"])
def test_an_id_that_is_none_is_refused(desk: Desk, id: str) -> None:
    for version, status in (("1.0.0", 200), ("2.0.0", 400)):
        body = transaction(
            f'<wfs:Delete typeName="gs:edits">{by_id(id, version=version)}</wfs:Delete>', version
        )
        assert exception(desk.post(body, status=status))[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.0.0", '<FeatureId fid="{}"/>'),
        ("1.1.0", '<GmlObjectId id="{}"/>'),
        ("1.1.0", '<ogc:GmlObjectId gml:id="{}"/>'),
    ],
)
def test_an_id_is_understood_as_ogr_writes_it(desk: Desk, version: str, name: str) -> None:
    (id,) = desk.inserted(edit("a"))
    filter = f"<ogc:Filter>{name.format(id)}</ogc:Filter>"
    desk.post(
        transaction(
            '<wfs:Delete xmlns:feature="urn:geoservice:collections" typeName="feature:edits">'
            f"{filter}</wfs:Delete>",
            version,
        )
    )
    assert desk.row(id) is None


def test_a_transaction_sees_what_it_has_done(desk: Desk) -> None:
    answer = desk.post(
        transaction(
            f"<wfs:Insert>{edit('passing')}</wfs:Insert>"
            f'<wfs:Delete typeName="gs:edits">{named("passing")}</wfs:Delete>'
        )
    )
    assert (totals(answer)["totalInserted"], totals(answer)["totalDeleted"]) == (1, 1)


# All or nothing


def test_one_bad_feature_in_a_thousand_leaves_nothing(desk: Desk) -> None:
    before, changes_before = desk.count(notes), _changes(desk)
    good = "<gs:notes><gs:text>a</gs:text></gs:notes>"
    features = good * 700 + "<gs:notes/>" + good * 299
    body = transaction(f"<wfs:Insert>{features}</wfs:Insert>")
    code, locator, _ = exception(desk.post(body, status=400))
    assert (code, locator) == ("InvalidValue", "Insert[1]/notes[701]")
    assert (desk.count(notes), _changes(desk)) == (before, changes_before)


def test_one_transaction_is_one_change_with_its_reason(desk: Desk) -> None:
    body = transaction(
        f"<wfs:Insert>{edit('a')}{edit('b')}</wfs:Insert>", attributes='handle="巡查"'
    )
    before = _changes(desk)
    desk.post(body)
    assert _changes(desk) == before + 1
    assert _newest(desk) == ("editor", "wfs", "巡查")
    desk.post(body, reason="复核")
    assert _newest(desk) == ("editor", "wfs", "复核")


@pytest.mark.parametrize(("length", "status"), [(1000, 200), (1001, 400)])
def test_a_reason_has_a_longest_length(desk: Desk, length: int, status: int) -> None:
    insert = f"<wfs:Insert>{edit('a')}</wfs:Insert>"
    desk.post(transaction(insert), status=status, reason="x" * length)
    desk.post(transaction(insert, attributes=f'handle="{"x" * length}"'), status=status)


def _changes(desk: Desk) -> int:
    return int(desk.database.scalar(sa.select(sa.func.count()).select_from(changes)))


def _newest(desk: Desk) -> tuple[str, str, str | None]:
    newest = sa.select(changes.c.actor, changes.c.door, changes.c.reason)
    row = desk.database.rows(newest.order_by(changes.c.id.desc()).limit(1))[0]
    return row.actor, row.door, row.reason


# Limits


def test_as_many_features_as_the_limit_and_no_more(desk: Desk) -> None:
    feature = "<gs:notes><gs:text>a</gs:text></gs:notes>"
    answer = desk.post(transaction(f"<wfs:Insert>{feature * 2000}</wfs:Insert>"))
    assert totals(answer)["totalInserted"] == 2000
    body = transaction(f"<wfs:Insert>{feature * 2001}</wfs:Insert>")
    assert "max_tx_features" in exception(desk.post(body, status=413))[2]


def test_as_many_actions_as_the_limit_and_no_more(desk: Desk) -> None:
    action = "<wfs:Insert><gs:notes><gs:text>a</gs:text></gs:notes></wfs:Insert>"
    assert totals(desk.post(transaction(action * 1000)))["totalInserted"] == 1000
    assert "max_tx_operations" in exception(desk.post(transaction(action * 1001), status=413))[2]


def test_a_hundred_thousand_inserts_are_too_many(desk: Desk) -> None:
    before = desk.count(notes)
    desk.post(transaction("<wfs:Insert><gs:notes/></wfs:Insert>" * 100_000), status=413)
    assert desk.count(notes) == before


def test_a_body_beyond_its_limit_is_refused(desk: Desk) -> None:
    app = create_app(Settings(database_url=None), Limits(max_xml_body=2048), database=desk.database)
    small = Desk(desk.database, app, desk.keys, client_of(app, desk.keys["editor"]))
    at_limit = transaction(f"<wfs:Insert>{edit('a')}</wfs:Insert>").ljust(2048)
    assert len(at_limit) == 2048
    small.post(at_limit)
    assert "max_xml_body" in exception(small.post(at_limit + " ", status=413))[2]


# What is not offered


@pytest.mark.parametrize("idgen", ["UseExisting", "ReplaceDuplicate"])
def test_ids_are_only_given_by_the_service(desk: Desk, idgen: str) -> None:
    body = transaction(f'<wfs:Insert idgen="{idgen}">{edit("a")}</wfs:Insert>', "1.1.0")
    code, _, text = exception(desk.post(body, status=200))
    assert (code, idgen in text) == ("OptionNotSupported", True)


def test_an_id_that_a_new_feature_brings_is_not_kept(desk: Desk) -> None:
    body = f'<wfs:Insert idgen="GenerateNew"><gs:edits gml:id="{NO_ID}"/></wfs:Insert>'
    assert ids(desk.post(transaction(body, "1.1.0"))) != [NO_ID]


def test_a_native_action_is_refused_unless_itsclient_of_says_it_may_be_left_out(desk: Desk) -> None:
    native = '<wfs:Native vendorId="acme" safeToIgnore="{}">DROP TABLE edits</wfs:Native>'
    insert = f"<wfs:Insert>{edit('a')}</wfs:Insert>"
    before = desk.count(edits)
    body = transaction(insert + native.format("false"))
    code, _, text = exception(desk.post(body, status=400))
    assert (code, "acme" in text) == ("OptionNotSupported", True)
    assert desk.count(edits) == before
    assert len(ids(desk.post(transaction(insert + native.format("true"))))) == 1


@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_only_the_present_can_be_changed(desk: Desk, name: str) -> None:
    value = "2020-01-01" if name == "as_of" else "2020-01-01T00:00:00Z"
    answer = desk.post(transaction(""), status=400, **{name: value})
    assert exception(answer)[:2] == ("InvalidParameterValue", name)


def test_a_transaction_by_keywords_is_refused(desk: Desk) -> None:
    answer = desk.client.get("/wfs?service=WFS&version=2.0.0&request=Transaction")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "actions",
    [
        "<wfs:Upsert/>",
        "<wfs:Insert/>",
        "text",
        f"<wfs:Insert>{edit('a')}<wfs:Filter/></wfs:Insert>",
        f"<wfs:Insert when='now'>{edit('a')}</wfs:Insert>",
        "<wfs:Delete typeName='gs:edits'><wfs:Property/></wfs:Delete>",
        "<wfs:LockId>x</wfs:LockId>",
        f"<wfs:Update typeName='gs:edits'>{named('a')}</wfs:Update>",
    ],
)
def test_what_is_not_understood_is_refused(desk: Desk, actions: str) -> None:
    before = desk.count(edits)
    desk.post(transaction(actions), status=400)
    assert desk.count(edits) == before


# Who may


INSERT = transaction(f"<wfs:Insert>{edit('a')}</wfs:Insert>")


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0"])
def test_somebody_without_a_key_is_asked_for_one(desk: Desk, version: str) -> None:
    body = transaction(f"<wfs:Insert>{edit('a')}</wfs:Insert>", version)
    answer = desk.as_user(None).client.post(
        "/wfs", content=body, headers={"content-type": "text/xml"}
    )
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    assert "Exception" in answer.text


def test_an_analyst_may_not_edit(desk: Desk) -> None:
    before = desk.count(edits)
    desk.as_user("analyst").post(INSERT, status=403)
    assert desk.count(edits) == before


def test_an_editor_of_one_town_cannot_write_in_another(desk: Desk) -> None:
    here = f"<gs:sites><gs:name>a</gs:name><gs:town>{HUMEN}</gs:town></gs:sites>"
    there = f"<gs:sites><gs:name>b</gs:name><gs:town>{CHANGAN}</gs:town></gs:sites>"
    (foreign,) = desk.inserted(there)
    editor = desk.as_user("editor of Humen")
    (own,) = editor.inserted(here)
    move = (
        "<wfs:Property><wfs:ValueReference>gs:town</wfs:ValueReference>"
        f"<wfs:Value>{CHANGAN}</wfs:Value></wfs:Property>"
    )
    for actions in (
        f"<wfs:Insert>{there}</wfs:Insert>",
        f'<wfs:Update typeName="gs:sites">{move}{by_id(own)}</wfs:Update>',
        f'<wfs:Delete typeName="gs:sites">{by_id(foreign)}</wfs:Delete>',
        f'<wfs:Delete typeName="gs:sites">{named("b")}</wfs:Delete>',
        f"<wfs:Replace>{here}{by_id(foreign)}</wfs:Replace>",
    ):
        editor.post(transaction(actions), status=403)
    assert desk.row(own).town == HUMEN
    assert desk.row(foreign).town == CHANGAN


def test_a_collection_that_is_only_read_answers_with_an_exception(desk: Desk) -> None:
    body = "<wfs:Insert><gs:sealed><gs:text>a</gs:text></gs:sealed></wfs:Insert>"
    assert "sealed" in exception(desk.post(transaction(body), status=403))[2]


def test_a_mistake_in_1_0_0_is_told_with_status_200(desk: Desk) -> None:
    body = transaction('<wfs:Insert handle="h"><gs:notes/></wfs:Insert>', "1.0.0")
    answer = desk.post(body, status=200)
    assert answer.tag == qualified("ogc:ServiceExceptionReport")
    assert exception(answer)[:2] == ("InvalidValue", "h")


# Hostile documents


@contextmanager
def canary() -> Iterator[tuple[int, list[bytes]]]:
    """A port on this machine, and whatever comes to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    heard.append(connection.recv(1024))

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            done.set()
            listener.join()


def test_nothing_that_a_document_points_at_is_fetched(desk: Desk) -> None:
    with canary() as (port, heard):
        where = f"http://127.0.0.1:{port}/x"
        location = f'xsi:schemaLocation="urn:geoservice:collections {where}"'
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{where}"/>'
        entity = f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{where}"> %e;]>'
        link = f'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{where}"'
        insert = f"<wfs:Insert>{edit('a')}</wfs:Insert>"
        desk.post(transaction(insert, attributes=location))
        for body in (
            transaction(f"<wfs:Insert>{edit(include)}</wfs:Insert>"),
            transaction(include),
            entity + transaction(insert),
            *(
                transaction("<wfs:Insert>" + edit("a", value) + "</wfs:Insert>")
                for value in (
                    f"<gs:geom {link}/>",
                    f"<gs:qty {link}/>",
                    f"<gs:geom><gml:Point {link}/></gs:geom>",
                )
            ),
        ):
            desk.post(body, status=400)
    assert heard == []


def _hostile() -> Iterator[tuple[str, str | bytes]]:
    insert = transaction(f"<wfs:Insert>{edit('a')}</wfs:Insert>")
    laughs = "".join(
        f'<!ENTITY l{number} "' + f"&l{number - 1};" * 10 + '">' for number in range(1, 10)
    )
    yield (
        "billion laughs",
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>' + insert.replace(">a<", ">&l9;<"),
    )
    entity = '<!DOCTYPE x [<!ENTITY a "' + "x" * 100_000 + '">]>'
    yield "quadratic", entity + insert.replace(">a<", ">" + "&a;" * 10_000 + "<")
    yield (
        "file",
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + insert.replace(">a<", ">&a;<"),
    )
    yield "doctype", "<!DOCTYPE x>" + insert
    yield (
        "depth",
        transaction("<wfs:Insert>" + "<a>" * 100_000 + "</a>" * 100_000 + "</wfs:Insert>"),
    )
    many = " ".join(f'a{number}="1"' for number in range(100_000))
    yield "attributes", transaction(f"<wfs:Insert {many}/>")
    yield "attribute", transaction('<wfs:Insert handle="' + "x" * 9_000_000 + '"/>')
    spaces = "".join(f'<a xmlns="urn:{number}"/>' for number in range(5_000))
    yield "namespaces", transaction(f"<wfs:Insert>{spaces}</wfs:Insert>")
    yield "UTF-7", b'<?xml version="1.0" encoding="UTF-7"?>' + insert.encode()
    yield "wrong mark", b"\xff\xfe" + insert.encode()
    yield "no text", insert.replace(">a<", ">\xff<").encode("latin-1")
    yield "NUL", insert.replace(">a<", ">\0<")
    numbers = "1 " * 4_000_000
    yield "positions", transaction(f"<wfs:Insert>{plot(polygon(numbers))}</wfs:Insert>")
    yield "nothing", ""


@pytest.mark.parametrize("body", [body for _, body in _hostile()], ids=[id for id, _ in _hostile()])
def test_a_hostile_document_is_refused_and_stores_nothing(desk: Desk, body: str | bytes) -> None:
    before = desk.count(edits), desk.count(plots)
    content = body if isinstance(body, bytes) else body.encode()
    answer = desk.client.post("/wfs", content=content, headers={"content-type": "text/xml"})
    assert answer.status_code in (400, 413), answer.text
    assert "ExceptionReport" in answer.text
    assert (desk.count(edits), desk.count(plots)) == before
    assert desk.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_a_document_in_another_encoding_is_read_right(desk: Desk, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + transaction(
        f"<wfs:Insert>{edit('中文')}</wfs:Insert>"
    )
    (id,) = ids(desk.post(text.encode(encoding)))
    assert desk.row(id).name == "中文"
