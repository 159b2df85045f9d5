"""Editing: a transaction on one collection, sent as a whole when its block ends well.

Each operation is checked as far as the client can, and says which version of a feature was seen. Knows
no HTTP. Geometries in another CRS are transformed to longitude and latitude here, by PROJ.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

import geopandas
import numpy as np
import pandas as pd
import shapely

from geoservice.client import errors, frames, history
from geoservice.client.fields import Field
from geoservice.client.places import geojson, in_degrees, places
from geoservice.client.values import day_text, instant_text, is_missing, plain
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    from geoservice.client.collection import Collection

_VERSION = re.compile(r'"v(\d+)-')
_KEEP: Any = object()
"""Stands for a geometry that is not mentioned."""


@dataclass(frozen=True)
class Change:
    """What a transaction did, or would do.

    Attributes:
        id: of the change in the history; None for a trial, and where nothing was another than before.
        features: one row for each feature: operation, collection, id, and its version from then on.
            Ids of new features are not those that they would get again.
    """

    id: int | None
    features: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Change {self.id}: {len(self.features)}>\n{self.features.to_string()}"

    def _repr_html_(self) -> str:
        return str(self.features.to_html())


class Edit:
    """A transaction on one collection; used as `with sites.edit(reason="…") as edit:`.

    Nothing is sent before the end of the block, and nothing at all if it raises; then all is
    stored, or nothing. If the answer is lost, `send()` may be called again: the service stores it once.

    Attributes:
        collection: that is edited.
        reason: why; stands in the history.
        change: what was done, once it is; None before, and where there was nothing to do.
    """

    def __init__(self, collection: "Collection", reason: str | None = None) -> None:
        self.collection = collection
        self.reason = reason
        self.change: Change | None = None
        self._operations: list[dict[str, Any]] = []
        self._nonce = uuid4().hex

    def insert(self, given: object = None, /, *, geometry: object = None, **values: object) -> None:
        """New features: every row of a frame, or one of a mapping or of values by name.

        Missing values (None, NaN, NaT, pandas.NA) become empty fields; fields that are not named
        get their default, or stay empty. The index of a frame is not used: the service gives ids.

        Args:
            given: a GeoDataFrame, a DataFrame, or the fields of one feature as a mapping.
            geometry: of one feature: shapely in longitude and latitude, or a GeoSeries of one row
                in any CRS that it says; None for none.
            values: of one feature, by field.

        Raises:
            UnknownProperty: a column is no field; with the nearest names.
            BadParameter: a field is filled in by the service, or cannot hold a value.
            BadGeometry: a geometry cannot be used, or a frame says no CRS.
            TooLarge: more operations than the service carries out at once; nothing of it is taken.
        """
        if isinstance(given, pd.DataFrame) and not values and geometry is None:
            self._add(*({"op": "insert", "feature": each} for each in self._features(given)))
            return
        if not isinstance(given, Mapping | None):
            allowed = Text(
                zh="一个数据框，或一个要素的字段", en="a frame, or the fields of one feature"
            )
            raise self._refused("insert", allowed, given)
        self._add({"op": "insert", "feature": self._feature({**(given or {}), **values}, geometry)})

    def update(self, which: object, /, *, geometry: Any = _KEEP, **values: object) -> None:
        """Change the fields that are named; a missing value empties one.

        Args:
            which: the id of a feature, or its row: a frame of one row, or a row of one. The version
                that the row is of is the one that may be changed; of an id it is that of now.
            geometry: a new one; None takes it away.
            values: new values by field.

        Raises:
            UnknownFeature, DeletedFeature: it is not there.
            ChangedMeanwhile: it is no longer what the row says. Also told when the edit is sent.
            UnknownProperty, BadParameter, BadGeometry: see `insert`.
        """
        operation: dict[str, Any] = {"op": "update", **self._seen(which)}
        if values:
            operation["properties"] = self._properties(values)
        if geometry is not _KEEP:
            operation["geometry"] = self._shape("geometry", geometry)
        if not values and geometry is _KEEP:
            raise self._refused("update", Text(zh="至少一个字段", en="at least one field"))
        self._add(operation)

    def replace(self, which: object, /, *, geometry: Any = None, **values: object) -> None:
        """Put a whole feature in the place of another: what is not named becomes empty.

        Args:
            which: see `update`.
            geometry: of the feature; None for none.
            values: by field.
        """
        feature = self._feature(values, geometry)
        self._add({"op": "replace", **self._seen(which), "feature": feature})

    def delete(self, which: object, /) -> None:
        """Take a feature out of the register; its history stays, and it can be restored.

        Args:
            which: see `update`; of a frame with several rows, all of them.
        """
        several = isinstance(which, pd.DataFrame)
        rows = [which.iloc[[number]] for number in range(len(which))] if several else [which]  # type: ignore[attr-defined, arg-type]
        self._add(*({"op": "delete", **self._seen(row)} for row in rows))

    def restore(self, uid: str | UUID, /, *, to_version: int) -> None:
        """Make a feature again what it was in one of its versions, also if it is deleted."""
        about = history.latest_version(self.collection, str(uid))
        seen = {} if about["recorded_to"] is not None else {"version": about["version"]}
        self._add({"op": "restore", "id": str(uid), **seen, "to_version": to_version})

    def preview(self) -> Change | None:
        """What sending it would do: everything is checked by the service, and nothing is stored.

        Raises:
            what sending it would raise.
        """
        return self._sent(dry_run=True)

    def send(self) -> Change | None:
        """Send it now; the end of the block does so. What was sent already is not sent again.

        Raises:
            Rejected: a value breaks a rule of the register; `parts["operation"]` says which one.
            ChangedMeanwhile: somebody was quicker.
            Unauthenticated, Forbidden: there is no key, or not one that may.
            ConnectionFault: no answer came. Whether it is stored is not known; send it again.
        """
        if self.change is None:
            self.change = self._sent(dry_run=False)
        return self.change

    def __len__(self) -> int:
        return len(self._operations)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.send()

    def __repr__(self) -> str:
        return f"<Edit {self.collection.id}: {len(self)}>"

    # Sending

    def _sent(self, *, dry_run: bool) -> Change | None:
        if not self._operations:
            return None
        body: dict[str, Any] = {"operations": self._operations}
        if self.reason is not None:
            body["reason"] = self.reason
        # Of what was sent and what was added to it afterwards, each is carried out once.
        digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
        headers = {} if dry_run else {"Idempotency-Key": f"{self._nonce}-{digest}"}
        sent = self.collection.client.connection.send(
            "POST",
            "/changes",
            parameters={"dry_run": dry_run or None},
            body=body,
            headers=headers,
        )
        return _change(sent.content)

    def _add(self, *operations: Mapping[str, Any]) -> None:
        """Take operations into the transaction, all or, beyond the limit, none."""
        if self.change is not None:
            allowed = Text(zh="已提交；请另开一次编辑", en="it is sent; begin another edit")
            raise self._refused("edit", allowed)
        count = len(self) + len(operations)
        limits = self.collection.client.connection.json("/").get("limits", {})
        most = limits.get("max_tx_operations")
        if most is not None and count > most:
            raise errors.TooLarge(
                self._language, limit_name="max_tx_operations", actual=count, limit=most
            )
        self._operations += [{**each, "collection": self.collection.id} for each in operations]

    # What is meant

    @property
    def _language(self) -> Language:
        return self.collection.client.lang

    def _seen(self, which: object) -> dict[str, Any]:
        """The feature that is meant, and the version of it that was seen."""
        if isinstance(which, str | UUID):
            about = self._current(str(which))
            return {"id": str(which), "version": about["version"]}
        uid, known = self._row(which)
        tag = _VERSION.match(str(known.get("etag") or ""))
        if tag is not None:
            return {"id": uid, "version": int(tag[1])}
        if isinstance(known.get("version"), int):
            return {"id": uid, "version": known["version"]}
        about = self._current(uid)
        # Of a change that began before the newest that the frame knows and ended after it was
        # read, nothing tells; all others are noticed.
        newest, _, _ = str(known.get("data_version", "")).partition(".")
        changed_by = about["change"]["id"]
        if newest.isdigit() and changed_by > int(newest):
            raise errors.ChangedMeanwhile(
                self._language,
                collection=self.collection.id,
                value=uid,
                expected=newest,
                actual=changed_by,
            )
        return {"id": uid, "version": about["version"]}

    def _row(self, row: object) -> tuple[str, Mapping[str, Any]]:
        """The id of a row, and what is known of the frame it comes from."""
        is_one = isinstance(row, pd.DataFrame) and len(row) == 1
        uid = row.index[0] if is_one else row.name if isinstance(row, pd.Series) else None  # type: ignore[attr-defined]
        if not isinstance(uid, str):
            allowed = Text(
                zh="要素标识，或本图层数据框的一行",
                en="the id of a feature, or one row of its frame",
            )
            raise self._refused("which", allowed, row)
        known: Mapping[str, Any] = row.attrs.get(frames.ATTRIBUTES, {})  # type: ignore[attr-defined]
        if known.get("collection", self.collection.id) != self.collection.id:
            raise self._refused("which", self.collection.id, known["collection"])
        return uid, known

    def _current(self, uid: str) -> Mapping[str, Any]:
        """The current version of a feature as its history lists it."""
        about = history.latest_version(self.collection, uid)
        if about["recorded_to"] is not None:
            raise errors.DeletedFeature(self._language, collection=self.collection.id, value=uid)
        return about

    # Features as the service reads them

    def _features(self, frame: pd.DataFrame) -> list[dict[str, Any]]:
        """The rows of a frame as GeoJSON features."""
        shapes: Any = [None] * len(frame)
        columns = frame
        if isinstance(frame, geopandas.GeoDataFrame):
            shapes = in_degrees(frame.geometry, "geometry", self._language, may_miss=True)
            columns = frame.drop(columns=frame.geometry.name)
        by_name = {
            str(name): [self._value(field, each) for each in columns[name].tolist()]
            for name, field in ((name, self._field(str(name))) for name in columns.columns)
        }
        return [
            {
                "type": "Feature",
                "properties": {name: values[row] for name, values in by_name.items()},
                "geometry": None if shape is None else geojson(shape),
            }
            for row, shape in enumerate(shapes)
        ]

    def _feature(self, values: Mapping[str, object], geometry: object) -> dict[str, Any]:
        return {
            "type": "Feature",
            "properties": self._properties(values),
            "geometry": self._shape("geometry", geometry),
        }

    def _properties(self, values: Mapping[str, object]) -> dict[str, Any]:
        return {name: self._value(self._field(name), value) for name, value in values.items()}

    def _field(self, name: str) -> Field:
        """The field of this name, which somebody may write."""
        field = self.collection.fields[name]
        if field.read_only:
            allowed = Text(zh="由服务填写；请去掉此列", en="the service fills it in; leave it out")
            raise self._refused(name, allowed, name)
        return field

    def _shape(self, name: str, value: object) -> Any:
        if is_missing(value):
            return None
        found = places(value, name, self._language)
        if len(found) != 1:
            raise self._refused(name, Text(zh="一个几何", en="one geometry"), value)
        return geojson(found[0])

    def _from_wkt(self, name: str, value: object) -> object:
        """A geometry that a frame holds as WKT beside the one of its feature."""
        if not isinstance(value, str):
            return value
        try:
            return shapely.from_wkt(value)
        except shapely.GEOSException as wrong:
            raise errors.BadGeometry(
                self._language, name=name, value=value, reason=str(wrong)
            ) from None

    def _value(self, field: Field, value: object) -> Any:
        """A value as JSON holds it; the service knows what the field allows."""
        given = plain(value)
        if isinstance(given, list | tuple | set | frozenset | np.ndarray):
            return [self._value(field, each) for each in given]
        if is_missing(given):
            return None
        match field.type:
            case "geometry":
                return self._shape(field.name, self._from_wkt(field.name, given))
            case "date":
                return day_text(field.name, given, self._language)
            case "datetime":
                return instant_text(field.name, given, self._language)
        if isinstance(given, UUID | Decimal):
            return str(given)
        if isinstance(given, str | int) or (isinstance(given, float) and math.isfinite(given)):
            return given
        raise self._refused(field.name, field.type, value)

    def _refused(self, name: str, allowed: object, value: object = None) -> errors.BadParameter:
        shown = type(value).__name__ if isinstance(value, pd.DataFrame) else repr(value)
        return errors.BadParameter(self._language, name=name, value=shown, allowed=allowed)


def _change(document: Mapping[str, Any]) -> Change:
    rows = [
        (done["operation"], done["collection"], feature["id"], feature["version"])
        for done in document["operations"]
        for feature in done["features"]
    ]
    columns = ["operation", "collection", "id", "version"]
    features = pd.DataFrame(rows, columns=columns).astype(
        {**dict.fromkeys(columns, "string"), "version": "Int64"}
    )
    return Change(document["change"], features)
