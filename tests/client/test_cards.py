"""What a notebook shows: both titles, the facts, lines to copy; and nothing of a layer becomes HTML."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from geoservice.client import Client
from geoservice.client.fields import Fields
from geoservice.client.markup import Markup, element, table
from geoservice.client.sketch import sketch
from geoservice.files.options import ImportOptions
from geoservice.files.publication import publish_file
from geoservice.languages import Text
from geoservice.regions import region
from geoservice.store.publishing import Registry, withdraw

HOSTILE = '<script>alert(1)</script>" onload="alert(2)\' & <img src=x onerror=alert(3)>'
HARMLESS = frozenset(
    (
        *("div", "span", "code", "strong", "details", "summary"),
        *("table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "title", "line", "text", "path", "rect"),
    )
)


class Page(HTMLParser):
    """The elements and the text of a card; fails where they are not nested properly."""

    def __init__(self, card: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(card)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.fixture
def hostile(service, tmp_path: Path) -> Iterator[str]:
    """A published layer whose title, and a value of which, are attempts at HTML."""
    path = tmp_path / "layer.geojson"
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [113.7, 22.9]},
        "properties": {"like": HOSTILE, "date": "2024-01-31"},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    registry = Registry(service.database)
    report = publish_file(
        service.database,
        registry,
        "hostile_layer",
        path,
        ImportOptions(),
        actor="tester",
        door="test",
        region=region(None),
        title=Text(zh=f"层{HOSTILE}", en=f"layer {HOSTILE}"),
    )
    assert report.state == "committed"
    yield "hostile_layer"
    withdraw(service.database, registry, "hostile_layer")


def cards_of(city: Client, id: str) -> list[str]:
    """Every card that shows something of a collection."""
    collection = city[id]
    query = (
        collection.where(f"\"like\" = '{HOSTILE.replace(chr(39), chr(39) * 2)}'")
        if id == "hostile_layer"
        else collection
    )
    return [
        city._repr_html_(),
        collection._repr_html_(),
        collection.fields._repr_html_(),
        query._repr_html_(),
        query.explain()._repr_html_(),
    ]


def test_nothing_of_a_layer_becomes_html(city: Client, hostile: str):
    for card in cards_of(city, hostile):
        page = Page(card)
        assert page.names <= HARMLESS
        assert not {each for each in page.attributes if each.startswith("on")}
        assert "<script" not in card
        assert "<img" not in card
    assert HOSTILE in Page(city[hostile]._repr_html_()).text
    assert HOSTILE in Page(city._repr_html_()).text


def test_a_published_layer_is_a_collection_like_any(city: Client, hostile: str):
    layer = city[hostile]
    assert hostile in city.collections.index
    assert layer.titles["en"] == f"layer {HOSTILE}"
    assert layer.where(like=HOSTILE).count() == 1
    assert layer.where(date="2024-01-31").count() == 1
    assert layer.to_gdf()["like"].tolist() == [HOSTILE]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_card_of_the_service_lists_collections_in_both_languages(connect_as, language: str):
    city = Client(connect_as(language=language))
    card = Page(city._repr_html_())
    for part in ("东莞市自然资源数据服务", "Natural-resources registers of Dongguan"):
        assert part in card.text
    for part in ("地质灾害点", "Geological-hazard sites", "169", "city['hazard_sites']"):
        assert part in card.text
    assert city.info.version in card.text


def test_the_card_of_a_collection_shows_what_is_known_of_it(service, connect_as):
    zones = Client(connect_as(language="en"))["risk_zones"]
    card = Page(zones._repr_html_())
    for part in (
        *("Geological-hazard risk zones", "地质灾害风险区", "40", "MultiPolygon"),
        *("The bureau's maps of geological risk", "SYNTHETIC", "area_ellipsoid_m2", "m²"),
        *(f"{service.address}/wfs?", f"{service.address}/qgis/project.qgz", "curl -fsS"),
        f"geoservice.connect('{service.address}')['risk_zones'].to_gdf()",
    ):
        assert part in card.text, part
    assert "last change" in card.text
    assert re.search(r"20\d\d-\d\d-\d\dT", card.text)
    assert "svg" in card.names


def test_a_card_shows_the_share_of_missing_values(city: Client):
    # In the file 152 of 169 sites are not cancelled.
    card = city["hazard_sites"].fields._repr_html_()
    text = Page(card).text
    assert re.search(r"cancelled_on\s+核销日期\s+日期\s+89\.9%", text)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (0.0001, "0.1%"), (0.5, "50.0%"), (0.9999, "99.9%"), (1, "100%"), (None, "—")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, shown: str):
    schema = {"properties": {"name": {"type": "string"}}}
    fields = Fields("wells", schema, "en", lambda _name: share)
    assert f">{shown}<" in fields._repr_html_()


def test_a_large_collection_says_that_missing_values_are_not_counted(
    city: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("geoservice.client.collection.MOST_COUNTED", 1)
    text = Page(city["risk_zones"]._repr_html_()).text
    assert "未统计" in text
    assert "%" not in text


def test_a_table_without_geometry_has_no_sketch(city: Client):
    page = Page(city["quota_rules"]._repr_html_())
    assert "svg" not in page.names
    assert "无" in page.text


def test_a_service_in_this_process_offers_no_lines_for_other_programs(city: Client):
    city.connection.is_remote = False
    assert city.info.address is None
    shown = [Page(each).text for each in (city._repr_html_(), city["towns"]._repr_html_())]
    assert "本进程内" in shown[0]
    assert "city['towns'].to_gdf()" in shown[1]
    for text in (*shown, str(city["towns"].explain())):
        assert "curl" not in text
        assert "WFS" not in text


def test_a_query_card_tells_its_conditions_and_that_it_is_not_run(city: Client):
    query = city["towns"].where(kind="town").sort("code")
    text = Page(query._repr_html_()).text
    for part in ("尚未执行", "kind = 'town'", "code"):
        assert part in text


def test_text_is_escaped_and_markup_is_not():
    inner = element("b", "<&>")
    assert inner == "<b>&lt;&amp;&gt;</b>"
    assert element("i", inner, title='"<') == '<i title="&quot;&lt;"><b>&lt;&amp;&gt;</b></i>'
    assert isinstance(table(["<"], [[">"]]), Markup)
    assert element("p", None, 0) == "<p>0</p>"


def test_a_sketch_of_a_point_is_still_one():
    drawn = sketch((113.7, 22.9, 113.7, 22.9), [], "title")
    assert "nan" not in drawn
    assert "inf" not in drawn
    Page(drawn)


def test_a_sketch_keeps_north_up_and_the_box_in_its_place():
    drawn = sketch((0.0, 0.0, 0.5, 0.5), [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]], "t")
    x, y = (float(each) for each in re.search(r'<rect x="([\d.]+)" y="([\d.]+)"', drawn).groups())
    width = float(re.search(r'<rect [^>]* width="([\d.]+)"', drawn)[1])
    height = float(re.search(r'<svg [^>]* height="(\d+)"', drawn)[1])
    assert x == 8  # the margin: its west is that of the whole
    assert y == pytest.approx(height / 2, abs=1)  # its north is in the middle
    assert width == pytest.approx(
        (float(re.search(r'<svg [^>]* width="(\d+)"', drawn)[1]) - 16) / 2, abs=1
    )
