"""Collection → tables: current rows, and the history of what they replaced.

A collection has two tables. `<id>` holds the current version of each feature; `<id>_history` holds
the versions that were replaced, with the time and the change that replaced them. So an insert costs
nothing beyond itself, and the versions of a feature are the union of both.

One geometry column in the storage CRS is enough for metric work: a box in degrees around the one
side uses the plain GiST index, and the exact geodesic distance decides. Measured beside a second,
projected column: within 10 %, at half the storage and for any zone.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from threading import Lock
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import (
    CodePair,
    Collection,
    Computed,
    Field,
    FieldType,
    Fixed,
    GeometryType,
    Given,
    InOrder,
    Measure,
    Steps,
    Unique,
)
from geoservice.languages import Text

BUILT_IN_SCHEMA = "registers"
PUBLISHED_SCHEMA = "published"
SYSTEM_SCHEMA = "geoservice"

_MAX_NAME_BYTES = 63

CHANGE_COLUMNS = ("version", "recorded_at", "change_id")
"""What the store adds to a current row beside `uid` and `geom`."""

_SCALAR_TYPES: dict[FieldType, sa.types.TypeEngine[Any]] = {
    FieldType.TEXT: sa.Text(),
    FieldType.INTEGER: sa.Integer(),
    FieldType.LONG: sa.BigInteger(),
    FieldType.NUMBER: sa.Double(),
    FieldType.BOOLEAN: sa.Boolean(),
    FieldType.DATE: sa.Date(),
    FieldType.DATETIME: sa.DateTime(timezone=True),
    FieldType.UUID: pg.UUID(as_uuid=True),
}

NAMING = {
    "pk": "%(table_name)s_pkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


def schema_of(collection: Collection) -> str:
    """The schema in which a collection's tables live."""
    return PUBLISHED_SCHEMA if collection.published else BUILT_IN_SCHEMA


def column_type(field: Field) -> sa.types.TypeEngine[Any]:
    """The column type of a field."""
    if field.type is FieldType.GEOMETRY:
        assert field.geometry is not None
        return _geometry_type(field.geometry)
    if field.type is FieldType.DECIMAL:
        assert field.digits is not None
        return sa.Numeric(*field.digits)
    scalar = _SCALAR_TYPES[field.type]
    return pg.ARRAY(scalar) if field.many else scalar


def _geometry_type(geometry: GeometryType) -> sa.types.TypeEngine[Any]:
    return Geometry(geometry.upper(), srid=STORAGE_SRID, spatial_index=False)


@dataclass(frozen=True)
class Rule:
    """A check of a table: what a row must fulfil, the fields it is about, and what it means.

    `test` is SQL about a row; of a rule on how a row may change, about `OLD` and `NEW`.
    """

    name: str
    test: str
    fields: tuple[str, ...]
    meaning: Text


@dataclass(frozen=True)
class Key:
    """The fields of a key of a table, and of a foreign one the table that it refers to."""

    fields: tuple[str, ...]
    refers_to: str | None = None


class Tables:
    """The tables of collections, made when first asked for; thread-safe, one per process is enough.

    Two collections with one id never share a table, unless they differ only in what readers see.
    """

    def __init__(self) -> None:
        self.metadata = sa.MetaData(naming_convention=NAMING)
        self._made: dict[str, tuple[Collection, sa.Table, sa.Table]] = {}
        self._lock = Lock()

    def current(self, collection: Collection) -> sa.Table:
        """The table of current rows."""
        return self._both(collection)[0]

    def history(self, collection: Collection) -> sa.Table:
        """The table of replaced rows: the same columns, then when, by which change and how."""
        return self._both(collection)[1]

    def rule(self, schema: str | None, table: str | None, constraint: str | None) -> Rule | None:
        """The rule that a constraint of a table made here stands for; None if it is another's."""
        made = self.metadata.tables.get(f"{schema}.{table}")
        if made is None:
            return None
        for each in made.constraints:
            if each.name == constraint:
                return each.info.get("rule")
        collection = self._made.get(made.name, (None,))[0]
        rules = rules_of_change(collection) if collection and made.name == table else ()
        return next((rule for rule in rules if rule.name == constraint), None)

    def key(self, schema: str | None, table: str | None, name: str | None) -> Key | None:
        """The key with this name of a table made here: primary, unique, or foreign."""
        made = self.metadata.tables.get(f"{schema}.{table}")
        if made is None:
            return None
        for index in made.indexes:
            if index.name == name:
                return Key(tuple(str(column.name) for column in index.columns))
        for constraint in made.constraints:
            if isinstance(constraint, sa.ForeignKeyConstraint) and constraint.name == name:
                return Key(tuple(constraint.column_keys), constraint.referred_table.name)
            if isinstance(constraint, sa.PrimaryKeyConstraint) and constraint.name == name:
                return Key(tuple(str(column.name) for column in constraint.columns))
        return None

    def _both(self, collection: Collection) -> tuple[sa.Table, sa.Table]:
        collection = collection.unveiled
        with self._lock:
            made = self._made.get(collection.id)
            if made is None or made[0] != collection:
                if made is not None:
                    self.metadata.remove(made[1])
                    self.metadata.remove(made[2])
                current = _current_table(self.metadata, collection)
                made = (collection, current, _history_table(self.metadata, collection))
                self._made[collection.id] = made
        return made[1], made[2]


