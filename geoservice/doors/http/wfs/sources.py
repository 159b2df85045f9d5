"""What one query of a request found: counted exactly, read page by page or in one stream.

Features of a collection are here; rows of a question's answer are in `stored_queries`.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from geoservice.crs import STORAGE_SRID, Crs, epsg
from geoservice.description import xml_names
from geoservice.description.records import Records
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.memory import memory_of
from geoservice.doors.http.wfs.queries import Selection
from geoservice.doors.http.wfs.versions import Version
from geoservice.errors import TooSlow
from geoservice.files.exporting import collection_records
from geoservice.query.query import Page
from geoservice.store import statements
from geoservice.store.gml import GmlForm, gml_members
from geoservice.store.pages import feature_lines, feature_page


@dataclass(frozen=True)
class Written:
    """Members as text, how many there are of them, and how many match in all, exactly."""

    members: bytes
    returned: int
    matched: int


class Source(Protocol):
    """What one query found: features of a collection, or rows of a question's answer."""

    @property
    def type_name(self) -> str:
        """The name of its type, with our prefix."""

    def matched(self) -> int:
        """How many match, exactly."""

    def page(self, form: Version, offset: int, limit: int) -> Written:
        """Some members, in memory; `limit` is not 0."""

    def lines(
        self, form: Version, offset: int, limit: int | None
    ) -> tuple[int, Generator[bytes, None, None]]:
        """How many match, and some members, of one state of the data and in constant memory."""

    def rows(self) -> tuple[Records, Any, Crs]:
        """Everything for a file: its description, its statement, and the CRS to write."""


@dataclass(frozen=True)
class CollectionSource:
    """Features of a collection."""

    call: Call
    selection: Selection

    @property
    def type_name(self) -> str:
        """The name of its type."""
        return xml_names.type_name(self.selection.collection)

    def matched(self) -> int:
        """How many match: known of the whole collection, remembered of a query."""
        version = self.call.service.facts.version(self.selection.collection)
        known = self._known_count(version)
        return self._counted(version) if known is None else known

    def page(self, form: Version, offset: int, limit: int) -> Written:
        """Some members. Where the page before has ended, this one begins without counting rows.

        What is not known yet is counted by the statement of the page, which looks at the same rows.
        """
        collection, query = self.selection.collection, self.selection.query
        service = self.call.service
        memory, version = memory_of(service), service.facts.version(collection)
        after = memory.place(collection, version, query, offset) if offset else ()
        page = Page(limit, after, 0 if after else offset)
        writer = gml_members(collection, query, self._gml_form(form))
        matched, most = self._known_count(version), service.limits.count_limit
        prepared = feature_page(
            collection, query, page, writer, count_limit=most if matched is None else None
        )
        members, found, last, seen, counted = service.database.document(
            prepared.sql, prepared.values
        )
        assert found is not None
        if seen is not None and last is not None:
            end = tuple(json.loads(last))
            memory.keep_place(collection, seen.decode(), query, offset + limit, end)
        if matched is None and counted is not None and int(counted) <= most:
            matched = int(counted)
            memory.keep_count(collection, (seen or b"").decode(), query, matched)
        if matched is None:
            matched = self._counted(version)
        return Written(members or b"", min(int(found), limit), matched)

    def _gml_form(self, form: Version) -> GmlForm:
        return form.gml_form(self.selection.crs, self.selection.collection.native_srid)

    def _known_count(self, version: str) -> int | None:
        """How many match, if that need not be counted."""
        collection, query = self.selection.collection, self.selection.query
        service = self.call.service
        if query.is_restricted:
            return memory_of(service).count(collection, version, query)
        known = service.facts.count(collection, version)
        if known is None:
            raise TooSlow(limit=service.limits.read_timeout_s)
        return known

    def _counted(self, version: str) -> int:
        """How many match, counted now."""
        collection, query = self.selection.collection, self.selection.query
        service = self.call.service
        count = int(service.database.scalar(statements.matched(collection, query, None)))
        memory_of(service).keep_count(collection, version, query, count)
        return count

    def lines(
        self, form: Version, offset: int, limit: int | None
    ) -> tuple[int, Generator[bytes, None, None]]:
        """How many match, and some members."""
        collection, query = self.selection.collection, self.selection.query
        writer = gml_members(collection, query, self._gml_form(form))
        count = statements.matched(collection, query, None)
        members = feature_lines(collection, query, writer, offset=offset, limit=limit)
        return self.call.service.database.counted_lines(count, members)

    def rows(self) -> tuple[Records, Any, Crs]:
        """Everything for a file; files have x first, whatever a CRS is called."""
        crs = file_crs(self.selection.crs)
        records, select = collection_records(self.selection.collection, self.selection.query)
        return records, select, crs


def file_crs(asked: Crs | None) -> Crs:
    """The CRS of a file: what was asked for, x first as every file format has it."""
    return replace(asked or epsg(STORAGE_SRID), y_first=False)
