"""A geometry is stored as it came, or refused with the reason; it is never mended."""

import math
import random

import pytest
import shapely

from geoservice.crs import CRS84, epsg, named, offered
from geoservice.description.collection import Collection, GeometryType
from geoservice.editing.shapes import from_geojson, stored
from geoservice.errors import RejectedFeature
from geoservice.languages import Text

ANY = Text(zh="样本", en="Sample")
OFFERED = offered(4547)
# EPSG:4547, CGCS2000 / 3-degree GK CM 114E: northing first; scale 1, false easting 500 km.
PLANE = epsg(4547)


def collection(type: GeometryType) -> Collection:
    return Collection(id="samples", title=ANY, description=ANY, geometry=type, fields=())


def read(value: object, type: GeometryType = GeometryType.GEOMETRY, crs=CRS84, most: int = 10_000):
    return from_geojson(collection(type), "geom", value, crs, most)


def refusal(value: object, type: GeometryType = GeometryType.GEOMETRY, **more) -> str:
    with pytest.raises(RejectedFeature) as refused:
        read(value, type, **more)
    assert refused.value.parts["field"] == "geom"
    return str(refused.value.parts["reason"].en)


def of(kind: str, coordinates: object) -> dict[str, object]:
    return {"type": kind, "coordinates": coordinates}


RING = [[113.0, 22.0], [114.0, 22.0], [114.0, 23.0], [113.0, 22.0]]
HOLE = [[113.6, 22.3], [113.7, 22.3], [113.7, 22.4], [113.6, 22.3]]


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Point", [113.1234567891, 22]),
        ("MultiPoint", [[113, 22], [113, 23]]),
        ("LineString", [[113, 22], [113, 23]]),
        ("MultiLineString", [[[113, 22], [113, 23]]]),
        ("Polygon", [RING, HOLE]),
        ("MultiPolygon", [[RING, HOLE]]),
    ],
)
def test_a_geometry_is_stored_as_it_came(kind, coordinates):
    expected = shapely.geometry.shape(of(kind, coordinates))
    assert read(of(kind, coordinates)) == shapely.to_wkb(expected, byte_order=1)
    assert read(of(kind, coordinates), GeometryType(kind)) == shapely.to_wkb(expected, byte_order=1)


def test_no_geometry_is_none():
    assert read(None) is None


@pytest.mark.parametrize(
    ("single", "multi", "coordinates"),
    [
        ("Point", GeometryType.MULTI_POINT, [113, 22]),
        ("LineString", GeometryType.MULTI_LINE_STRING, [[113, 22], [113, 23]]),
        ("Polygon", GeometryType.MULTI_POLYGON, [RING, HOLE]),
    ],
)
def test_a_single_geometry_is_a_multi_geometry_of_one_part(single, multi, coordinates):
    expected = shapely.geometry.shape(of(multi.value, [coordinates]))
    assert read(of(single, coordinates), multi) == shapely.to_wkb(expected, byte_order=1)
    english = refusal(of(multi.value, [coordinates]), GeometryType(single))
    assert english == f"its type must be {single}"


