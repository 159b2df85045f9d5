"""What a map shows, before it is drawn: geometries with classes, the towns under them, words.

The three ways to draw (`interactive`, `static`, `figure`) get the same drawing, so that they show the same
classes, counts and notes. Knows the client's frames and connection, and no drawing library.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoservice.client import errors
from geoservice.client.maps import appearance, base_map
from geoservice.client.maps.appearance import Appearance, Kind
from geoservice.client.maps.base_map import Towns
from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

if TYPE_CHECKING:
    import geopandas as gpd

    from geoservice.client.connection import Connection

FACTS = "geoservice"
"""The key in a frame's `attrs` of what is known of it."""

POINT, LINE, AREA = 0, 1, 2
"""Dimensions of geometries, as `Drawing.dimensions` holds them."""

SYNTHETIC = Text(
    zh="合成演示数据，不得用于土地或安全决策。",
    en="SYNTHETIC demonstration data: not for decisions about land or safety.",
)

_LON_LAT = 4326
_KINDS: tuple[Kind, ...] = ("point", "line", "area")
_MOST_IN_TOOLTIP = 8
_SMALLEST_EXTENT_DEGREES = 0.01
_COLLECTION = 7  # the type of geometry collections in GEOS

_FEATURES = Text(zh="{count} 个要素", en="{count} features")
_ONE_FEATURE = Text(zh="1 个要素", en="1 feature")
_WITHOUT_PLACE = Text(
    zh="其中 {count} 个没有位置，未画出", en="{count} of them have no position and are not drawn"
)
_AS_OF = Text(zh="截至 {day}", en="as of {day}")
_KNOWN_AT = Text(zh="按 {instant} 时所知", en="as known at {instant}")
_SOURCE = Text(zh="来源：{source}", en="Source: {source}")
_BORDERS = Text(zh="镇街界线：{source}", en="Town borders: {source}")
_DOTS = Text(
    zh="太小而看不出的面和线画成点。", en="Areas and lines too small to be seen are drawn as dots."
)
_CLASS = Text(zh="图例", en="Class")
_MAP = Text(zh="地图", en="Map")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A map to be drawn. Coordinates are longitude and latitude.

    Attributes:
        title: of the map.
        language: of all its words.
        geometries: parts of one dimension each; a geometry of several kinds is several parts.
        dimensions: of each part: POINT, LINE or AREA.
        class_of: the place of each part's class in `appearance.classes`.
        rows: the place of each part's row in `words`.
        words: what is told of each row: column title → text, escaped for nothing.
        appearance: the classes and their symbols.
        towns: what lies under it.
        extent: west, south, east, north of what is to be seen.
        notes: counts, dates, sources, whether the data is synthetic; one line each.
    """

    title: str
    language: Language
    geometries: NDArray[np.object_]
    dimensions: NDArray[np.intp]
    class_of: NDArray[np.intp]
    rows: NDArray[np.intp]
    words: pd.DataFrame
    appearance: Appearance
    towns: Towns
    extent: tuple[float, float, float, float]
    notes: tuple[str, ...]

    @property
    def notes_of_picture(self) -> tuple[str, ...]:
        """The notes below a picture, which nobody can zoom into."""
        if self.dimensions.max(initial=POINT) == POINT:
            return self.notes
        return *self.notes, _DOTS.spoken(self.language)

    def parts(self, dimension: int) -> Iterator[tuple[int, NDArray[np.object_]]]:
        """For each class that has parts of a dimension: its place, and these parts."""
        chosen = self.dimensions == dimension
        for place in np.unique(self.class_of[chosen]):
            yield int(place), self.geometries[chosen & (self.class_of == place)]


def drawing(
    source: Any,
    *,
    color: str | None = None,
    tooltip: Sequence[str] | None = None,
    title: str | None = None,
) -> Drawing:
    """The map of a frame, query or answer.

    Args:
        source: a GeoDataFrame, or what gives one (`to_gdf`) or holds one (`gdf`).
        color: the column whose values have colours; None means the style of the collection, or an
            answer's certainty.
        tooltip: the columns that are told of a feature; None means the first that say something.
        title: of the map; None means that of the collection or question.

    Raises:
        UnknownProperty: `color` or `tooltip` names no column of the frame.
        BadGeometry: the source has no geometry, or does not say in which CRS.
    """
    frame = _frame(source)
    facts: Mapping[str, Any] = frame.attrs.get(FACTS, {})
    connection = _connection(source, facts)
    language = connection.language if connection else DEFAULT_LANGUAGE
    known = _Known(frame, facts, connection, language)
    known.require_columns(color, tooltip)
    geometries, rows = _parts(_in_degrees(frame, language))
    dimensions = np.asarray(shapely.get_dimensions(geometries), dtype=np.intp)
    looks = known.appearance(color, _kind(dimensions))
    under = base_map.towns(connection)
    return Drawing(
        title=title or known.title,
        language=language,
        geometries=geometries,
        dimensions=dimensions,
        class_of=looks.class_of[rows],
        rows=rows,
        words=known.words(tooltip, looks),
        appearance=_of_placed(looks, rows),
        towns=under,
        extent=_extent(geometries, under),
        notes=tuple(known.notes(len(np.unique(rows)), under)),
    )


def told_apart(
    placed: NDArray[np.object_], least: float
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Areas or lines that can be seen, and where those are whose width and height are below `least`."""
    west, south, east, north = shapely.bounds(placed).T
    is_small = np.maximum(east - west, north - south) < least
    return placed[~is_small], shapely.get_coordinates(shapely.centroid(placed[is_small]))


