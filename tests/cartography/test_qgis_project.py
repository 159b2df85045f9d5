"""The project file as such: what it holds, what it must not hold, and that it is always the same."""

import io
import zipfile

import pytest
from lxml import etree
from styled import ALL, stations

from geoservice.cartography.qgis_project import Project, Provider, qgis_project
from geoservice.catalog import Catalog
from geoservice.errors import BadParameter

BASE = "https://geo.example.org/data"


def project_for(region, **more) -> Project:
    return Project(**{"base": BASE, "region": region, "language": "zh", **more})


def parsed(packed: bytes):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["project.qgs"]
        assert archive.testzip() is None
        return etree.fromstring(archive.read("project.qgs"))


def layers(tree) -> dict[str, etree._Element]:
    return {each.findtext("id"): each for each in tree.findall("projectlayers/maplayer")}


def test_all_collections_are_layers_in_groups_by_subject(dongguan):
    tree = parsed(qgis_project(Catalog(ALL), project_for(dongguan)))
    groups = {
        group.get("name"): [each.get("id") for each in group.findall("layer-tree-layer")]
        for group in tree.findall("layer-tree-group/layer-tree-group")
    }
    assert groups == {
        "公共服务设施": ["geoservice_facilities"],
        "地质灾害": [
            *("geoservice_hazard_sites", "geoservice_risk_zones"),
            *("geoservice_hazard_assessments", "geoservice_register_periods"),
        ],
        "用地": [
            *("geoservice_education_projects", "geoservice_land_parcels"),
            *("geoservice_land_reserves", "geoservice_zones"),
        ],
        "规划": ["geoservice_control_lines", "geoservice_plans", "geoservice_targets"],
        "用地指标": [
            *("geoservice_quota_parcels", "geoservice_quota_accounts"),
            *("geoservice_quota_entries", "geoservice_quota_rules"),
        ],
        "治理资金": ["geoservice_funding_entries"],
        "民生项目": ["geoservice_livelihood_projects"],
        "数据完整性": ["geoservice_coverage_statements"],
        "由文件发布的图层": [
            *("geoservice_stations", "geoservice_roads", "geoservice_sketches"),
            *("geoservice_areas", "geoservice_borders", "geoservice_ledger"),
        ],
        "行政区划": ["geoservice_towns", "geoservice_villages"],
        "代码": ["geoservice_code_lists"],
        "综合治理": [
            *("geoservice_remediation_programmes", "geoservice_remediation_projects"),
        ],
    }
    assert sorted(layers(tree)) == sorted(id for ids in groups.values() for id in ids)


def test_points_are_drawn_over_lines_and_lines_over_areas(dongguan):
    order = [
        each.text
        for each in parsed(qgis_project(ALL, project_for(dongguan))).find(
            "layer-tree-group/custom-order"
        )
    ]
    assert order == [
        *("geoservice_stations", "geoservice_roads", "geoservice_sketches"),
        *("geoservice_areas", "geoservice_borders", "geoservice_ledger"),
    ]


def test_layers_are_read_by_wfs_with_paging_and_the_extent_of_the_view(dongguan):
    layer = layers(parsed(qgis_project([stations], project_for(dongguan))))["geoservice_stations"]
    assert layer.findtext("provider") == "WFS"
    assert layer.findtext("datasource") == (
        "pagingEnabled='true' restrictToRequestBBOX='1' srsname='EPSG:4490' "
        "typename='gs:stations' url='https://geo.example.org/data/wfs' version='auto'"
    )


def test_layers_are_read_by_ogc_api_on_request(dongguan):
    project = project_for(dongguan, provider=Provider.OGC_API)
    layer = layers(parsed(qgis_project([stations], project)))["geoservice_stations"]
    assert layer.findtext("provider") == "OAPIF"
    assert layer.findtext("datasource") == (
        "pagingEnabled='true' restrictToRequestBBOX='1' typename='stations' "
        "url='https://geo.example.org/data/'"
    )


@pytest.mark.parametrize(
    ("provider", "name", "id"),
    [(Provider.WFS, "地块_x0020_号", "uid"), (Provider.OGC_API, "地块 号", "id")],
)
def test_fields_have_the_names_that_the_provider_gives_them(dongguan, provider, name, id):
    project = project_for(dongguan, provider=provider)
    layer = layers(parsed(qgis_project([stations], project)))["geoservice_stations"]
    named = [each.get("field") for each in layer.findall("aliases/alias")]
    assert name in named
    assert named[0] == id
    assert layer.find("editable/field").get("name") == id