@pytest.mark.parametrize(
    ("value", "english"),
    [
        ("POINT(113 22)", "its type must be Point, MultiPoint"),
        ([], "its type must be"),
        (of("Circle", [113, 22]), "its type must be"),
        (of("GeometryCollection", []), "its type must be"),
        ({"type": "GeometryCollection", "geometries": [of("Point", [113, 22])]}, "its type must"),
        ({"type": "Point"}, "nested wrongly or empty"),
        (of("Point", []), "nested wrongly or empty"),
        (of("Point", [113]), "nested wrongly or empty"),
        (of("Point", [[113, 22]]), "nested wrongly or empty"),
        (of("Point", "113 22"), "nested wrongly or empty"),
        (of("LineString", [113, 22]), "nested wrongly or empty"),
        (of("MultiPoint", []), "nested wrongly or empty"),
        (of("MultiPolygon", [[]]), "nested wrongly or empty"),
        (of("Point", [113, 22, 5]), "two numbers"),
        (of("LineString", [[113, 22], [113, 23, 5]]), "two numbers"),
        (of("Point", [math.nan, 22]), "not finite"),
        (of("Point", [math.inf, 22]), "not finite"),
        (of("Point", [10**400, 22]), "not finite"),
        (of("Point", [True, 22]), "not finite"),
        (of("Point", ["113", 22]), "not finite"),
        (of("Point", [None, 22]), "not finite"),
        (of("LineString", [[113, 22]]), "at least 2 positions"),
        (of("LineString", [[113, 22], [113, 22]]), "not valid"),
        (of("Polygon", [RING[:3]]), "at least 4 positions"),
        (of("Polygon", [[*RING[:3], [113.5, 22]]]), "not closed"),
        (of("Polygon", [[[113, 22], [114, 23], [114, 22], [113, 23], [113, 22]]]), "Self-inter"),
        (of("Polygon", [[[113, 22], [114, 22], [115, 22], [113, 22]]]), "not valid"),
        (of("Polygon", [RING, RING]), "not valid"),
        (of("Polygon", [RING, [[110, 22], [111, 22], [111, 23], [110, 22]]]), "Hole lies outside"),
        (of("MultiPolygon", [[RING], [RING]]), "not valid"),
        (
            of("Polygon", [[[113, 22], [114, 22], [114, 23], [114, 25], [114, 23], [113, 22]]]),
            "not valid",
        ),
    ],
)  # fmt: skip
def test_a_bad_geometry_is_refused_with_the_reason(value, english):
    assert english in refusal(value)


def test_what_is_not_valid_is_told_with_its_place():
    bow_tie = [[113, 22], [114, 23], [114, 22], [113, 23], [113, 22]]
    assert "[113.5 22.5]" in refusal(of("Polygon", [bow_tie]))


def test_vertices_are_counted_before_anything_is_made_of_them():
    line = [[113 + n / 1000, 22] for n in range(11)]
    assert read(of("LineString", line[:10]), most=10)
    assert "more vertices than max_geom_vertices, 10" in refusal(of("LineString", line), most=10)
    parts = of("MultiLineString", [line[:5], line[:6]])
    assert "max_geom_vertices" in refusal(parts, most=10)


def test_coordinates_nested_without_end_are_refused_at_their_depth():
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    for kind in ("Point", "LineString", "MultiPolygon"):
        assert "nested wrongly" in refusal(of(kind, deep))
    while deep:  # taken apart from outside, or the interpreter would go down as deep
        deep = deep.pop()


def random_ring(number: int) -> list[list[float]]:
    seed = random.Random(1)
    ring = [[seed.uniform(113, 114), seed.uniform(22, 23)] for _ in range(number)]
    return [*ring, ring[0]]


def test_thousands_of_random_vertices_are_refused():
    assert "Self-intersection" in refusal(of("Polygon", [random_ring(5000)]))


def teeth(number: int) -> list[list[float]]:
    """A valid ring of 4 vertices for each slanting tooth: the boxes of nearly all edges overlap."""
    ring = [[112.9, 22.0]]
    for tooth in range(number):
        left = 113 + tooth / number / 2
        gap = 0.25 / number
        ring += [[left, 22.1], [left + 0.5, 23], [left + gap + 0.5, 23], [left + gap, 22.1]]
    return [*ring, [114, 22.0], [112.9, 22.0]]


def test_a_polygon_that_would_take_minutes_to_judge_is_refused():
    for ring in (teeth(49_000), random_ring(199_999)):
        assert "to find out whether it is valid" in refusal(of("Polygon", [ring]), most=200_000)


def test_a_coast_of_very_many_vertices_is_stored():
    turns = [number * math.tau / 199_999 for number in range(199_999)]
    ring = [[113.5 + math.cos(each) / 2, 22.5 + math.sin(each) / 2] for each in turns]
    polygon = of("Polygon", [[*ring, ring[0]]])
    expected = shapely.to_wkb(shapely.geometry.shape(polygon), byte_order=1)
    assert read(polygon, most=200_000) == expected


