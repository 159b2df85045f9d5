"""What affects a place: one row for each layer, for a point, a shape, a parcel, or each row of a file.

Knows how a place is handed over; what a layer says of it is known to the service.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import geopandas
import pandas as pd

from geoservice.client import answer_cards, errors
from geoservice.client.answers import Answered, answer_to
from geoservice.client.places import geojson, in_degrees
from geoservice.client.streams import ArrowStream

if TYPE_CHECKING:
    from geoservice.client.service import Client

VERDICTS = ("yes", "no", "not_covered", "not_assessed")
"""What a layer says of a place; only `no` says that nothing is there."""

PARCELS = ("land_parcels", "quota_parcels")
"""Where a number without a collection is looked for, in this order."""

_NAMES = {
    "collection": "layer",
    "state": "verdict",
    "nearest_uid": "nearest_id",
    "nearest_label": "nearest",
    "nearest_distance_m": "distance_m",
}
_OFFSETS = ("gcj02", "bd09")
_SUSPICIONS = tuple(f"suspected-{each}" for each in _OFFSETS)
_SHAPES = ("POINT", "LINESTRING", "POLYGON", "MULTI", "{")
_BESIDE_SHP = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_READING = ("encoding", "layer", "x", "y", "wkt")


class OffsetSuspected(UserWarning):
    """Coordinates that look like those of a Chinese web map, shifted by hundreds of metres."""


class Check(Answered):
    """What affects a place, layer by layer.

    Attributes:
        places: what was asked about, by the number that `layers` calls it.
    """

    def __init__(
        self, answered: Answered, places: pd.Index, layers: tuple[str, ...] | None
    ) -> None:
        super().__init__(
            answered.client,
            answered._table,
            answered.account,
            given=answered.given,
            url=answered.url,
        )
        self.places = places
        self._wanted = layers

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row for each place and layer.

        `verdict` is `yes`, `no`, `not_covered` (there is no data) or `not_assessed` (nothing is
        listed, and nothing says that the layer is complete): the last two are no “no”. `share` and
        `overlap_m2` tell how much of the place is covered, `distance_m` how far the nearest feature
        is, however far. `place` is the index of the frame that was checked, else a number from 1.
        """
        frame = pd.DataFrame(self.gdf.drop(columns="geometry")).rename(columns=_NAMES)
        frame["place"] = self.places.take(frame["place"].to_numpy(dtype=int) - 1)
        return frame.reset_index(drop=True)

    @cached_property
    def gdf(self) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """The rows as the service gives them, each with the line to the nearest feature."""
        frame = super().gdf
        if self._wanted is not None:
            frame = frame[frame["collection"].isin(self._wanted)]
        return frame

    def _repr_html_(self) -> str:
        return answer_cards.check_card(self)


@dataclass(frozen=True)
class _File:
    """A file to be uploaded, and the index of its rows if it was a frame."""

    name: str
    content: bytes
    rows: pd.Index | None = None


def check(
    client: "Client",
    place: object,
    *,
    layers: str | Iterable[str] | None = None,
    **given: object,
) -> Check:
    """What affects a place.

    Args:
        client: of the service.
        place: (longitude, latitude); a shapely geometry in longitude and latitude; a GeoSeries or
            GeoDataFrame in any CRS that it says, of which each row is a place; a `Path` of a file
            (Shapefile with its parts or zipped, GeoPackage, GeoJSON, CSV, XLSX …), of which each
            feature is one; a text: WKT, GeoJSON, `collection/number` or `collection/id` of a
            feature, else the number of a parcel.
        layers: the ids of those to show; all if not given. Figures are of all layers.
        given: `distance_m`, `as_of`, `known_at`; `source_crs` of WKT, GeoJSON or a file; for files
            also `encoding`, `layer`, `x`, `y`, `wkt`.

    Raises:
        BadGeometry: the place cannot be understood, or lies nowhere.
        UnknownFeature: there is no such parcel or feature.
        UnknownCollection: a layer that is not asked about.
        TooLarge: a file with more features than the service checks at once.
        UnknownParameter: what cannot be said of this kind of place.

    Warns:
        OffsetSuspected: the coordinates look like GCJ-02 or BD-09; nothing was converted.
    """
    _require_one_crs(client, place, given.get("source_crs"))
    wanted = None if layers is None else (layers,) if isinstance(layers, str) else tuple(layers)
    file = _file(place, client)
    answered = (
        _about_place(client, place, given) if file is None else _about_file(client, file, given)
    )
    count = int(answered.counts["places"])
    numbers = pd.RangeIndex(1, count + 1)
    rows = numbers if file is None or file.rows is None else file.rows
    found = Check(answered, rows, wanted)
    _require_known(found, wanted)
    for issue in found.issues:
        if issue.code in _SUSPICIONS:
            warnings.warn(issue.statement, OffsetSuspected, stacklevel=3)
    return found