def test_the_map_opens_on_the_region_in_its_metric_crs(dongguan):
    tree = parsed(qgis_project([stations], project_for(dongguan)))
    assert tree.findtext("projectCrs/spatialrefsys/authid") == "EPSG:4547"
    # 113.4 E is 0.6° west of the central meridian: 0.6 × 111 320 m × cos 22.5° = 61.7 km.
    assert float(tree.findtext("mapcanvas/extent/xmin")) == pytest.approx(500_000 - 61_700, abs=100)
    assert float(tree.findtext("mapcanvas/extent/xmax")) == pytest.approx(500_000 + 41_150, abs=100)
    assert tree.findtext("title") == "东莞市 · 自然资源数据"


def test_metadata_names_contents_source_and_licence(dongguan):
    project = project_for(dongguan, language="en")
    layer = layers(parsed(qgis_project([stations], project)))["geoservice_stations"]
    about = layer.find("resourceMetadata")
    assert about.findtext("title") == "stations layer"
    assert about.findtext("abstract").startswith("<test> & \ufffd")
    assert about.findtext("rights") == "Source · 局"
    assert about.findtext("license") == "CC BY 4.0"
    assert [each.get("url") for each in about.findall("links/link")] == [
        f"{BASE}/collections/stations",
        "https://example.org/",
    ]


def test_demonstration_data_says_so_in_the_tree_in_the_metadata_and_on_the_map(dongguan):
    project = project_for(dongguan, language="en", synthetic={"stations"})
    tree = parsed(qgis_project(ALL, project))
    named = {each.get("id"): each.get("name") for each in tree.iter("layer-tree-layer")}
    assert named["geoservice_stations"] == "stations layer (synthetic)"
    assert named["geoservice_roads"] == "roads layer"
    found = layers(tree)
    assert "SYNTHETIC" in found["geoservice_stations"].findtext("resourceMetadata/abstract")
    assert "SYNTHETIC" in found["geoservice_stations"].findtext("resourceMetadata/constraints")
    assert "SYNTHETIC" not in found["geoservice_roads"].findtext("resourceMetadata/abstract")
    assert tree.findtext("properties/TitleLabel/Label").startswith("SYNTHETIC")
    assert tree.findtext("projectMetadata/abstract").startswith("SYNTHETIC")


def test_real_data_is_not_called_synthetic(dongguan):
    tree = parsed(qgis_project(ALL, project_for(dongguan, language="en")))
    assert tree.find("properties/TitleLabel") is None
    assert b"SYNTHETIC" not in etree.tostring(tree)


def test_codes_of_towns_are_shown_by_the_towns_layer(dongguan):
    layer = layers(parsed(qgis_project(Catalog(), project_for(dongguan))))[
        "geoservice_hazard_sites"
    ]
    widgets = {
        each.get("name"): (
            each.find("editWidget").get("type"),
            {o.get("name"): o.get("value") for o in each.iter("Option")},
        )
        for each in layer.findall("fieldConfiguration/field")
    }
    kind, options = widgets["town_code"]
    assert kind == "ValueRelation"
    assert (options["Layer"], options["Key"], options["Value"]) == (
        *("geoservice_towns", "code"),
        "name",
    )
    assert widgets["merged_into"][0] == "TextEdit"  # by uid, which is no attribute in WFS
    assert widgets["footprint"][0] == "Hidden"


def test_a_reference_to_a_collection_that_is_not_there_stays_a_code(dongguan):
    sites = [each for each in Catalog() if each.id == "hazard_sites"]
    layer = layers(parsed(qgis_project(sites, project_for(dongguan))))["geoservice_hazard_sites"]
    assert not [each for each in layer.iter("editWidget") if each.get("type") == "ValueRelation"]


@pytest.mark.parametrize(
    "base", ["https://user@geo.example.org", "https://user:word@geo.example.org/data"]
)
def test_an_address_with_a_password_is_refused_and_not_repeated(dongguan, base):
    with pytest.raises(BadParameter) as refused:
        project_for(dongguan, base=base)
    assert "word@" not in refused.value.text("en")
    assert "user" not in refused.value.text("en").replace("user and password", "")


def test_the_same_project_is_the_same_bytes(dongguan):
    first, second = (qgis_project(Catalog(ALL), project_for(dongguan)) for _ in range(2))
    assert first == second


def test_the_order_in_which_collections_come_does_not_matter(dongguan):
    project = project_for(dongguan)
    assert qgis_project(ALL, project) == qgis_project(ALL[::-1], project)
