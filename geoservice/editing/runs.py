"""Which operations can be sent to the database at once. Must not know how that is done."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from geoservice.editing.operations import Delete, Insert, Operation, Restore
from geoservice.editing.writing import inserted_values


def runs(operations: Sequence[Operation]) -> Iterator[range]:
    """Operations one after the other that can be sent at once: alike, of as many features."""
    start, uids = 0, set[object]()
    kinds = [_kind(each) for each in operations]
    for number, operation in enumerate(operations):
        uid = None if isinstance(operation, Insert) else operation.which
        is_alike = kinds[number] is not None and kinds[number] == kinds[start]
        if number > start and (not is_alike or uid in uids):
            yield range(start, number)
            start, uids = number, set()
        if uid is not None and kinds[number] is not None:
            uids.add(uid)
    if operations:
        yield range(start, len(operations))


def _kind(operation: Operation) -> object:
    """What operations have in common that can be sent at once; None: it goes alone."""
    if isinstance(operation, Insert):
        return Insert, operation.collection.id, frozenset(inserted_values(operation))
    if isinstance(operation, Restore) or not isinstance(operation.which, UUID):
        return None
    if isinstance(operation, Delete):
        return Delete, operation.collection.id
    fields = operation.collection.by_name
    if any(name in fields and fields[name].many for name in operation.values):
        return None  # an array of lists cannot be taken apart into lists
    return type(operation), operation.collection.id, frozenset(operation.values)
