"""GetPropertyValue: the values of one property of the features that a query selects (WFS 2.0.0)."""

from collections.abc import Callable, Generator
from contextlib import closing

from starlette.responses import Response

from geoservice.doors.http.presentation import VARY
from geoservice.doors.http.resources import Streamed
from geoservice.doors.http.wfs import formats
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.documents import Document, now, pieces
from geoservice.doors.http.wfs.operations import AdHocQuery, GetPropertyValue
from geoservice.doors.http.wfs.queries import Selection, field_named, selections
from geoservice.errors import UnsupportedOption
from geoservice.store import statements
from geoservice.store.gml import FEATURE_ID, property_values

_FEATURE_IDS = (FEATURE_ID, "@id", "*/@gml:id")


def value_collection(call: Call, wanted: GetPropertyValue) -> Response:
    """The values as members of a `wfs:ValueCollection`, in the order of the features."""
    if not isinstance(wanted.query, AdHocQuery):
        raise UnsupportedOption(name="storedQuery_id", value=wanted.query.id, allowed="GetFeature")
    if formats.output(wanted.output_format, call.version).form is not call.version:
        raise formats.unknown(str(wanted.output_format), call.version.formats)
    selection, *others = selections(call, wanted.query)
    if others:
        named = [each.collection.id for each in (selection, *others)]
        raise UnsupportedOption(name="resourceId", value=named, allowed=named[0])
    name = FEATURE_ID
    if wanted.value_reference not in _FEATURE_IDS:
        name = field_named(
            wanted.value_reference,
            selection.collection,
            wanted.query.namespaces,
            parameter="valueReference",
        )
    return _written(call, wanted, selection, name)


def _written(call: Call, wanted: GetPropertyValue, selection: Selection, name: str) -> Response:
    form = call.version.gml_form(selection.crs, selection.collection.native_srid)
    every = property_values(selection.collection, selection.query, name, form)
    limit = call.service.limits.limit_default if wanted.count is None else wanted.count
    some = every.offset(wanted.start_index).limit(limit)
    database, count = call.service.database, statements.row_count(every)
    if wanted.result_type == "hits":
        opening, closing = _frame(call, int(database.scalar(count)), 0)
        content, media_type = opening + closing, call.version.media_type
        return Response(content, headers={"Vary": VARY}, media_type=media_type)
    blocks = _blocks(call, wanted.start_index, limit, lambda: database.counted_lines(count, some))
    return Streamed(blocks, call.version.media_type, {"Vary": VARY})


def _blocks(
    call: Call,
    start: int,
    limit: int,
    counted: Callable[[], tuple[int, Generator[bytes, None, None]]],
) -> Generator[bytes, None, None]:
    matched, members = counted()
    with closing(members):
        before, behind = _frame(call, matched, min(max(matched - start, 0), limit))
        yield before
        yield from members
        yield behind


def _frame(call: Call, matched: int, returned: int) -> tuple[bytes, bytes]:
    document = Document(call.version, "wfs:ValueCollection")
    document.set(
        document.root,
        timeStamp=now(),
        numberMatched=str(matched),
        numberReturned=str(returned),
        xsi__schemaLocation=f"{call.version.wfs} {call.version.wfs_schema}",
    )
    document.add_place(document.root)
    opening, closing = pieces(document.root)
    return opening, closing
