"""What may be done to features: pure data, made by the doors, carried out by `carrying_out`.

Values are typed as the store wants them, geometries are WKB in the storage CRS with x first. A field
that is not named keeps what it has; a new feature gets its default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from geoservice.description.collection import Collection
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.query.filter import Condition

_LONGEST_REASON = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")

Values = Mapping[str, object]
"""By the name of the field or geometry column; None takes a value away."""

Selected = UUID | Condition
"""One feature, which must be there, or all those that fulfil a condition, which may be none."""


@dataclass(frozen=True, kw_only=True)
class Insert:
    """One new feature. `label` is how its author calls the operation in messages.

    Values that the database computes are not taken: clients send back all that they have read.
    """

    collection: Collection
    values: Values
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _given(self.collection, self.values))


@dataclass(frozen=True, kw_only=True)
class Update:
    """Some values of features. `version` is the one that the author has seen, None if not said.

    A value that the database computes is refused: whoever names it means to change it.
    """

    collection: Collection
    which: Selected
    values: Values
    version: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        _require_one_for_version(self.which, self.version)


@dataclass(frozen=True, kw_only=True)
class Replace:
    """All values of one feature: what is not named becomes its default, or nothing.

    Private fields that the collection does not show stay as they are. Values that the database
    computes are not taken, as with `Insert`.
    """

    collection: Collection
    which: UUID
    values: Values
    version: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _given(self.collection, self.values))


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Features are taken away; their history stays."""

    collection: Collection
    which: Selected
    version: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        _require_one_for_version(self.which, self.version)


@dataclass(frozen=True, kw_only=True)
class Restore:
    """One feature becomes again what it was at a version, also after it was deleted."""

    collection: Collection
    which: UUID
    to_version: int
    version: int | None = None
    label: str = ""


def _given(collection: Collection, values: Values) -> Values:
    computed = collection.computed_fields
    return {name: value for name, value in values.items() if name not in computed}


def _require_one_for_version(which: Selected, version: int | None) -> None:
    if version is not None and not isinstance(which, UUID):
        raise ValueError("a version is that of one feature, not of all that fulfil a condition")


Operation = Insert | Update | Replace | Delete | Restore


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who edits, through which door, why, and where they may.

    `towns` are the codes of the towns whose features they may write; None is everywhere. `lock_id`
    is the lock under which they edit.
    """

    name: str
    door: str
    reason: str | None = None
    towns: frozenset[str] | None = None
    lock_id: UUID | None = None


def reason_given(name: str, text: str | None) -> str | None:
    """Why something is changed, as the history keeps it; `name` says in messages where it stood.

    Raises `BadParameter` for a text that is too long or has control characters.
    """
    if text is not None and (len(text) > _LONGEST_REASON or _CONTROL.search(text)):
        allowed = Text(
            zh=f"最多 {_LONGEST_REASON} 个字符，不含控制字符",
            en=f"at most {_LONGEST_REASON} characters, no control characters",
        )
        raise BadParameter(name=name, value=text, allowed=allowed)
    return text


@dataclass(frozen=True)
class Changed:
    """A feature after an operation; `version` None: it was deleted."""

    uid: UUID
    version: int | None


@dataclass(frozen=True)
class Done:
    """What one operation did: the features that it touched, in the order of their uids.

    A feature that stayed as it was counts as touched, with its version unchanged.
    """

    operation: Operation
    features: tuple[Changed, ...]


@dataclass(frozen=True)
class Outcome:
    """What a set of operations did, or would do; `change_id` None: nothing was stored."""

    change_id: int | None
    done: tuple[Done, ...]
