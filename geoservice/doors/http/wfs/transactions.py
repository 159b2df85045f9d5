"""Transaction: carried out at once or not at all, answered in the version of its document.

A client that reads features of 2.0.0 may write 1.0.0 or 1.1.0 and waits for an answer in kind: in
any other it would take what was stored for lost, and store it again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NoReturn
from uuid import UUID

from starlette.responses import Response

from geoservice.description.xml_names import feature_id
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.documents import Document, written
from geoservice.doors.http.wfs.keywords import Keywords
from geoservice.doors.http.wfs.transaction_bodies import Action, Kind, Transaction, transaction
from geoservice.doors.http.wfs.versions import V100, V200, Version
from geoservice.editing.carrying_out import EditLimits, carry_out_within
from geoservice.editing.operations import Author, Done, reason_given
from geoservice.errors import (
    BadParameter,
    FeatureLocked,
    FeatureNotLocked,
    UnknownFeature,
    UnknownLock,
    UnsupportedOption,
)
from geoservice.query.literals import as_uuid
from geoservice.xml import Element

DOOR = "wfs"
MEDIA_TYPE = "text/xml; charset=utf-8"

_TOTALS = {
    Kind.INSERT: "totalInserted",
    Kind.UPDATE: "totalUpdated",
    Kind.REPLACE: "totalReplaced",
    Kind.DELETE: "totalDeleted",
}
_RESULTS = {
    Kind.INSERT: "InsertResults",
    Kind.UPDATE: "UpdateResults",
    Kind.REPLACE: "ReplaceResults",
}

DoneByAction = list[tuple[Action, tuple[Done, ...]]]


def only_posted(_version: Version, _given: Keywords, _most_bytes: int) -> NoReturn:
    """Refuse a transaction by keywords: it is posted as a document."""
    raise UnsupportedOption(name="request", value="Transaction", allowed="POST")


def transact(call: Call, root: Element) -> Response:
    """The answer to a transaction.

    Raises what `transaction` and `carry_out` raise; `UnknownFeature`; `KeyNeeded` or `RoleNeeded` of whoever may not
    edit; `FeatureLocked` if a feature is locked and no `lockId` is given.
    """
    require_present(call)
    author = author_of(call)
    wanted = transaction(call, root)
    author = replace(
        author,
        reason=author.reason or reason_given("handle", wanted.handle),
        lock_id=lock_id(wanted.lock_id),
    )
    done = _carried_out(call, wanted, author)
    return Response(written(_response(call, wanted, done).root), media_type=MEDIA_TYPE)


def author_of(call: Call) -> Author:
    """Whoever asks, if they may edit; `reason`, our own parameter, says why they do."""
    principal = require_editor(call.asked)
    reason = reason_given("reason", Keywords(call.asked.parameters).text("reason"))
    return Author(name=principal.name, door=DOOR, reason=reason, towns=principal.towns)


def require_present(call: Call) -> None:
    """Refuse a day or an instant beside what changes features: only the present can be changed."""
    for name, value in (("as_of", call.as_of), ("known_at", call.known_at)):
        if value is not None:
            raise BadParameter(name=name, value=str(value), allowed="GetFeature")


def lock_id(text: str | None) -> UUID | None:
    """The lock that a client names; `UnknownLock` if no lock is ever called so."""
    if text is None:
        return None
    found = as_uuid(text.strip())
    if found is None:
        raise UnknownLock(value=text)
    return found


def _carried_out(call: Call, wanted: Transaction, author: Author) -> tuple[Done, ...]:
    # An `Insert` may hold many features, each an operation of its own: actions are counted already.
    most = call.service.limits.max_tx_features
    try:
        with call.service.database.editing() as connection:
            outcome = carry_out_within(
                connection,
                author,
                wanted.operations,
                release=wanted.release,
                version_required=call.service.version_required,
                limits=EditLimits(max_tx_operations=most, max_tx_features=most),
            )
            for action, done in _by_action(wanted, outcome.done):
                _require_named(action, done)  # else nothing is stored
    except FeatureLocked as mistake:
        if author.lock_id is None:
            raise
        raise FeatureNotLocked(**mistake.parts) from mistake
    return outcome.done


def _require_named(action: Action, done: tuple[Done, ...]) -> None:
    """Refuse an action one of whose features is not there: its client should know."""
    missing = action.named - {feature.uid for each in done for feature in each.features}
    if missing:
        operation = action.operations[0]
        raise UnknownFeature(
            operation=operation.label,
            collection=operation.collection.id,
            value=feature_id(operation.collection, min(missing)),
        )


# The answer


def _response(call: Call, wanted: Transaction, done: tuple[Done, ...]) -> Document:
    results = list(_by_action(wanted, done))
    return _of_1_0(call, results) if call.version is V100 else _of_later(call, results)


def _by_action(
    wanted: Transaction, done: tuple[Done, ...]
) -> Iterator[tuple[Action, tuple[Done, ...]]]:
    start = 0
    for action in wanted.actions:
        end = start + len(action.operations)
        yield action, done[start:end]
        start = end


def _of_1_0(call: Call, results: DoneByAction) -> Document:
    """OGC 02-058, 11.3."""
    document = Document(call.version, "wfs:WFS_TransactionResponse")
    document.set(document.root, version=call.version.number)
    for action, done in results:
        if action.kind is Kind.INSERT:
            result = document.add(document.root, "wfs:InsertResult", handle=action.handle)
            add_ids(call.version, document, result, (id for each in done for id in _ids(each)))
    result = document.add(document.root, "wfs:TransactionResult")
    document.add(document.add(result, "wfs:Status"), "wfs:SUCCESS")
    return document


def _of_later(call: Call, results: DoneByAction) -> Document:
    """OGC 04-094, 12.3, and OGC 09-025r2, 15.3, which has two kinds of results more."""
    version = call.version
    document = Document(version, "wfs:TransactionResponse")
    document.set(document.root, version=version.number)
    summary = document.add(document.root, "wfs:TransactionSummary")
    for kind, count in _counts(results).items():
        if kind is not Kind.REPLACE or version is V200:
            document.add(summary, f"wfs:{_TOTALS[kind]}", str(count))
    for kind in _RESULTS if version is V200 else (Kind.INSERT,):
        of_kind = [(action, done) for action, done in results if action.kind is kind]
        if not any(each.features for _, done in of_kind for each in done):
            continue  # an empty list would not be valid
        holder = document.add(document.root, f"wfs:{_RESULTS[kind]}")
        for action, done in of_kind:
            for each in filter(lambda each: each.features, done):
                feature = document.add(holder, "wfs:Feature", handle=action.handle)
                add_ids(call.version, document, feature, _ids(each))
    return document


def _counts(results: DoneByAction) -> Mapping[Kind, int]:
    return {
        kind: sum(
            len(each.features) for action, done in results if action.kind is kind for each in done
        )
        for kind in Kind
    }


def add_ids(version: Version, document: Document, parent: Element, ids: Iterable[str]) -> None:
    """Name features by their ids, as the filters of the version do."""
    name, attribute = ("fes:ResourceId", "rid") if version is V200 else ("ogc:FeatureId", "fid")
    for id in ids:
        document.add(parent, name, **{attribute: id})


def _ids(done: Done) -> Iterator[str]:
    return (feature_id(done.operation.collection, each.uid) for each in done.features)