class _Known:
    """What is known of a frame: from its `attrs`, and from the service that it came from."""

    def __init__(
        self,
        frame: "gpd.GeoDataFrame",
        facts: Mapping[str, Any],
        connection: "Connection | None",
        language: Language,
    ) -> None:
        self.frame = frame
        self.facts = facts
        self.connection = connection
        self.language = language
        self.collection: str | None = facts.get("collection")
        self.columns = [name for name in frame.columns if name != frame.geometry.name]
        self.schema: Mapping[str, Any] = self._document("/schema", {}).get("properties", {})

    @property
    def title(self) -> str:
        return str(self.facts.get("title") or self.collection or _MAP.spoken(self.language))

    def require_columns(self, color: str | None, tooltip: Sequence[str] | None) -> None:
        for name in [*([color] if color is not None else []), *(tooltip or ())]:
            if name not in self.columns:
                raise errors.UnknownProperty(
                    self.language,
                    collection=self.title,
                    value=name,
                    allowed=[str(each) for each in self.columns],
                )

    def appearance(self, color: str | None, kind: Kind) -> Appearance:
        if color is None:
            style = self._document("/styles/default", {"f": "json"})
            legend = style.get("metadata", {}).get("geoservice:legend")
            styled = appearance.by_style(self.frame, legend) if legend else None
            if styled is not None:
                return styled
            if appearance.CERTAINTY not in self.frame:
                return appearance.alike(len(self.frame), self.title, kind)
            color = appearance.CERTAINTY
        return appearance.by_values(
            self.frame[color], self._caption(color), self._meanings(color), kind, self.language
        )

    def words(self, tooltip: Sequence[str] | None, looks: Appearance) -> pd.DataFrame:
        """The text of each row: its class, then the columns."""
        told = {}
        if looks.title is not None:
            titles = np.array([each.title for each in looks.classes], dtype=object)
            told[_CLASS.spoken(self.language)] = pd.Series(
                titles[looks.class_of], index=self.frame.index, dtype="string"
            )
        for name in self._telling() if tooltip is None else tooltip:
            told[self._caption(name)] = self._shown(name)
        return pd.DataFrame(told, index=self.frame.index)

    def notes(self, drawn: int, under: Towns) -> Iterator[str]:
        spoken = self.language
        count = len(self.frame)
        parts = [(_ONE_FEATURE if count == 1 else _FEATURES).spoken(spoken).format(count=count)]
        if drawn < count:
            parts.append(_WITHOUT_PLACE.spoken(spoken).format(count=count - drawn))
        if self.facts.get("as_of"):
            parts.append(_AS_OF.spoken(spoken).format(day=self.facts["as_of"]))
        if self.facts.get("known_at"):
            parts.append(_KNOWN_AT.spoken(spoken).format(instant=_minute(self.facts["known_at"])))
        yield " · ".join(parts)
        source = " · ".join(
            str(self.facts[name]) for name in ("attribution", "licence") if self.facts.get(name)
        )
        if source:
            yield _SOURCE.spoken(spoken).format(source=source)
        if under.attribution is not None:
            yield _BORDERS.spoken(spoken).format(source=under.attribution)
        if self._is_synthetic():
            yield SYNTHETIC.spoken(spoken)

    def _is_synthetic(self) -> bool:
        """Whether a collection that the rows come from holds synthetic data."""
        told = self.facts.get("synthetic")
        if told is not None:
            return bool(told)
        versions = self.facts.get("data_version")
        sources = list(versions) if isinstance(versions, Mapping) else [self.collection]
        return any(self._document("", {}, each).get("synthetic", False) for each in sources)

    def _telling(self) -> list[str]:
        """The columns that a tooltip holds by itself: the first ones that have any value."""
        codes = ("_uid", "_code", "_set")
        found = [
            name
            for name in self.columns
            if not str(name).endswith(codes) and bool(self.frame[name].notna().any())
        ]
        return found[:_MOST_IN_TOOLTIP]

    def _caption(self, name: str) -> str:
        field = self._field(name)
        unit = field.get("unit")
        title = str(field.get("title") or name)
        if not unit:
            return title
        return f"{title}（{unit}）" if self.language == "zh" else f"{title} ({unit})"

    def _field(self, name: str) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self.facts.get("fields", {}).get(name, {})
        from_schema = self.schema.get(name, {})
        return {
            "title": told.get("title") or from_schema.get("title"),
            "unit": told.get("unit") or from_schema.get("x-ogc-unit"),
        }

    def _meanings(self, name: str) -> Mapping[str, str]:
        """What the values of a column mean; empty if they are not codes."""
        field = self.schema.get(name, {})
        if field.get("enum"):
            titles = field.get("x-enum-titles", field["enum"])
            return dict(zip(field["enum"], titles, strict=True))
        if name == appearance.CERTAINTY:
            return {
                code: text.spoken(self.language) for code, text in appearance.CERTAINTIES.items()
            }
        return {}

    def _shown(self, name: str) -> "pd.Series[Any]":
        """A column as text: codes by their meaning, numbers without noise, nothing for no value."""
        values, meanings = self.frame[name], self._meanings(name)
        told = [
            None if is_missing else self._told(value, meanings)
            for value, is_missing in zip(values, values.isna(), strict=True)
        ]
        return pd.Series(told, index=values.index, dtype="string")

    def _told(self, value: object, meanings: Mapping[str, str]) -> str:
        if isinstance(value, list | tuple | np.ndarray):
            joint = Text(zh="、", en=", ").spoken(self.language)
            return joint.join(self._told(each, meanings) for each in value)
        if isinstance(value, bool | np.bool_):
            return appearance.TRUTHS[bool(value)].spoken(self.language)
        if isinstance(value, float):
            return f"{value:.10g}"
        return meanings.get(str(value), str(value))

    def _document(
        self, path: str, parameters: Mapping[str, object], collection: str | None = None
    ) -> Mapping[str, Any]:
        """A document of a collection, by default the frame's; empty if there is none."""
        of = collection or self.collection
        if self.connection is None or of is None:
            return {}
        try:
            found: Mapping[str, Any] = self.connection.json(f"/collections/{of}{path}", parameters)
        except (errors.NotFound, errors.UnknownFormat, errors.NotAllowed):
            return {}
        return found


