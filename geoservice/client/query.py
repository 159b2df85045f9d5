"""Queries: what is asked of one collection, and the verbs that ask it.

Everything is lazy until a verb is called, and each verb says what it costs. Knows no HTTP and no way
to write a condition: `connection` asks, `filters` writes, `frames` builds the frames.
"""

import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geoservice.client import cards, errors, files, filters, frames, values
from geoservice.client.files import SavedFile
from geoservice.client.filters import Condition
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    import pyarrow as pa

    from geoservice.client.collection import Collection

MOST_FEATURES = 1_000_000
"""More than this do not go into one frame unless somebody asks for it."""

Transport = Literal["arrow", "geojson"]


@dataclass(frozen=True)
class Selection:
    """What is asked of a collection: everything, unless it says otherwise."""

    conditions: tuple[Condition, ...] = ()
    as_of: str | None = None
    known_at: str | None = None
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    crs: str | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def is_restricted(self) -> bool:
        """Whether it asks for less than the whole collection as it is now."""
        return bool(self.conditions or self.as_of or self.known_at)


@dataclass(frozen=True)
class Arriving:
    """Features on their way: record batches, and what the service says of them; iterated once.

    Attributes:
        schema: of the batches.
        account: what the service says of the answer; empty if it says nothing.
        matched: the rows that match, if the service knew; None otherwise.
        limit: after so many rows no more are read, whatever is still to come.
    """

    schema: "pa.Schema"
    batches: "Iterable[pa.RecordBatch]"
    account: Mapping[str, Any]
    matched: int | None
    limit: int | None

    def __iter__(self) -> "Iterator[pa.RecordBatch]":
        wanted = self.limit
        for batch in self.batches:
            if wanted is None or batch.num_rows < wanted:
                yield batch
            else:
                yield batch.slice(0, wanted)
                return
            wanted = None if wanted is None else wanted - batch.num_rows