@cache
def tables() -> Tables:
    """The tables of this process."""
    return Tables()


def _system_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "uid",
            pg.UUID(as_uuid=True),
            primary_key=True,
            server_default=sa.text(f"{SYSTEM_SCHEMA}.uuid7()"),
        ),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column(
            "change_id",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text(f"{SYSTEM_SCHEMA}.current_change()"),
        ),
    ]


def _current_table(metadata: sa.MetaData, collection: Collection) -> sa.Table:
    table = sa.Table(
        collection.id,
        metadata,
        *_system_columns(),
        *(_column(collection, field) for field in collection.fields),
        *_geometry_column(collection),
        *_checks(collection),
        schema=schema_of(collection),
        comment=collection.title.zh,
    )
    _add_indexes(table, collection)
    return table


def _history_table(metadata: sa.MetaData, collection: Collection) -> sa.Table:
    name = f"{collection.id}_history"
    table = sa.Table(
        name,
        metadata,
        sa.Column("uid", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger, nullable=False),
        *(sa.Column(field.name, column_type(field)) for field in collection.fields),
        *(sa.Column(column.name, column.type) for column in _geometry_column(collection)),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.CheckConstraint("recorded_at < superseded_at", name="period"),
        sa.CheckConstraint("operation IN ('update', 'delete')", name="operation"),
        schema=schema_of(collection),
        comment=f"{collection.title.zh}：历史版本",
    )
    if collection.geometry:
        sa.Index(f"{name}_geom_gist", table.c.geom, postgresql_using="gist")
    return table


def _column(collection: Collection, field: Field) -> sa.Column[Any]:
    reference = field.refers_to
    enforced = reference is not None and reference.field == "uid" and not field.many
    keys = (
        [sa.ForeignKey(f"{BUILT_IN_SCHEMA}.{reference.collection}.uid", deferrable=True)]
        if enforced and reference
        else []
    )
    default = field.default
    computed = [sa.Computed(_computed(field.computed), persisted=True)] if field.computed else []
    return sa.Column(
        field.name,
        column_type(field),
        *keys,
        *computed,
        nullable=field.nullable,
        server_default=None if default is None else sa.text(_quoted(default)),
        comment=field.title.zh,
    )


def _computed(computed: Computed) -> str:
    """The SQL of a computed value."""
    measured = {
        Measure.ELLIPSOID_AREA: "ST_Area(geography(geom), true)",
        Measure.PLANE_AREA: f"{SYSTEM_SCHEMA}.plane_area_m2(geom)",
    }[computed.measure]
    return (
        f"{_name(computed.subtracted_from)} - {measured}" if computed.subtracted_from else measured
    )


def _geometry_column(collection: Collection) -> list[sa.Column[Any]]:
    if collection.geometry is None:
        return []
    return [
        sa.Column(
            "geom", _geometry_type(collection.geometry), nullable=not collection.geometry_required
        )
    ]