def _minute(instant: object) -> str:
    """An instant to the minute, in UTC."""
    return f"{pd.Timestamp(str(instant)).tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"


def _frame(source: Any) -> "gpd.GeoDataFrame":
    """The frame of a source; it is asked for if it is not there yet."""
    import geopandas as gpd

    found = source
    if not isinstance(found, pd.DataFrame):
        found = source.gdf if hasattr(source, "gdf") else source.to_gdf()
    if not isinstance(found, gpd.GeoDataFrame) or found.active_geometry_name is None:
        reason = Text(
            zh="没有可画的几何：这些数据没有位置。",
            en="there is nothing to draw: this data has no geometry.",
        )
        raise errors.BadGeometry(name="source", reason=reason)
    return found


def _connection(source: Any, facts: Mapping[str, Any]) -> "Connection | None":
    """The connection that a source came by; None for a frame whose service is no longer connected to."""
    from geoservice.client.connection import Connection

    for holder in (source, getattr(source, "collection", None)):
        found = getattr(getattr(holder, "client", None), "connection", None)
        if isinstance(found, Connection):
            return found
    address = facts.get("service")
    return Connection.open_at(address) if isinstance(address, str) else None


def _in_degrees(frame: "gpd.GeoDataFrame", language: Language) -> NDArray[np.object_]:
    """The geometries of a frame as longitude and latitude, row by row."""
    if frame.crs is None:
        reason = Text(
            zh="没有坐标系；请先用 set_crs(…) 说明。",
            en="it has no CRS; say it first, with set_crs(…).",
        )
        raise errors.BadGeometry(language, name="source", reason=reason)
    # CGCS2000 and WGS 84 differ by less than a map can show.
    shown = frame.geometry if frame.crs.is_geographic else frame.geometry.to_crs(_LON_LAT)
    return np.asarray(shapely.force_2d(shown.to_numpy()), dtype=object)