@dataclass(frozen=True)
class Explanation:
    """What a query would do.

    Attributes:
        url: the address that it asks.
        curl: a line for the shell that fetches the same; it holds no key. None for a service in this
            process, which nothing else can reach.
        cql2: the conditions as CQL2 text; None without any.
        matched: how many features match, or the least number that can be (see `is_exact`).
        is_exact: whether `matched` is exact; the service stops counting at a limit.
        transport: how the features come.
    """

    url: str
    curl: str | None
    cql2: str | None
    matched: int | None
    is_exact: bool
    transport: Transport
    language: Language

    def __str__(self) -> str:
        return "\n".join(f"{title}: {shown}" for title, shown in cards.explained(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.explanation_card(self)


class Queryable(ABC):
    """What a collection and a query of it have in common: it can be narrowed, and it can be read.

    Narrowing gives a new query and asks the service nothing; a wrong name or value is refused at
    once. Conditions add up; of all else the last word counts.
    """

    @property
    @abstractmethod
    def _query(self) -> "Query":
        """This as a query."""

    def where(self, cql2: str | None = None, /, **equals: object) -> "Query":
        """The features for which all conditions hold.

        A missing value meets no condition but `name=None`.

        Args:
            cql2: a condition as CQL2 text, such as `slope_height_m > 20 OR volume_m3 IS NULL`.
            equals: what fields have to be: None for missing, several values for one of them, a date
                for a day, a datetime with its time zone for an instant.

        Raises:
            UnknownProperty: there is no such field; with the nearest names.
            BadParameter: a field cannot have this value.
            BadFilter: the text cannot be a condition; the service reads the rest of it later.
        """
        query, fields = self._query, self._query.collection.fields
        added = [] if cql2 is None else [filters.written(cql2, fields)]
        added += [filters.equality(fields[name], value, fields) for name, value in equals.items()]
        return query._narrowed(*added)

    def within(self, area: object) -> "Query":
        """The features that lie wholly within an area (S_WITHIN of CQL2).

        A feature may touch the edge of the area, but a point or line that lies wholly on the edge
        is not within it; one without geometry is in no area. See `intersecting` for those that
        have any part in it, edges included.

        Args:
            area: (west, south, east, north) in degrees; a shapely geometry in longitude and
                latitude; or a GeoSeries or GeoDataFrame in any CRS that it says, whose geometries
                are united.

        Raises:
            BadGeometry: the area cannot be understood, is empty, invalid or not in degrees, or the
                collection has no geometry.
        """
        return self._query._narrowed(filters.within(area, self._query.collection.fields))

    def intersecting(self, area: object) -> "Query":
        """The features that have any point in common with an area, edges included (S_INTERSECTS).

        Args:
            area: see `within`.
        """
        return self._query._narrowed(filters.intersecting(area, self._query.collection.fields))

    def near(self, place: object, *, distance_m: float) -> "Query":
        """The features whose nearest point is at most so far from a place (DWITHIN).

        The distance is the shortest one on the ellipsoid of CGCS2000, whatever the CRS; exactly
        this distance is near.

        Args:
            place: (longitude, latitude), or see `within`; of several geometries the nearest counts.
            distance_m: metres, greater than 0.
        """
        return self._query._narrowed(filters.near(place, distance_m, self._query.collection.fields))

    def as_of(self, day: date | str) -> "Query":
        """Those that are valid on a day: begun by then, and not ended.

        Restricts nothing in a collection whose features have no dates of validity.
        """
        written = values.day_text("as_of", day, self._query.collection.fields.language)
        return self._query._with(as_of=written)

    def known_at(self, instant: datetime | str) -> "Query":
        """The register as it said at an instant, before later corrections and deletions.

        Args:
            instant: with its time zone.

        Raises:
            BadDatetime: it does not say its time zone; nothing is guessed.
        """
        language = self._query.collection.fields.language
        written = values.instant_text("known_at", instant, language)
        return self._query._with(known_at=written)

    def select(self, *names: str) -> "Query":
        """Only these fields, in the collection's order; the id and the geometry come all the same.

        Raises:
            UnknownProperty: there is no such field; with the nearest names.
        """
        fields = self._query.collection.fields
        return self._query._with(properties=tuple(dict.fromkeys(fields[n].name for n in names)))

    def without_geometry(self) -> "Query":
        """Without the geometry: the result is a DataFrame."""
        return self._query._with(geometry=False)

    def crs(self, crs: object) -> "Query":
        """Coordinates in another coordinate reference system, x first.

        Args:
            crs: an EPSG number, `EPSG:4547`, `CRS84`, or whatever pyproj knows by such a number.

        Raises:
            UnknownCrs: the service does not offer it.
        """
        return self._query._with(crs=self._query.collection._offered_crs(crs))

    def sort(self, *names: str) -> "Query":
        """In the order of these fields; `-name` has the largest first. Missing values come last.

        Raises:
            UnknownProperty: there is no such field.
            BadParameter: a field with lists or geometries has no order.
        """
        query = self._query
        fields = query.collection.fields
        for name in names:
            found = fields[name.removeprefix("-")]
            if not found.is_simple:
                sortable = [each.name for each in fields.values() if each.is_simple]
                raise errors.BadParameter(
                    fields.language, name="sort", value=name, allowed=sortable
                )
        return query._with(sort=names)

    def limit(self, most: int) -> "Query":
        """At most so many features: the first ones in the order of `sort`, and then of their ids.

        Raises:
            BadParameter: no whole number greater than 0.
        """
        query = self._query
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            language = query.collection.fields.language
            allowed = Text(zh="大于 0 的整数", en="a whole number greater than 0")
            raise errors.BadParameter(language, name="limit", value=repr(most), allowed=allowed)
        return query._with(limit=most)

    def count(self) -> int:
        """How many features the query gives, exactly; costs one request that brings no features."""
        return self._query._count()

    def head(self, n: int = 5) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """The first features."""
        return self._query.limit(n).to_gdf()

    def to_gdf(
        self, *, max_features: int = MOST_FEATURES
    ) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """All features in memory; a DataFrame if they have no geometry.

        The index is the feature's id. `attrs["geoservice"]` says where the frame comes from: the
        query, how many matched, the version of the data, licence, titles and units.

        Args:
            max_features: how many are fetched at most; if there are more, none is given.

        Raises:
            TooManyFeatures: more features match.
            InterruptedStream: they did not all arrive.
        """
        return self._query._frame(max_features)

    def to_arrow(self) -> "pa.Table":
        """All features as the service sends them: decimals exact, the geometry as WKB (x first)."""
        return self._query._table()

    def iter_batches(self, rows: int = 50_000) -> "Iterator[geopandas.GeoDataFrame | pd.DataFrame]":
        """All features as frames of so many rows, the last one shorter; one without rows if there are none.

        Holds one frame in memory at a time. Only when the iteration has ended without an error have
        all features come.
        """
        return self._query._frames(rows)

    def to_file(self, path: str | Path, *, format: str | None = None) -> SavedFile:
        """Write all features into a file, which the service makes; the file is whole or not there.

        An existing file is replaced at the end, and not before.

        Args:
            path: whose ending says the format; see `geoservice.client.files.FORMATS`.
            format: a format by name, if the ending does not say it.

        Raises:
            UnknownFormat: neither says a format that there is.
        """
        return files.saved(self._query, Path(path), format)

    def explain(self) -> Explanation:
        """What the query would ask, and how many features match; costs one request."""
        return self._query._explanation()

    def explore(self, **options: Any) -> Any:
        """An interactive map; see `geoservice.client.maps.explore`."""
        from geoservice.client import maps

        return maps.explore(self._query, **options)

    def plot(self, **options: Any) -> Any:
        """A figure for print; see `geoservice.client.maps.plot`."""
        from geoservice.client import maps

        return maps.plot(self._query, **options)


@dataclass(frozen=True, repr=False)
class Query(Queryable):
    """What is asked of one collection. Immutable: each method gives a new query."""

    collection: "Collection"
    selection: Selection = Selection()

    @property
    def _query(self) -> "Query":
        return self

    @property
    def cql2(self) -> str | None:
        """The conditions as CQL2 text; None without any."""
        return filters.joined_text(self.selection.conditions)

    @property
    def path(self) -> str:
        """Where the features are, below the address of the service."""
        return f"/collections/{self.collection.id}/items"

    @property
    def parameters(self) -> dict[str, object]:
        """What the query string says, without the format.

        Raises:
            FilterTooLong: the conditions fit no request.
        """
        asked = self.selection
        found: dict[str, object] = dict(
            filters.filter_parameters(asked.conditions, self.collection.fields)
        )
        found |= {
            "as_of": asked.as_of,
            "known_at": asked.known_at,
            "properties": asked.properties,
            "skipGeometry": None if asked.geometry else True,
            "crs": asked.crs,
            "sortby": asked.sort or None,
            "limit": asked.limit,
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def url(self) -> str:
        """The address that the query asks, in the format of its transport."""
        return self.collection.client.connection.url(
            self.path, {**self.parameters, "f": self.transport}
        )

    @property
    def transport(self) -> Transport:
        """How the features come: as an Arrow stream, or in GeoJSON pages from a service without."""
        return "arrow" if self.collection._offers_arrow else "geojson"

    def __repr__(self) -> str:
        state = cards.NOT_YET_RUN.spoken(self.collection.client.lang)
        lines = (f"  {title}: {shown}" for title, shown in cards.asked(self))
        return "\n".join((f"Query ({state})", *lines))

    def _repr_html_(self) -> str:
        return cards.query_card(self)

    def _with(self, **changes: Any) -> "Query":
        return replace(self, selection=replace(self.selection, **changes))

    def _narrowed(self, *added: Condition) -> "Query":
        return self._with(conditions=(*self.selection.conditions, *added))

    def _count(self) -> int:
        found = self.collection.client.connection.json(
            self.path,
            {
                **self.parameters,
                **{"count": "exact", "limit": 1, "properties": (), "skipGeometry": True},
                **{"sortby": None, "crs": None},
            },
        )
        matched, limit = int(found["numberMatched"]), self.selection.limit
        return matched if limit is None else min(matched, limit)

    def _frame(self, max_features: int) -> "geopandas.GeoDataFrame | pd.DataFrame":
        import pyarrow as pa

        kept: list[pa.RecordBatch] = []
        rows = 0
        with self._arriving(count="exact") as arriving:
            self._require_at_most(max_features, arriving.matched)
            for batch in arriving:
                kept.append(batch)
                rows += batch.num_rows
                self._require_at_most(max_features, rows)
        table = pa.Table.from_batches(kept, schema=arriving.schema)
        return frames.frame_of(table, self._provenance(arriving, len(table), is_whole=True))

    def _table(self) -> "pa.Table":
        import pyarrow as pa

        with self._arriving() as arriving:
            return pa.Table.from_batches(list(arriving), schema=arriving.schema)

    def _frames(self, rows: int) -> "Iterator[geopandas.GeoDataFrame | pd.DataFrame]":
        with self._arriving() as arriving:
            for frame in frames.frames_of(arriving, rows):
                frame.attrs[frames.ATTRIBUTES] = self._provenance(
                    arriving, len(frame), is_whole=False
                )
                yield frame

    @contextmanager
    def _arriving(self, **more: str) -> "Iterator[Arriving]":
        """The features as they come: an Arrow stream, or the pages of a service that has none."""
        connection, limit = self.collection.client.connection, self.selection.limit
        parameters = {**self.parameters, **more}
        if self.transport == "arrow":
            with connection.arrow(self.path, parameters) as stream:
                account, matched = stream.account, stream.matched
                yield Arriving(stream.schema, stream, account, matched, limit)
            return
        pages = connection.pages(self.path, parameters)
        first = next(pages)
        tables = (self._table_of(page) for page in chain((first,), pages))
        batches = (batch for table in tables for batch in table.to_batches())
        schema = self._table_of({**first, "features": ()}).schema
        yield Arriving(schema, batches, {}, first.get("numberMatched"), limit)

    def _table_of(self, page: Mapping[str, Any]) -> "pa.Table":
        fields, asked = self.collection.fields, self.selection
        types: dict[str, str] = {
            name: field.type
            for name, field in fields.items()
            if asked.properties is None or name in asked.properties
        }
        return frames.table_of_features(
            page["features"],
            types,
            crs=page["content_crs"],
            has_geometry=asked.geometry and fields.geometry_name is not None,
        )

    def _provenance(self, arrived: "Arriving", returned: int, *, is_whole: bool) -> dict[str, Any]:
        """What is known of a frame, for its `attrs`.

        All that matched is known if nothing has limited what came; else only if the service knew.
        """
        collection, limit = self.collection, self.selection.limit
        complete = is_whole and (limit is None or returned < limit)
        account = arrived.account
        return {
            "collection": collection.id,
            "title": collection.title,
            "query": self.url,
            "matched": returned if complete else arrived.matched,
            "returned": returned,
            "data_version": account.get("data_version"),
            "as_of": account.get("as_of", self.selection.as_of),
            "known_at": account.get("known_at", self.selection.known_at),
            "crs": account.get("crs", self.selection.crs or collection.crs_offered[0]),
            "generated_at": account.get("generated_at"),
            "licence": collection.licence,
            "attribution": collection.attribution,
            "synthetic": account.get("synthetic"),
            "fields": {
                name: {"title": field.title, "unit": field.unit}
                for name, field in collection.fields.items()
                if name in arrived.schema.names
            },
            "service": collection.client.connection.address,
            "transport": self.transport,
        }

    def _require_at_most(self, max_features: int, matched: int | None) -> None:
        limit = self.selection.limit
        coming = matched if limit is None or matched is None else min(matched, limit)
        if coming is not None and coming > max_features:
            raise errors.TooManyFeatures(
                self.collection.fields.language, matched=matched, limit=max_features
            )

    def _explanation(self) -> Explanation:
        connection = self.collection.client.connection
        counted = connection.json(self.path, {**self.parameters, "limit": 1, "properties": ()})
        return Explanation(
            url=self.url,
            curl=self._curl() if connection.is_remote else None,
            cql2=self.cql2,
            matched=counted["matched"]["number"],
            is_exact=counted["matched"]["certainty"] == "exact",
            transport=self.transport,
            language=connection.language,
        )

    def _curl(self) -> str:
        connection = self.collection.client.connection
        key = ' -H "X-API-Key: $GEOSERVICE_KEY"' if connection.has_key else ""
        name = f"{self.collection.id}{'.arrows' if self.transport == 'arrow' else '.geojson'}"
        language = shlex.quote(f"Accept-Language: {connection.language}")
        return f"curl -fsS -H {language}{key} -o {name} {shlex.quote(self.url)}"
