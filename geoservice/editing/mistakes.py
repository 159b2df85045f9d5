"""Which of several operations a mistake is about, and with which value.

The database keeps the values of refused rows to itself; the operation has them. Must not know how
operations are carried out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from geoservice.editing.operations import Author, Delete, Operation, Restore
from geoservice.editing.towns import out_of_towns
from geoservice.errors import FeatureInUse, GeoserviceError, RejectedFeature, Unavailable
from geoservice.languages import Text
from geoservice.store.faults import UNKNOWN_VALUE, told_of_writing


class Mistakes:
    """Names the operations of one author in their mistakes."""

    def __init__(self, operations: Sequence[Operation], author: Author) -> None:
        self._operations = operations
        self._author = author

    @contextmanager
    def of(self, number: int) -> Iterator[None]:
        """Mistakes in here are those of one operation, and say so if there are several."""
        try:
            yield
        except DBAPIError as fault:
            mistake = self._meaning(fault, self._operations[number])
            if mistake is None:
                raise
            raise self._named(mistake, number) from fault
        except GeoserviceError as mistake:
            raise self._named(mistake, number) from mistake.__cause__

    def _named(self, mistake: GeoserviceError, number: int) -> GeoserviceError:
        label = self._operations[number].label
        total = len(self._operations)
        if label:
            return mistake.in_operation(label)
        if total > 1:
            place = Text(zh=f"第 {number + 1} 项（共 {total} 项）", en=f"{number + 1} of {total}")
            return mistake.in_operation(place)
        return mistake

    def _meaning(self, fault: DBAPIError, operation: Operation) -> GeoserviceError | None:
        """What a refusal of the database means, with the values that the database keeps to itself."""
        if isinstance(fault.orig, psycopg.errors.InsufficientPrivilege):
            return None if self._author.towns is None else out_of_towns(operation.collection)
        mistake = told_of_writing(fault.orig, 0)
        if mistake is None or isinstance(mistake, Unavailable):
            return None  # told where the time limit is known
        if mistake.parts.get("value") != UNKNOWN_VALUE:
            return mistake
        value = _value_of(mistake, operation)
        return mistake if value is None else type(mistake)(**{**mistake.parts, "value": value})


def _value_of(mistake: GeoserviceError, operation: Operation) -> str | None:
    """The value that a mistake is about, as the operation gives it."""
    if isinstance(mistake, FeatureInUse) and isinstance(operation, Delete):
        return str(operation.which) if isinstance(operation.which, UUID) else None
    if not isinstance(mistake, RejectedFeature) or isinstance(operation, Delete | Restore):
        return None
    names = str(mistake.parts["field"]).split(", ")
    by_name = operation.collection.by_name
    given = [operation.values.get(name, by_name[name].default) for name in names if name in by_name]
    return ", ".join(str(value) for value in given if value is not None) or None