def _parts(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Geometries of one dimension each, and the row that each is of; collections are taken apart."""
    rows = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    found = geometries[rows]
    while len(found) and bool((shapely.get_type_id(found) == _COLLECTION).any()):
        mixed = shapely.get_type_id(found) == _COLLECTION
        parts, owners = shapely.get_parts(found[mixed], return_index=True)
        kept = ~shapely.is_empty(parts)
        found = np.concatenate([found[~mixed], parts[kept]])
        rows = np.concatenate([rows[~mixed], rows[mixed][owners[kept]]])
    return found, rows.astype(np.intp)


def _kind(dimensions: NDArray[np.intp]) -> Kind:
    found = np.unique(dimensions)
    if len(found) > 1:
        return "mixed"
    return _KINDS[int(found[0])] if len(found) else "area"


def _of_placed(looks: Appearance, rows: NDArray[np.intp]) -> Appearance:
    """The classes with the counts of those rows that are drawn."""
    counts = np.bincount(looks.class_of[np.unique(rows)], minlength=len(looks.classes))
    classes = tuple(
        appearance.LegendClass(each.title, each.symbol, int(count))
        for each, count in zip(looks.classes, counts, strict=True)
    )
    return Appearance(looks.title, classes, looks.class_of)


def _extent(geometries: NDArray[np.object_], under: Towns) -> tuple[float, float, float, float]:
    """A box around the features, or around the towns without any; never smaller than a village."""
    seen = geometries if len(geometries) else under.geometries
    if not len(seen):
        return 73.0, 18.0, 135.0, 54.0  # China, where there is nothing to go by
    west, south, east, north = (float(each) for each in shapely.total_bounds(seen))
    x, y = (west + east) / 2, (south + north) / 2
    width, height = (
        max(size * 1.08, _SMALLEST_EXTENT_DEGREES) for size in (east - west, north - south)
    )
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2
