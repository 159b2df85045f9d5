"""Maps of what the client has: `explore` on the screen, `plot` for print.

Both show what the service's own style says, in the client's language, over the towns of the service.
Nothing is fetched from anywhere else: no tiles, no fonts, no scripts. The packages that draw are
imported only when a map is drawn.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from geoservice.client.maps.drawing import drawing
from geoservice.client.maps.requirements import (
    MissingFont,
    MissingPackage,
    is_installed,
    require_packages,
)
from geoservice.client.maps.static import StaticMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from geoservice.client.maps.figure import PrintFigure
    from geoservice.client.maps.interactive import InteractiveMap

__all__ = ["MissingFont", "MissingPackage", "StaticMap", "explore", "plot"]


def explore(
    source: Any,
    *,
    color: str | None = None,
    tooltip: Sequence[str] | None = None,
    title: str | None = None,
    static: bool = False,
) -> "InteractiveMap | StaticMap":
    """A map to look at in a notebook; a picture of it stays in the saved notebook.

    Without the package lonboard, or with `static=True`, it is the picture alone.

    Args:
        source: a GeoDataFrame, query, collection or answer.
        color: the column whose values have colours: codes by their meaning, numbers in five classes
            with about as many features each. None means the style of the collection, or the
            certainty of an answer's rows.
        tooltip: the columns that a feature tells under the pointer; None means the first eight that
            say something.
        title: above the map; None means that of the collection or question.
        static: only the picture.

    Raises:
        UnknownProperty: `color` or `tooltip` names no column.
        BadGeometry: the source has no geometry, or no CRS.
    """
    drawn = drawing(source, color=color, tooltip=tooltip, title=title)
    if static or not is_installed("lonboard"):
        return StaticMap(drawn)
    from geoservice.client.maps.interactive import interactive_map

    return interactive_map(drawn)


def plot(
    source: Any,
    *,
    color: str | None = None,
    title: str | None = None,
    figure: "FigureBase | Axes | None" = None,
    size_mm: tuple[float, float] = (297, 210),
) -> "PrintFigure | FigureBase":
    """A figure for print: scale bar, north, legend, sources; `savefig` writes PNG, SVG or PDF.

    Args:
        source: a GeoDataFrame, query, collection or answer.
        color: as in `explore`.
        title: above the map; None means that of the collection or question.
        figure: a figure of matplotlib to draw into, or axes, where the map keeps within them and the
            notes stand below; None makes one of `size_mm`.
        size_mm: width and height of the paper; A4 across by default.

    Raises:
        MissingPackage: matplotlib is not installed.
        MissingFont: the words are Chinese, and no font for them is installed.
        UnknownProperty: `color` names no column.
        BadGeometry: the source has no geometry, or no CRS.
    """
    drawn = drawing(source, color=color, tooltip=(), title=title)
    require_packages(["matplotlib"], drawn.language)
    from geoservice.client.maps.figure import print_figure

    return print_figure(drawn, figure, size_mm)
