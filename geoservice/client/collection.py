"""A collection: what it holds, and where every query of it starts.

Knows no HTTP: it asks its client's connection for documents.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from geoservice.client import cards, errors, frames
from geoservice.client.fields import Fields
from geoservice.client.query import Query, Queryable
from geoservice.languages import LANGUAGES, Language

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from geoservice.client.editing import Change, Edit
    from geoservice.client.service import Client

MOST_COUNTED = 20_000
"""Missing values are counted in collections of at most so many features: all of them are read for it."""

_ARROW = "application/vnd.apache.arrow.stream"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


class Collection(Queryable):
    """One collection of a service: a register, a published layer or a saved answer.

    What the service says of it is read when it is first needed and kept; `city[id]` reads it again.

    Attributes:
        id: by which it is known.
        client: of the service that has it.
    """

    def __init__(
        self, client: "Client", id: str, document: Mapping[str, Any] | None = None
    ) -> None:
        self.id = id
        self.client = client
        self._known: dict[Language, Mapping[str, Any]] = {}
        if document is not None:
            self._known[client.lang] = document

    @property
    def title(self) -> str:
        """Its title in the client's language."""
        return self.titles[self.client.lang]

    @cached_property
    def titles(self) -> Mapping[Language, str]:
        """Its titles in Chinese and English."""
        return {language: str(self._document(language)["title"]) for language in LANGUAGES}

    @property
    def description(self) -> str:
        """What it holds, in the client's language."""
        return str(self._document().get("description", ""))

    @cached_property
    def fields(self) -> Fields:
        """Its fields by name, with titles, types, units and codes; shows as a table."""
        connection = self.client.connection
        schema = connection.json(f"/collections/{self.id}/schema")
        return Fields(self.id, schema, connection.language, self._null_share)

    @property
    def geometry_type(self) -> str | None:
        """The kind of its geometries as GeoJSON names it; None for a table without geometry."""
        return self.fields.geometry_type

    @property
    def feature_count(self) -> int | None:
        """How many features it had when it was described; None if the service does not count so many."""
        count = self._document().get("itemCount")
        return None if count is None else int(count)

    @property
    def extent(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north in degrees; None without geometry."""
        boxes = self._document().get("extent", {}).get("spatial", {}).get("bbox")
        return tuple(boxes[0]) if boxes else None

    @property
    def interval(self) -> tuple[str | None, str | None] | None:
        """The first and last instant of validity, None where it is open; None without dates."""
        spans = self._document().get("extent", {}).get("temporal", {}).get("interval")
        return tuple(spans[0]) if spans else None

    @property
    def crs_offered(self) -> tuple[str, ...]:
        """The coordinate reference systems of `crs()` by URI, the usual one first."""
        return tuple(self._document().get("crs", (_CRS84,)))

    @property
    def licence(self) -> str | None:
        """The terms of use; None if the service names none."""
        return self._document().get("license")

    @property
    def attribution(self) -> str | None:
        """Where the data comes from; None if the service does not say."""
        return self._document().get("attribution")

    @cached_property
    def null_shares(self) -> Mapping[str, float] | None:
        """The share of features that lack each field, from 0 to 1.

        Counted by reading every feature without its geometry, once; None for a collection with
        more than `MOST_COUNTED` features or none at all, because there is nothing to be said.
        """
        if not self.feature_count or self.feature_count > MOST_COUNTED:
            return None
        missing: Counter[str] = Counter()
        rows = 0
        with self.without_geometry()._arriving() as arriving:
            for batch in arriving:
                rows += batch.num_rows
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    missing[name] += column.null_count
        return {name: missing[name] / rows for name in self.fields} if rows else None

    def get(self, uid: str | UUID) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """One feature as it is now, as a frame with one row.

        `attrs["geoservice"]["etag"]` names its version, by which an edit makes sure that nobody
        has changed it in the meantime.

        Raises:
            UnknownFeature, DeletedFeature: it is not there, or not any more.
        """
        try:
            path = f"/collections/{self.id}/items/{UUID(str(uid))}"
        except ValueError:
            raise errors.UnknownFeature(
                self.client.lang, collection=self.id, value=str(uid)
            ) from None
        sent = self.client.connection.send("GET", path)
        types: dict[str, str] = {name: field.type for name, field in self.fields.items()}
        crs = sent.headers.get("Content-Crs", "").strip("<> ") or None
        has_geometry = self.fields.geometry_name is not None
        table = frames.table_of_features([sent.content], types, crs=crs, has_geometry=has_geometry)
        known = {
            "collection": self.id,
            "title": self.title,
            "query": self.client.connection.url(path),
            "matched": 1,
            "returned": 1,
            "etag": sent.headers.get("ETag"),
            "crs": crs,
            "licence": self.licence,
            "attribution": self.attribution,
            "fields": {n: {"title": f.title, "unit": f.unit} for n, f in self.fields.items()},
            "service": self.client.connection.address,
            "transport": "geojson",
        }
        return frames.frame_of(table, known)

    def edit(self, *, reason: str | None = None) -> "Edit":
        """A transaction: what is done within its `with` block is stored all at once or not at all."""
        from geoservice.client.editing import Edit

        return Edit(self, reason)

    def history(self, uid: str | UUID) -> "pd.DataFrame":
        """The versions of a feature: when, by whom, why, and what each has changed."""
        from geoservice.client.history import history

        return history(self, uid)

    def version(self, uid: str | UUID, number: int) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """A feature as it was in one of its versions."""
        from geoservice.client.history import version

        return version(self, uid, number)

    def restore(self, uid: str | UUID, version: int, *, reason: str) -> "Change | None":
        """Make a feature again what it was in one of its versions; None if it is that already."""
        with self.edit(reason=reason) as edit:
            edit.restore(uid, to_version=version)
        return edit.change

    def __repr__(self) -> str:
        return f"<Collection {self.id} “{self.title}” {self.client.connection.address}>"

    def _repr_html_(self) -> str:
        now = self.client[self.id]
        return cards.collection_card(now, now._document(), self.client.town_outlines)

    @property
    def _query(self) -> Query:
        return Query(self)

    def _document(self, language: Language | None = None) -> Mapping[str, Any]:
        spoken = language or self.client.lang
        if spoken not in self._known:
            path = f"/collections/{self.id}"
            self._known[spoken] = self.client.connection.json(path, {"lang": spoken})
        return self._known[spoken]

    @property
    def _offers_arrow(self) -> bool:
        return any(link.get("type") == _ARROW for link in self._document()["links"])

    def _null_share(self, name: str) -> float | None:
        return None if self.null_shares is None else self.null_shares.get(name)

    def _offered_crs(self, crs: object) -> str:
        """The URI of a CRS that is offered; see `Queryable.crs`."""
        wanted = _crs_name(crs)
        offered = {_crs_name(uri): uri for uri in self.crs_offered}
        if wanted is None or wanted not in offered:
            raise errors.UnknownCrs(
                self.client.lang, name="crs", value=str(crs), allowed=list(filter(None, offered))
            )
        return offered[wanted]


def _crs_name(crs: object) -> str | None:
    """A CRS by its authority and code, such as `EPSG:4547`; None if it has none."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if isinstance(crs, str) and crs.upper().endswith("CRS84"):
        return "OGC:CRS84"
    try:
        authority = CRS.from_user_input(crs).to_authority()
    except CRSError:
        return None
    return ":".join(authority) if authority else None
