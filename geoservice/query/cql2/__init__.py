"""CQL2 (OGC 21-065r2), text and JSON → the filter tree.

A text passes the fence, then a native parser that only turns it into JSON; a JSON body passes the
fence, then a JSON decoder. From there both take one way: a reader that looks every name up, checks
every type and knows every operator. Nothing that the reader does not know reaches the tree.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import shapely

from geoservice.crs import Crs
from geoservice.description.collection import Collection
from geoservice.errors import BadFilter, BadGeometry
from geoservice.languages import Text
from geoservice.query.cql2.geometries import geometry, shape_as_given
from geoservice.query.cql2.parsing import decoded_json, parsed_geometry, parsed_text
from geoservice.query.cql2.reader import Reader
from geoservice.query.filter import Condition, Geometry
from geoservice.query.geometries import bad_geometry
from geoservice.query.limits import Budget, FilterLimits

__all__ = ["FilterLimits", "read_geometry", "read_json", "read_shape", "read_text"]


def read_text(
    text: str, collection: Collection, *, filter_crs: Crs, limits: FilterLimits
) -> Condition:
    """The condition that a CQL2 text states; geometries are in `filter_crs`, in its axis order."""
    return Reader(collection, filter_crs, limits).condition(parsed_text(text, limits))


def read_json(
    body: bytes | str, collection: Collection, *, filter_crs: Crs, limits: FilterLimits
) -> Condition:
    """The condition that a CQL2 JSON document states; see `read_text`."""
    return Reader(collection, filter_crs, limits).condition(decoded_json(body, limits))


def read_geometry(text: str, *, name: str, crs: Crs, limits: FilterLimits) -> Geometry:
    """The geometry that a parameter states as two numbers, WKT, BBOX or GeoJSON, in a CRS.

    For distances as for relations: long edges are divided, so that both see the same line.
    """
    with _named(name):
        return geometry(_node(text, limits), crs, Budget(limits), for_distance=True)


def read_shape(text: str, *, name: str, crs: Crs, limits: FilterLimits) -> shapely.Geometry:
    """The same as a shape with the coordinates as they were given, x first; it need not be valid."""
    with _named(name):
        return shape_as_given(_node(text, limits), crs, Budget(limits))


def _node(text: str, limits: FilterLimits) -> Any:
    node = parsed_geometry(text, limits)
    if not isinstance(node, dict) or not ("type" in node or "bbox" in node):
        raise bad_geometry("不是几何。", "it is not a geometry.")
    return node


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Mistakes as those of the parameter with this name."""
    try:
        yield
    except BadGeometry as fault:
        raise BadGeometry(**{**fault.parts, "name": name}) from None
    except BadFilter as fault:
        reason = Text(zh=fault.text("zh"), en=fault.text("en"))
        raise BadGeometry(name=name, reason=reason) from None