@pytest.mark.parametrize("vertices", [5000, 5001])
def test_what_is_judged_in_another_process_is_judged_the_same(vertices):
    line = [[113 + number / 10_000, 22.0] for number in range(vertices - 4)]
    valid = [*line, [114, 23.0], [113.5, 23.0], [113, 23.0], line[0]]
    assert read(of("Polygon", [valid]))
    crossing = [*line, [113, 23.0], [113.5, 23.0], [114, 23.0], line[0]]
    assert "not valid: Self-intersection" in refusal(of("Polygon", [crossing]))


# Where


def test_the_axes_are_those_of_the_name():
    latitude_first = named("http://www.opengis.net/def/crs/EPSG/0/4490", OFFERED)
    east_first = named("EPSG:4490", OFFERED)
    assert latitude_first is not None
    assert east_first is not None
    expected = shapely.to_wkb(shapely.Point(113.75, 23), byte_order=1)
    assert read(of("Point", [23, 113.75]), crs=latitude_first) == expected
    assert read(of("Point", [113.75, 23]), crs=east_first) == expected


@pytest.mark.parametrize(
    ("x", "y", "english"),
    [
        (180.0001, 22, "not on earth"),
        (113, 90.0001, "not on earth"),
        (-180.0001, 22, "not on earth"),
        (1e300, 22, "not on earth"),
        (23, 113, "the axes look swapped"),
        (2544000, 530000, "not on earth"),
    ],
)
def test_what_is_not_on_earth_is_refused(x, y, english):
    assert english in refusal(of("Point", [x, y]))


def test_the_ends_of_the_earth_are_on_it():
    for x, y in ((180, 90), (-180, -90)):
        assert read(of("Point", [x, y]))


def test_metres_are_transformed_to_degrees():
    # On the central meridian the easting is 500 km, and the northing that of the meridian arc.
    wkb = read(of("Point", [2544687.0, 500000.0]), crs=PLANE)
    point = shapely.from_wkb(wkb)
    assert point.x == pytest.approx(114.0, abs=1e-9)
    assert point.y == pytest.approx(23.0, abs=0.01)


def test_northing_and_easting_in_the_wrong_order_are_told():
    assert "the axes look swapped" in refusal(of("Point", [500000.0, 2544687.0]), crs=PLANE)


def test_metres_beyond_the_earth_are_told():
    assert "not on earth" in refusal(of("Point", [1e12, 1e12]), crs=PLANE)


def test_a_geometry_that_is_too_thin_to_be_given_out_is_refused():
    thin = [[113, 22], [113.00000001, 22], [113.00000001, 22.00000001], [113, 22]]
    assert "rounded as it is given out" in refusal(of("Polygon", [thin]))


# Shapes of other readers


def test_a_shape_with_heights_or_measures_is_refused():
    for shape in (shapely.Point(113, 22, 5), shapely.from_wkt("POINT M (113 22 5)")):
        with pytest.raises(RejectedFeature, match="二维"):
            stored(collection(GeometryType.POINT), "geom", shape, CRS84, 10)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Point(),
        shapely.MultiPolygon(),
        shapely.from_wkt("MULTIPOINT (EMPTY, (113 22))"),
        shapely.from_wkt("MULTIPOLYGON (EMPTY, ((113 22, 114 22, 114 23, 113 22)))"),
    ],
)
def test_a_shape_that_is_empty_or_has_an_empty_part_is_refused(shape):
    with pytest.raises(RejectedFeature, match="空"):
        stored(collection(GeometryType.GEOMETRY), "geom", shape, CRS84, 10)


def test_a_collection_of_shapes_or_a_lone_ring_is_refused():
    ring = shapely.LinearRing([(113, 22), (114, 22), (114, 23)])
    for shape in (shapely.GeometryCollection([shapely.Point(113, 22)]), ring):
        with pytest.raises(RejectedFeature, match="类型"):
            stored(collection(GeometryType.GEOMETRY), "geom", shape, CRS84, 10)


def test_a_number_that_names_a_crs_is_not_kept_with_the_shape():
    shape = shapely.set_srid(shapely.Point(113, 22), 4326)
    expected = shapely.to_wkb(shapely.Point(113, 22), byte_order=1)
    assert stored(collection(GeometryType.POINT), "geom", shape, CRS84, 10) == expected
