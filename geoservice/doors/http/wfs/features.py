"""GetFeature: features of ad hoc and stored queries, as GML of every version or as files.

What is asked for is counted exactly. A page is made in memory; more than the limit of a page is
streamed, in constant memory, with the numbers of one state of the data.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from starlette.responses import Response

from geoservice.description import xml_names
from geoservice.doors.http.downloads import written
from geoservice.doors.http.presentation import VARY
from geoservice.doors.http.resources import Streamed
from geoservice.doors.http.wfs import addresses, formats
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.documents import Document, now, pieces
from geoservice.doors.http.wfs.operations import GetFeature
from geoservice.doors.http.wfs.sources import Source, Written
from geoservice.doors.http.wfs.versions import V110, V200, Version
from geoservice.errors import BadParameter, TooLarge
from geoservice.files.exporting import ExportOptions, stream, write
from geoservice.files.formats import FORMATS


def feature_collection(
    call: Call, wanted: GetFeature, sources: Sequence[Source], lock_id: str | None = None
) -> Response:
    """The answer to GetFeature, in the format that is asked for; `lock_id` holds the features."""
    output = formats.output(wanted.output_format, call.version)
    if output.file is not None:
        return _file(call, wanted, sources, output.file)
    assert output.form is not None
    answer = _Answer(call, wanted, sources, output.form, lock_id)
    return answer.hits() if wanted.result_type == "hits" else answer.results()


@dataclass(frozen=True)
class _Answer:
    """A feature collection being written."""

    call: Call
    wanted: GetFeature
    sources: Sequence[Source]
    form: Version
    lock_id: str | None

    def hits(self) -> Response:
        """Only the numbers."""
        matched = sum(source.matched() for source in self.sources)
        links = {}
        if self._limit != 0 and matched > self.wanted.start_index:
            links["next"] = self._address(self.wanted.start_index)
        numbers = self._numbers(matched, 0) if self.form is V200 else self._numbers(0, matched)
        return self._response(b"".join(pieces(self._collection(numbers | links).root)))

    def results(self) -> Response:
        """The members of each query in turn, as many as are wanted."""
        most = self.call.service.limits.limit_maximum
        if len(self.sources) == 1 and self._limit and self._limit <= most:
            found = [self.sources[0].page(self.form, self.wanted.start_index, self._limit)]
            return self._written(found)
        counts = [source.matched() for source in self.sources]
        shares = list(_shares(counts, self.wanted.start_index, self._limit))
        if sum(share for _, share in shares) > most:
            return self._streamed()
        return self._written(
            [
                source.page(self.form, offset, share) if share else Written(b"", 0, count)
                for source, count, (offset, share) in zip(self.sources, counts, shares, strict=True)
            ]
        )

    def _written(self, found: Sequence[Written]) -> Response:
        """The answer around the members of each query."""
        counts = [each.matched for each in found]
        returned = sum(each.returned for each in found)
        collection = self._collection(self._numbers(sum(counts), returned))
        if len(self.sources) > 1 and self.form is V200:
            # Each query has a collection of its own (OGC 09-025r2, 11.3.3.5).
            for matched, each in zip(counts, found, strict=True):
                member = collection.add(collection.root, "wfs:member")
                numbers = _counts(matched, each.returned)
                collection.add_place(
                    collection.add(member, "wfs:FeatureCollection", **numbers, timeStamp=now())
                )
            texts = [each.members for each in found]
        else:
            collection.add_place(collection.root)
            texts = [b"\n".join(each.members for each in found if each.members)]
        return self._response(_filled(pieces(collection.root), texts))

    def _streamed(self) -> Response:
        if len(self.sources) > 1:
            limit = self.call.service.limits.limit_maximum
            raise TooLarge(limit_name="limit_maximum", actual=f"> {limit}", limit=limit)
        return Streamed(self._blocks(), self.form.media_type, {"Vary": VARY})

    def _blocks(self) -> Generator[bytes, None, None]:
        start = self.wanted.start_index
        matched, members = self.sources[0].lines(self.form, start, self._limit)
        with closing(members):
            ((_, returned),) = _shares([matched], start, self._limit)
            collection = self._collection(self._numbers(matched, returned))
            collection.add_place(collection.root)
            before, behind = pieces(collection.root)
            yield before
            yield from members
            yield behind

    @property
    def _limit(self) -> int | None:
        """How many at most. A version without pages gets everything: it must not be cut."""
        if self.wanted.count is not None or self.call.version is not V200:
            return self.wanted.count
        return self.call.service.limits.limit_default

    def _collection(self, attributes: dict[str, str]) -> Document:
        """The empty collection in the form of its version."""
        document = Document(self.form, "wfs:FeatureCollection")
        types = dict.fromkeys(source.type_name for source in self.sources)
        schema = replace(self.call, version=self.form).schema_url(*types)
        locations = (self.form.wfs, self.form.wfs_schema, xml_names.NAMESPACE, schema)
        document.set(document.root, xsi__schemaLocation=" ".join(locations), lockId=self.lock_id)
        if self.form in (V200, V110):
            document.set(document.root, timeStamp=now(), **attributes)
        else:
            bounds = document.add(document.root, "gml:boundedBy")
            document.add(bounds, "gml:null", "unknown")
        return document

    def _numbers(self, matched: int, returned: int) -> dict[str, str]:
        """The numbers under the names of the version, and where the pages beside this one are."""
        if self.form is not V200:
            return {"numberOfFeatures": str(returned)}
        found = _counts(matched, returned)
        start, limit = self.wanted.start_index, self._limit
        if self.wanted.result_type == "hits" or not limit:
            return found
        if returned > 0 and start + returned < matched:
            found["next"] = self._address(start + returned)
        if start > 0:
            found["previous"] = self._address(max(0, start - limit), min(start, limit))
        return found

    def _address(self, start: int, count: int | None = None) -> str:
        """Where some other features of the same queries are."""
        page = replace(
            self.wanted, result_type="results", start_index=start, count=count or self._limit
        )
        return self.call.url(**addresses.keywords(page, self.call.version))

    def _response(self, content: bytes) -> Response:
        headers = {"Vary": VARY}
        return Response(content, headers=headers, media_type=self.form.media_type)


def _counts(matched: int, returned: int) -> dict[str, str]:
    return {"numberMatched": str(matched), "numberReturned": str(returned)}


def _shares(counts: Sequence[int], start: int, limit: int | None) -> Iterator[tuple[int, int]]:
    """How much of each query's features are wanted: from which one on, and how many.

    Numbers run through all queries of a request (OGC 09-025r2, 7.6.3.4 and 7.6.3.5).
    """
    left = sum(counts) if limit is None else limit
    for count in counts:
        offset = min(start, count)
        share = min(count - offset, left)
        yield offset, share
        start, left = start - offset, left - share


def _filled(frame: Sequence[bytes], texts: Sequence[bytes]) -> bytes:
    parts = [frame[0]]
    for text, after in zip(texts, frame[1:], strict=True):
        parts += [text, after]
    return b"".join(parts)


def _file(call: Call, wanted: GetFeature, sources: Sequence[Source], file: str) -> Response:
    """One query as a file: all that match, or the features that are counted out."""
    if len(sources) > 1:
        raise BadParameter(name="outputFormat", value=wanted.output_format, allowed="GML")
    if wanted.result_type == "hits":
        raise BadParameter(name="resultType", value="hits", allowed="results")
    source, database = sources[0], call.service.database
    records, select, crs = source.rows()
    if wanted.count is not None:
        select = select.limit(wanted.count)
    if wanted.start_index:
        select = select.offset(wanted.start_index)
    options = ExportOptions(crs=crs, language=call.language)
    form = FORMATS[file]
    name = f"{records.id}{form.extension}"
    if form.streamed:
        blocks = stream(database, records, select, form.id, options)
    else:
        blocks = written(
            lambda path: write(database, records, select, form.id, path, options), name
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "OGC-NumberMatched": str(source.matched()),
        "Vary": VARY,
    }
    return Streamed(blocks, form.media_type, headers)
