"""Operations → statements. Pure functions; `carrying_out` runs what they return."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection
from geoservice.editing.operations import (
    Delete,
    Insert,
    Operation,
    Replace,
    Restore,
    Update,
    Values,
)
from geoservice.query.filter import Condition
from geoservice.store.filters import compiled
from geoservice.store.programs import given_columns, restoring_function_name
from geoservice.store.tables import tables

_DEFAULT = sa.text("DEFAULT")
_RETURNED = ("uid", "version", "change_id")


def new_ids(number: int) -> sa.Select[Any]:
    """So many ids for new features."""
    each = sa.func.generate_series(1, number).table_valued("number")
    return sa.select(sa.func.geoservice.uuid7(type_=pg.UUID(as_uuid=True))).select_from(each)


def inserted_values(operation: Insert) -> Values:
    """The values of a new feature: one that has no value, but must have one, gets its default."""
    by_name = operation.collection.by_name
    return {
        name: value
        for name, value in operation.values.items()
        if value is not None
        or name not in by_name
        or by_name[name].nullable
        or by_name[name].default is None
    }


def insertion(
    collection: Collection, rows: Sequence[Values], ids: Sequence[UUID]
) -> tuple[sa.Insert, list[dict[str, Any]]]:
    """The statement for new features that have the same columns, and its parameters for each."""
    table = tables().current(collection)
    names = list(rows[0])
    bound = {name: f"value_{number}" for number, name in enumerate(names)}
    columns: dict[Any, Any] = {
        table.c[name]: _stored(table.c[name], sa.bindparam(key, type_=_wire(table.c[name])))
        for name, key in bound.items()
    }
    columns[table.c.uid] = sa.bindparam("new_uid", type_=table.c.uid.type)
    parameters = [
        {"new_uid": uid, **{bound[name]: value for name, value in row.items()}}
        for uid, row in zip(ids, rows, strict=True)
    ]
    return sa.insert(table).values(columns).returning(table.c.uid), parameters


def replaced_values(operation: Replace) -> Values:
    """Every value that the author can see: those not named become the default, or nothing."""
    collection = operation.collection
    seen = {field.name for field in collection.public_fields} - collection.computed_fields
    if collection.geometry is not None:
        seen.add("geom")
    return dict.fromkeys(sorted(seen), _DEFAULT) | dict(operation.values)


def update(operation: Update | Replace | Restore, values: Values) -> sa.Update:
    """One feature with other values, if it has the version that its author has seen."""
    table = tables().current(operation.collection)
    assert isinstance(operation.which, UUID)
    return _assigned(table, values).where(
        table.c.uid == operation.which, *_unchanged(table, operation.version)
    )


def deletion(operation: Delete) -> sa.Executable:
    """One feature away, if it has the version that its author has seen."""
    table = tables().current(operation.collection)
    return (
        sa.delete(table)
        .where(table.c.uid == operation.which, *_unchanged(table, operation.version))
        .returning(*_returned(table))
    )


def alterations(alike: Sequence[Operation]) -> sa.Executable:
    """Operations alike, each on one feature, as one statement.

    All are updates, or replacements, or deletions; of one collection; with values for the same
    fields, none of which has many; no feature comes twice.
    """
    operations = [each for each in alike if isinstance(each, Update | Replace | Delete)]
    first = operations[0]
    table = tables().current(first.collection)
    names = () if isinstance(first, Delete) else tuple(first.values)
    given = _rows(
        {
            "uid": (table.c.uid.type, [each.which for each in operations]),
            "version": (table.c.version.type, [each.version for each in operations]),
            **{
                f"value_{number}": (
                    _wire(table.c[name]),
                    [each.values[name] for each in operations if not isinstance(each, Delete)],
                )
                for number, name in enumerate(names)
            },
        }
    )
    where = (
        table.c.uid == given.c.uid,
        sa.or_(given.c.version.is_(None), table.c.version == given.c.version),
    )
    if isinstance(first, Delete):
        return sa.delete(table).where(*where).returning(*_returned(table))
    defaults = replaced_values(first) if isinstance(first, Replace) else {}
    assigned: dict[Any, Any] = {table.c[name]: _DEFAULT for name in defaults}
    for number, name in enumerate(names):
        assigned[table.c[name]] = _stored(table.c[name], given.c[f"value_{number}"])
    return _updated(table, assigned).where(*where)


def conditioned(operation: Update | Delete, condition: Condition, *, at_most: int) -> sa.Executable:
    """Features that fulfil a condition, at most so many: other values, or away."""
    collection = operation.collection
    table = tables().current(collection)
    chosen = table.alias("chosen")
    ids = (
        sa.select(chosen.c.uid)
        .where(compiled(condition, chosen, collection))
        .order_by(chosen.c.uid)
        .limit(at_most)
    )
    where = (table.c.uid.in_(ids), compiled(condition, table, collection))
    if isinstance(operation, Update):
        return _assigned(table, operation.values).where(*where)
    return sa.delete(table).where(*where).returning(*_returned(table))


def restoration(operation: Restore) -> sa.Update:
    """One feature with the values of an earlier version: bytes are copied, none is read."""
    collection = operation.collection
    table, then = tables().current(collection), tables().history(collection)
    data = given_columns(collection)
    return (
        sa.update(table)
        .values({table.c[name]: then.c[name] for name in data})
        .where(
            table.c.uid == operation.which,
            then.c.uid == table.c.uid,
            then.c.version == operation.to_version,
            *_unchanged(table, operation.version),
        )
        .returning(*_returned(table))
    )


def stepping_back(is_allowed: bool) -> sa.Select[Any]:
    """Lets features of this transaction go back to earlier steps of their work, or no longer."""
    setting = "on" if is_allowed else "off"
    return sa.select(sa.func.set_config("geoservice.restoring", setting, True))


def restored_deletion(operation: Restore) -> sa.Select[Any]:
    """A deleted feature again; its new version, null if it is there or never had that version."""
    collection = operation.collection
    schema = getattr(sa.func, tables().current(collection).schema or "")
    restore = getattr(schema, restoring_function_name(collection))
    return sa.select(restore(operation.which, operation.to_version, type_=sa.Integer))


def version_of(collection: Collection, uid: UUID) -> sa.Select[Any]:
    """The version and the town of a feature that is there."""
    table = tables().current(collection)
    town = table.c[collection.town] if collection.town else sa.null()
    return sa.select(table.c.version, town.label("town")).where(table.c.uid == uid)


def old_version(operation: Restore) -> sa.Select[Any]:
    """The version to which a feature is to be restored, if it was replaced or deleted."""
    then = tables().history(operation.collection)
    return sa.select(then.c.version).where(
        then.c.uid == operation.which, then.c.version == operation.to_version
    )


def out_of_reach(collection: Collection, condition: Condition) -> sa.Select[Any]:
    """The town of a feature that fulfils a condition and may not be written."""
    table = tables().current(collection)
    town = table.c[collection.town] if collection.town else sa.cast(sa.null(), sa.Text)
    return (
        sa.select(town.label("town"))
        .where(compiled(condition, table, collection))
        .where(sa.not_(sa.func.geoservice.may_write(town)))
        .limit(1)
    )


def _assigned(table: sa.Table, values: Values) -> sa.Update:
    assigned: Mapping[Any, Any] = {
        table.c[name]: value
        if value is _DEFAULT
        else _stored(table.c[name], sa.literal(value, _wire(table.c[name])))
        for name, value in values.items()
    }
    return _updated(table, assigned)


def _updated(table: sa.Table, assigned: Mapping[Any, Any]) -> sa.Update:
    """Without a value, the row is still held and its version compared."""
    values = assigned or {table.c.uid: table.c.uid}
    return sa.update(table).values(values).returning(*_returned(table))


def _rows(
    columns: Mapping[str, tuple[sa.types.TypeEngine[Any], Sequence[object]]],
) -> sa.TableValuedAlias:
    """Rows from the values of each column, one array for each."""
    arrays = [sa.literal(list(values), pg.ARRAY(type)) for type, values in columns.values()]
    named = [sa.column(name, type) for name, (type, _) in columns.items()]
    return sa.func.unnest(*arrays).table_valued(*named, name="given").render_derived()


def _unchanged(table: sa.Table, version: int | None) -> list[sa.ColumnElement[bool]]:
    return [] if version is None else [table.c.version == version]


def _returned(table: sa.Table) -> list[sa.Column[Any]]:
    return [table.c[name] for name in _RETURNED]


def _wire(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """The type in which a value is sent: a geometry as WKB."""
    return sa.LargeBinary() if isinstance(column.type, Geometry) else column.type


def _stored(column: sa.Column[Any], value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if isinstance(column.type, Geometry):
        return sa.func.ST_GeomFromWKB(value, STORAGE_SRID, type_=sa.types.NullType())
    return value