def _about_place(client: "Client", place: object, given: Mapping[str, object]) -> Answered:
    question = client.questions["check"]
    if not isinstance(place, str):
        return answer_to(client, question, question.sent({**given, "geometry": place}))
    text = place.strip()
    if text.upper().startswith(_SHAPES) or _is_pair(text):
        return answer_to(client, question, question.sent({**given, "geometry": text}))
    named = [text] if "/" in text else [f"{each}/{text}" for each in PARCELS]
    for feature in named:
        try:
            return answer_to(client, question, question.sent({**given, "feature": feature}))
        except errors.UnknownFeature:
            if "/" in text:
                raise
    raise errors.UnknownFeature(client.lang, collection=" / ".join(PARCELS), value=text)


def _about_file(client: "Client", file: _File, given: Mapping[str, object]) -> Answered:
    """The answer about each feature of a file; the service stores nothing of it."""
    connection, question = client.connection, client.questions["check"]
    reading = {name: given[name] for name in _READING if given.get(name) is not None}
    about = question.sent({name: value for name, value in given.items() if name not in _READING})
    for name in ("geometry", "feature"):
        if name in about:
            raise errors.BadParameter(
                connection.language, name=name, value=about[name], allowed="–"
            )
    asked = {**about, **reading}
    kind, body = _form(file, asked)
    sent = connection.send(
        "POST", "/check", parameters={"f": "arrow"}, body=body, headers={"Content-Type": kind}
    )
    stream = ArrowStream(
        iter([sent.content]),
        lambda reason: errors.InterruptedStream(
            connection.language, address=connection.address, reason=reason
        ),
    )
    table = stream.table()
    return Answered(client, table, stream.account, given=asked, url=connection.url("/check"))


def _file(place: object, client: "Client") -> _File | None:
    """The file to upload; None for a single place, which needs none."""
    if isinstance(place, Path):
        return _read(place)
    if isinstance(place, geopandas.GeoSeries | geopandas.GeoDataFrame) and len(place) != 1:
        most = client.connection.json("/").get("limits", {}).get("max_check_features")
        if most is not None and len(place) > most:
            raise errors.TooLarge(
                client.lang, limit_name="max_check_features", actual=len(place), limit=most
            )
        shapes = in_degrees(place.geometry, "place", client.lang)
        features = [
            {"type": "Feature", "properties": {"name": str(name)}, "geometry": geojson(shape)}
            for name, shape in zip(place.index, shapes, strict=True)
        ]
        content = json.dumps({"type": "FeatureCollection", "features": features})
        return _File("frame.geojson", content.encode(), place.index)
    return None


def _read(path: Path) -> _File:
    """The content of a file; a Shapefile with its parts as one archive, as the service takes it.

    Raises what `open` raises.
    """
    if path.suffix.lower() != ".shp":
        return _File(path.name, path.read_bytes())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(path.parent.iterdir()):
            if part.stem == path.stem and part.suffix.lower() in _BESIDE_SHP:
                archive.write(part, part.name)
    if not path.exists():
        path.read_bytes()  # raises what a file that is not there raises
    return _File(f"{path.stem}.zip", written.getvalue())


def _form(file: _File, fields: Mapping[str, object]) -> tuple[str, bytes]:
    """The media type and body of a form with a file (RFC 7578)."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    name = file.name.replace("\\", "_").replace('"', "%22").replace("\r", "").replace("\n", "")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts += [
        f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(),
        file.content,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _is_pair(text: str) -> bool:
    parts = text.split(",")
    try:
        return len([float(part) for part in parts]) == 2
    except ValueError:
        return False


def _require_one_crs(client: "Client", place: object, source_crs: object) -> None:
    """Refuse a second CRS for what says its own; that its degrees are those of a web map may be said."""
    says_its_own = isinstance(place, geopandas.GeoSeries | geopandas.GeoDataFrame)
    if says_its_own and source_crs is not None and source_crs not in _OFFSETS:
        raise errors.BadParameter(
            client.lang, name="source_crs", value=str(source_crs), allowed=list(_OFFSETS)
        )


def _require_known(found: Check, layers: tuple[str, ...] | None) -> None:
    """Refuse a layer about which nothing was asked."""
    asked = list(found.data_version)
    for layer in layers or ():
        if layer not in asked:
            raise errors.UnknownCollection(found.client.lang, value=layer, allowed=asked)
