"""Operations on features, carried out in one transaction: all of them or none.

The database decides: an operation, or a run of them that are alike, is one statement, and the rows
it gives back say whether it was done; what stood in its way is looked up only afterwards. Must not
know how operations were written.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from geoservice.description.collection import Collection
from geoservice.editing.locks import LockAction, Member, held, release_after, require_usable
from geoservice.editing.mistakes import Mistakes
from geoservice.editing.operations import (
    Author,
    Changed,
    Delete,
    Done,
    Insert,
    Operation,
    Outcome,
    Replace,
    Restore,
    Update,
    Values,
)
from geoservice.editing.runs import runs
from geoservice.editing.towns import not_own
from geoservice.editing.writing import (
    alterations,
    conditioned,
    deletion,
    inserted_values,
    insertion,
    new_ids,
    old_version,
    out_of_reach,
    replaced_values,
    restoration,
    restored_deletion,
    stepping_back,
    update,
    version_of,
)
from geoservice.errors import (
    ChangedMeanwhile,
    ConditionRequired,
    Conflict,
    FeatureNotLocked,
    Forbidden,
    GeoserviceError,
    RejectedFeature,
    TooLarge,
    UnknownFeature,
    UnknownVersion,
)
from geoservice.languages import Text
from geoservice.query.filter import Condition
from geoservice.store.database import Database, begin_change, check_now, count_changed


@dataclass(frozen=True)
class EditLimits:
    """The limits of one transaction, by the names and with the defaults of the settings."""

    max_tx_operations: int = 1_000
    max_tx_features: int = 10_000


def carry_out(
    database: Database,
    author: Author,
    operations: Sequence[Operation],
    *,
    dry_run: bool = False,
    version_required: Container[str] = (),
    release: LockAction | None = None,
    limits: EditLimits = EditLimits(),
) -> Outcome:
    """Carry out operations in their order, in one transaction; on any mistake nothing is stored.

    Args:
        database: where.
        author: who, through which door, and where they may.
        operations: what to do.
        dry_run: do everything and roll it back: the outcome is what would be, with the ids that
            new features would not have again.
        version_required: ids of the collections whose features may be changed only with the
            version seen, or under a lock.
        release: whether the author's lock ends with the edit, for all of its features or for those
            that were touched; None keeps it.
        limits: the most operations, and the most features that they may touch.

    Raises:
        TooLarge: beyond a limit.
        ConditionRequired: an operation must give a version and does not.
        UnknownFeature, UnknownVersion: what an operation names is not there.
        ChangedMeanwhile: a feature has another version than the one given.
        Forbidden: a feature is, or would be, in a town that is not the author's.
        FeatureLocked, FeatureNotLocked, UnknownLock, LockExpired: see `locks`.
        Rejected, RejectedFeature: a value breaks a rule of the register.
        Conflict: somebody else is changing the same features for too long; try again.

    Of several operations, the one with the mistake is named in the part `operation`.
    """
    with database.editing() as connection:
        return carry_out_within(
            connection,
            author,
            operations,
            dry_run=dry_run,
            version_required=version_required,
            release=release,
            limits=limits,
        )


def carry_out_within(
    connection: sa.Connection,
    author: Author,
    operations: Sequence[Operation],
    *,
    dry_run: bool = False,
    version_required: Container[str] = (),
    release: LockAction | None = None,
    limits: EditLimits = EditLimits(),
) -> Outcome:
    """Like `carry_out`, in a transaction of the editing role that the caller has opened.

    So what the caller stores beside it is there if and only if the edit is.
    """
    _require_at_most("max_tx_operations", limits.max_tx_operations, len(operations))
    transaction = _Transaction(connection, author, operations, limits)
    transaction.require_versions(version_required)
    with connection.begin_nested() as savepoint:
        done = transaction.done()
        is_stored = transaction.has_changed and not dry_run
        if not is_stored:
            savepoint.rollback()
    if author.lock_id is not None and release is not None and not dry_run:
        release_after(connection, author.lock_id, release, transaction.touched)
    return Outcome(transaction.change_id if is_stored else None, tuple(done))


class _Transaction:
    """The operations of one author, on their way."""

    def __init__(
        self,
        connection: sa.Connection,
        author: Author,
        operations: Sequence[Operation],
        limits: EditLimits,
    ) -> None:
        self._connection = connection
        self._author = author
        self._operations = operations
        self._limits = limits
        self._mistakes = Mistakes(operations, author)
        self._held: frozenset[Member] = frozenset()
        self._features = 0
        self._versions: dict[Member, int] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self.change_id = 0
        self.touched: set[Member] = set()

    @property
    def has_changed(self) -> bool:
        """Whether anything is another than before."""
        return bool(self._counts)

    def require_versions(self, collections: Container[str]) -> None:
        """Refuse an operation that must say which version it changes, and does not."""
        for number, each in enumerate(self._operations):
            if each.collection.id in collections and self._is_unconditional(each):
                with self._mistakes.of(number):
                    raise ConditionRequired(collection=each.collection.id)

    def done(self) -> list[Done]:
        """What the operations did, now that they are carried out."""
        author = self._author
        if author.lock_id is not None:
            require_usable(self._connection, author.lock_id, author.name)
            self._held = held(self._connection, author.lock_id)
        self.change_id = begin_change(
            self._connection,
            actor=author.name,
            door=author.door,
            reason=author.reason,
            towns=author.towns,
            lock_id=author.lock_id,
            is_unconditional=any(map(self._is_unconditional, self._operations)),
        )
        found: list[Done] = []
        for run in runs(self._operations):
            if isinstance(self._operations[run[0]], Insert):
                found += self._inserted(run)
            else:
                found += self._altered(run)
        for id, counts in sorted(self._counts.items()):
            count_changed(self._connection, id, **counts)
        check_now(self._connection)
        return found

    def _is_unconditional(self, operation: Operation) -> bool:
        """Whether it changes features without regard to the version they have."""
        if isinstance(operation, Insert) or self._author.lock_id is not None:
            return False
        return operation.version is None

    # New features

    def _inserted(self, run: range) -> list[Done]:
        """New features with the same columns, sent at once; if one is refused, it is named."""
        collection = self._operations[run[0]].collection
        rows = [self._new_row(number) for number in run]
        self._count_features(len(rows))
        ids = list(self._connection.execute(new_ids(len(rows))).scalars())
        statement, parameters = insertion(collection, rows, ids)
        if len(run) == 1:
            with self._mistakes.of(run[0]):
                self._connection.execute(statement, parameters[0])
        else:
            try:
                with self._connection.begin_nested():
                    self._connection.execute(statement, parameters)
            except OperationalError:
                raise  # it took too long, whichever it is
            except DBAPIError:
                for number, row in zip(run, parameters, strict=True):  # only to see which it is
                    with self._mistakes.of(number):
                        self._connection.execute(statement, row)
                raise
        found = []
        for number, uid in zip(run, ids, strict=True):
            self._remember(collection, Changed(uid, 1), "inserted")
            found.append(Done(self._operations[number], (Changed(uid, 1),)))
        return found

    def _new_row(self, number: int) -> Values:
        operation = self._operations[number]
        assert isinstance(operation, Insert)
        with self._mistakes.of(number):
            self._require_editable(operation.collection)
            values = inserted_values(operation)
            self._require_own_town(operation.collection, values)
            if operation.collection.town not in values:
                self._require_town(operation.collection, None)
        return values

    # Features that are there

    def _altered(self, run: range) -> list[Done]:
        """Operations on features that are there; several alike are one statement.

        If that is refused, they are done one by one, which shows the one that stands in the way.
        """
        if len(run) == 1:
            return [self._one(run[0])]
        for number in run:
            with self._mistakes.of(number):
                self._require_allowed(self._operations[number])
        try:
            with self._connection.begin_nested():
                found = self._connection.execute(
                    alterations(self._operations[run.start : run.stop])
                )
                rows = {row.uid: row for row in found}
        except OperationalError:
            raise  # it took too long, whichever it is
        except DBAPIError:
            return [self._one(number) for number in run]
        self._count_features(len(run))
        return [self._one_of(number, rows) for number in run]

    def _one_of(self, number: int, rows: Mapping[UUID, sa.Row[Any]]) -> Done:
        """What an operation did, by the rows that came back from those of its kind."""
        operation = self._operations[number]
        assert not isinstance(operation, Insert)
        assert isinstance(operation.which, UUID)
        with self._mistakes.of(number):
            if operation.which not in rows:
                raise self._obstacle(operation.collection, operation.which, operation.version)
            changed = self._seen(operation, rows[operation.which])
            self._require_held(operation.collection, [changed])
        return Done(operation, (changed,))

    def _one(self, number: int) -> Done:
        """One operation on features that are there."""
        operation = self._operations[number]
        with self._mistakes.of(number):
            self._require_allowed(operation)
            match operation:
                case Update() | Delete():
                    changed = self._selected(operation)
                case Replace():
                    changed = self._found(operation, update(operation, replaced_values(operation)))
                case Restore():
                    changed = self._restored(operation)
            self._require_held(operation.collection, changed)
        return Done(operation, tuple(changed))

    def _require_allowed(self, operation: Operation) -> None:
        """Refuse what can be refused before the feature is looked at."""
        self._require_editable(operation.collection)
        if isinstance(operation, Update | Replace):
            self._require_writable(operation.collection, operation.values)
            self._require_own_town(operation.collection, operation.values)

    def _selected(self, operation: Update | Delete) -> list[Changed]:
        """One feature by its id, or those that fulfil a condition: all of them, and not too many."""
        which, collection = operation.which, operation.collection
        if isinstance(which, UUID):
            if isinstance(operation, Update):
                return self._found(operation, update(operation, operation.values))
            return self._found(operation, deletion(operation))
        self._require_reach(collection, which)
        room = self._limits.max_tx_features - self._features
        rows = self._connection.execute(conditioned(operation, which, at_most=room + 1)).all()
        self._count_features(len(rows))
        return [self._seen(operation, row) for row in sorted(rows, key=lambda row: row.uid)]

    def _found(
        self, operation: Update | Replace | Delete | Restore, statement: sa.Executable
    ) -> list[Changed]:
        """The feature that a statement must find."""
        assert isinstance(operation.which, UUID)
        self._count_features(1)
        rows = self._connection.execute(statement).all()
        if not rows:
            raise self._obstacle(operation.collection, operation.which, operation.version)
        return [self._seen(operation, row) for row in rows]

    def _restored(self, operation: Restore) -> list[Changed]:
        """A feature with the values of an earlier version, whether it is there or was deleted."""
        collection, uid = operation.collection, operation.which
        is_old = self._connection.execute(old_version(operation)).first() is not None
        now = self._connection.execute(version_of(collection, uid)).first()
        if not is_old and (now is None or now.version != operation.to_version):
            raise UnknownVersion(
                collection=collection.id, value=str(uid), version=operation.to_version
            )
        if now is not None:
            as_it_is = update(operation, {})
            self._connection.execute(stepping_back(True))
            found = self._found(operation, restoration(operation) if is_old else as_it_is)
            self._connection.execute(stepping_back(False))
            return found
        if operation.version is not None:
            raise UnknownFeature(collection=collection.id, value=str(uid))
        self._count_features(1)
        version = self._connection.execute(restored_deletion(operation)).scalar()
        if version is None:
            raise _changing()
        return [self._remember(collection, Changed(uid, version), "inserted")]

    def _seen(self, operation: Operation, row: sa.Row[tuple[UUID, int, int]]) -> Changed:
        """A feature that a statement gives back; one that stayed as it was is not counted."""
        collection = operation.collection
        if isinstance(operation, Delete):
            return self._remember(collection, Changed(row.uid, None), "deleted")
        known = self._versions.get(Member(collection.id, row.uid))
        is_new = row.change_id == self.change_id if known is None else row.version != known
        changed = Changed(row.uid, row.version)
        return self._remember(collection, changed, "updated" if is_new else None)

    def _remember(self, collection: Collection, changed: Changed, how: str | None) -> Changed:
        member = Member(collection.id, changed.uid)
        self.touched.add(member)
        if changed.version is not None:
            self._versions[member] = changed.version
        if how is not None:
            none = dict.fromkeys(("inserted", "updated", "deleted"), 0)
            self._counts.setdefault(collection.id, none)[how] += 1
        return changed

    # What stands in the way

    def _obstacle(self, collection: Collection, uid: UUID, version: int | None) -> GeoserviceError:
        """Why a statement found no row."""
        row = self._connection.execute(version_of(collection, uid)).first()
        if row is None:
            return UnknownFeature(collection=collection.id, value=str(uid))
        if self._author.towns is not None and row.town not in self._author.towns:
            return not_own(collection, row.town)
        if version is not None and row.version != version:
            return ChangedMeanwhile(
                collection=collection.id, value=str(uid), expected=version, actual=row.version
            )
        return _changing()

    def _require_reach(self, collection: Collection, condition: Condition) -> None:
        """Policies pass over what is not the author's: to do less than was asked is refused."""
        if self._author.towns is not None:
            row = self._connection.execute(out_of_reach(collection, condition)).first()
            if row is not None:
                raise not_own(collection, row.town)

    def _require_own_town(self, collection: Collection, values: Values) -> None:
        """Refuse a town that is not the author's in words; the policies would without."""
        if collection.town is not None and collection.town in values:
            self._require_town(collection, values[collection.town])

    def _require_town(self, collection: Collection, town: object) -> None:
        if self._author.towns is not None and town not in self._author.towns:
            raise not_own(collection, town)

    def _require_editable(self, collection: Collection) -> None:
        if not collection.editable:
            reason = Text(zh=f"{collection.id} 不能编辑。", en=f"{collection.id} cannot be edited.")
            raise Forbidden(collection=collection.id, reason=reason)

    def _require_writable(self, collection: Collection, values: Values) -> None:
        for name in sorted(collection.computed_fields & values.keys()):
            reason = Text(
                zh="由数据库计算，不能填写", en="the database computes it; it is not given"
            )
            value = str(values[name])
            raise RejectedFeature(collection=collection.id, field=name, value=value, reason=reason)

    def _require_held(self, collection: Collection, features: Iterable[Changed]) -> None:
        """Under a lock, only what it holds may be changed."""
        if self._author.lock_id is None:
            return
        for each in features:
            if Member(collection.id, each.uid) not in self._held:
                raise FeatureNotLocked(collection=collection.id, value=str(each.uid))

    def _count_features(self, number: int) -> None:
        self._features += number
        _require_at_most("max_tx_features", self._limits.max_tx_features, self._features)


def _changing() -> Conflict:
    return Conflict(
        reason=Text(zh="正被他人修改，请稍后重试。", en="Someone else is changing this; try again.")
    )


def _require_at_most(name: str, limit: int, actual: int) -> None:
    if actual > limit:
        raise TooLarge(limit_name=name, limit=limit, actual=actual)