def _quoted(value: object) -> str:
    """A constant of a description as SQL; only for DDL, which cannot bind values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _checks(collection: Collection) -> list[sa.CheckConstraint]:
    # What nobody edits is as its maker computed it: the line between touching features has no length.
    rules = [_storable(name) for name in collection.geometry_fields if collection.editable]
    for field in collection.fields:
        rules += _field_rules(field)
    for rule in collection.rules:
        match rule:
            case InOrder():
                rules.append(_in_order(rule))
            case CodePair():
                rules.append(_code_pair(rule))
            case Given():
                rules.append(_given(rule))
            case Steps() | Fixed():
                pass  # about a change, not about a row: see `rules_of_change`
            case Unique():
                pass  # an index: see `_add_indexes`
    return [
        sa.CheckConstraint(
            sa.text(_escaped(rule.test)),
            name=_fitting(collection.id, rule.name),
            info={"rule": rule},
        )
        for rule in rules
    ]


def _fitting(table: str, name: str) -> str:
    """A constraint name that PostgreSQL does not cut: long ones end in a digest of the whole."""
    room = _MAX_NAME_BYTES - len(f"{table}__check")
    if len(name.encode()) <= room:
        return name
    digest = sha256(name.encode()).hexdigest()[: min(8, room)]
    kept = name.encode()[: max(room - len(digest) - 1, 0)].decode(errors="ignore")
    return f"{kept}_{digest}" if kept else digest


def _escaped(sql: str) -> str:
    """SQL text in which a colon is a colon, not the mark of a bound value."""
    return sql.replace(":", "\\:")


def _storable(name: str) -> Rule:
    """A geometry is not empty, valid, and its box lies on earth (NaN fails every comparison)."""
    g = _name(name)
    return Rule(
        f"{name}_storable",
        f"NOT ST_IsEmpty({g}) AND ST_XMin({g}) >= -180 AND ST_XMax({g}) <= 180 "
        f"AND ST_YMin({g}) >= -90 AND ST_YMax({g}) <= 90 AND ST_IsValid({g})",
        (name,),
        Text(
            zh="几何须有效、不为空，经度在 -180 至 180、纬度在 -90 至 90 之间",
            en="a geometry must be valid and not empty, with longitudes from -180 to 180 and "
            "latitudes from -90 to 90",
        ),
    )


def _field_rules(field: Field) -> list[Rule]:
    column = _name(field.name)
    rules = []

    def rule(kind: str, test: str, zh: str, en: str) -> None:
        rules.append(Rule(f"{field.name}_{kind}", test, (field.name,), Text(zh=zh, en=en)))

    if field.codes is not None:
        codes = ", ".join(_quoted(code.code) for code in field.codes)
        test = f"{column} <@ ARRAY[{codes}]" if field.many else f"{column} IN ({codes})"
        allowed = ", ".join(code.code for code in field.codes)
        rule(
            "code",
            test,
            f"须为代码表 {field.codes.id} 中的代码：{allowed}",
            f"it must be a code of {field.codes.id}: {allowed}",
        )
    if field.many:
        test = f"array_position({column}, NULL) IS NULL"
        rule("list", test, "列表中不能有空值", "a list must not hold a missing value")
    if field.max_length is not None:
        test = f"char_length({column}) <= {field.max_length}"
        rule(
            "length",
            test,
            f"最多 {field.max_length} 个字符",
            f"at most {field.max_length} characters",
        )
    if field.type is FieldType.NUMBER:
        test = f"{column} > '-Infinity' AND {column} < 'Infinity'"
        rule("finite", test, "须为有限数值", "it must be a finite number")
    if field.minimum is not None:
        test = f"{column} >= {field.minimum}"
        rule("minimum", test, f"不能小于 {field.minimum}", f"it must be at least {field.minimum}")
    if field.maximum is not None:
        test = f"{column} <= {field.maximum}"
        rule("maximum", test, f"不能大于 {field.maximum}", f"it must be at most {field.maximum}")
    return rules


def _in_order(rule: InOrder) -> Rule:
    first, second = rule.first, rule.second
    return Rule(
        f"{first}_{second}_order",
        f"{_name(first)} <= {_name(second)}",
        (first, second),
        Text(zh=f"{first} 不能在 {second} 之后", en=f"{first} must not be after {second}"),
    )


def _code_pair(rule: CodePair) -> Rule:
    code_set, code = _name(rule.code_set), _name(rule.code)
    pairs = " OR ".join(
        f"({code_set} = {_quoted(codes.id)} AND {code} IN ({', '.join(_quoted(c.code) for c in codes)}))"
        for codes in rule.lists
    )
    ids = ", ".join(codes.id for codes in rule.lists)
    return Rule(
        f"{rule.code_set}_{rule.code}_pair",
        f"({code_set} IS NULL AND {code} IS NULL) OR ({code_set} IS NOT NULL AND {code} IS NOT NULL AND ({pairs}))",
        (rule.code_set, rule.code),
        Text(
            zh=f"代码须属于所给代码表（{ids}）", en=f"the code must belong to its set, one of {ids}"
        ),
    )


def _given(rule: Given) -> Rule:
    then = _name(rule.field)
    conditions = [
        f"{_name(name)} IN ({', '.join(map(_quoted, codes))})" for name, codes in rule.when
    ]
    wanted = f"{then} IS NOT NULL"
    if rule.value is not None:
        wanted += f" AND {then} = {_quoted(rule.value)}"
    states = "; ".join(f"{name}: {', '.join(codes)}" for name, codes in rule.when)
    names = tuple(name for name, _ in rule.when)
    is_value = rule.value is not None
    return Rule(
        f"{rule.field}_given_{'_'.join(names)}_{'_'.join(rule.when[0][1])}",
        f"({' AND '.join(conditions)}) IS NOT TRUE OR ({wanted})",
        (rule.field, *names),
        Text(
            zh=f"{states} 时，{rule.field} 须{f'为 {rule.value}' if is_value else '填写'}",
            en=f"with {states}, {rule.field} must be {rule.value if is_value else 'given'}",
        ),
    )


def rules_of_change(collection: Collection) -> tuple[Rule, ...]:
    """The rules on how a later version may differ from the one before, for a trigger to keep."""
    found: list[Rule] = []
    for rule in collection.rules:
        match rule:
            case Steps():
                found.append(_steps(collection, rule))
            case Fixed():
                found.append(_fixed(collection, rule))
            case _:
                pass
    return tuple(found)


def _steps(collection: Collection, rule: Steps) -> Rule:
    name = _name(rule.field)
    pairs = ", ".join(
        f"({_quoted(before)}, {_quoted(after)})"
        for before, afters in rule.allowed
        for after in afters
    )
    said = "; ".join(f"{before} → {', '.join(afters)}" for before, afters in rule.allowed)
    return Rule(
        _whole_name(collection, f"{rule.field}_steps"),
        f"OLD.{name} = NEW.{name} OR (OLD.{name}, NEW.{name}) IN ({pairs}) "
        "OR coalesce(current_setting('geoservice.restoring', true), '') = 'on'",
        (rule.field,),
        Text(zh=f"状态只能按步骤变化：{said}", en=f"it changes by these steps only: {said}"),
    )


def _fixed(collection: Collection, rule: Fixed) -> Rule:
    same = " AND ".join(f"NEW.{_name(n)} IS NOT DISTINCT FROM OLD.{_name(n)}" for n in rule.fields)
    names = ", ".join(rule.fields)
    test = f"OLD.{_name(rule.once)} IS NULL OR ({same})" if rule.once else same
    zh_once = f"{rule.once} 填写后，" if rule.once else ""
    en_once = f"once {rule.once} is given, " if rule.once else ""
    return Rule(
        _whole_name(collection, f"{rule.fields[0]}_fixed"),
        test,
        rule.fields,
        Text(zh=f"{zh_once}{names} 不能改变", en=f"{en_once}{names} cannot change"),
    )


def _whole_name(collection: Collection, name: str) -> str:
    return f"{collection.id}_{_fitting(collection.id, name)}_check"


def best_geometry(
    table: sa.FromClause, collection: Collection, names: tuple[str, ...] | None = None
) -> sa.ColumnElement[Any]:
    """The most telling geometry of a row that is there; the indexes of `_add_indexes` serve it."""
    columns = [table.c[name] for name in names or collection.best_geometry]
    return sa.func.coalesce(*columns, type_=columns[0].type) if len(columns) > 1 else columns[0]


def _add_indexes(table: sa.Table, collection: Collection) -> None:
    name = table.name
    for geometry in collection.geometry_fields:
        index = f"{name}_{_fitting(name, geometry)}_gist"
        sa.Index(index, table.c[geometry], postgresql_using="gist")
    if len(collection.best_geometry) > 1:
        sa.Index(f"{name}_best_gist", best_geometry(table, collection), postgresql_using="gist")
    if collection.key:
        sa.Index(f"{name}_key", *(table.c[field] for field in collection.key), unique=True)
    unique = [rule.fields for rule in collection.rules if isinstance(rule, Unique)]
    for fields in unique:
        index = f"{name}_{_fitting(name, '_'.join(fields))}_key"
        sa.Index(index, *(table.c[field] for field in fields), unique=True)
    first_of_index = {collection.key[:1], *(fields[:1] for fields in unique)}
    for field in collection.fields:
        if (field.name,) in first_of_index or (
            field.refers_to is None and field.name != collection.town
        ):
            continue
        using = "gin" if field.many else "btree"
        sa.Index(f"{name}_{field.name}_idx", table.c[field.name], postgresql_using=using)
