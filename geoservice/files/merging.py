"""Staged rows → the register: recognise, resolve, compare, insert and update, all set by set.

Every statement works on whole sets; rows come to Python only as issues.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2.types import Geometry
from sqlalchemy.dialects import postgresql as pg

from geoservice.description.collection import Collection, Field
from geoservice.files.checking import GEOM, MISSING_VALUE, ROW, UID
from geoservice.files.findings import Kind, error
from geoservice.files.issues import Issue, IssueLog, shown
from geoservice.files.staging import MATCHED, given, is_resolved
from geoservice.languages import Text
from geoservice.store.publishing import Registry
from geoservice.store.tables import tables

DUPLICATE_KEY = error("duplicate-key", "文件中键重复", "the key occurs more than once in the file")
UNKNOWN_REFERENCE = error("unknown-reference", "引用的要素不存在", "it refers to no known feature")


@dataclass(frozen=True)
class Outcome:
    """What storing the rows does to the collection."""

    inserted: int
    updated: int
    unchanged: int


class Merge:
    """The merge of one staging table into its collection, step by step, in one transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        registry: Registry,
        collection: Collection,
        staged: sa.Table,
        names: Sequence[str],
        log: IssueLog,
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._collection = collection
        self._staged = staged
        self._names = [name for name in names if name not in (ROW, UID)]
        self._log = log
        self._target = tables().current(collection)

    def prepare(self, missing: Iterable[Field]) -> int:
        """Recognise features and resolve references; the number of rows rejected for it."""
        resolved = [
            field
            for name in self._names
            if name != GEOM and is_resolved(field := self._collection.by_name[name])
        ]
        own = [f for f in resolved if f.refers_to and f.refers_to.collection == self._collection.id]
        rejected = 0
        for field in resolved:
            if field not in own:
                rejected += self._resolve(field)
        rejected += self._reject_duplicates()
        self._recognise()
        for field in own:  # a row may refer to another row of the file, which has its uid now
            rejected += self._resolve(field)
        return rejected + self._reject_incomplete(list(missing))

    def outcome(self) -> Outcome:
        """What `store` would do."""
        staged, target = self._staged, self._target
        joined = staged.outerjoin(target, target.c.uid == staged.c.uid)
        different = sa.and_(staged.c[MATCHED], self._is_different())
        count = sa.func.count
        row = self._connection.execute(
            sa.select(
                count().filter(sa.not_(staged.c[MATCHED])),
                count().filter(different),
                count().filter(sa.and_(staged.c[MATCHED], sa.not_(self._is_different()))),
            ).select_from(joined)
        ).one()
        return Outcome(*(int(number) for number in row))

    def store(self) -> None:
        """Insert what is new and update what differs; history is the triggers' work."""
        staged, target = self._staged, self._target
        self._connection.execute(
            sa.update(target)
            .values({target.c[name]: staged.c[name] for name in self._names})
            .where(target.c.uid == staged.c.uid, staged.c[MATCHED], self._is_different())
        )
        names = [UID, *self._names]
        fresh = sa.select(*(staged.c[name] for name in names)).where(sa.not_(staged.c[MATCHED]))
        self._connection.execute(
            sa.insert(target).from_select(
                names, fresh.order_by(staged.c[ROW]), include_defaults=False
            )
        )

    def _is_different(self) -> sa.ColumnElement[bool]:
        staged, target = self._staged, self._target
        return sa.or_(
            sa.false(), *(_differ(target.c[name], staged.c[name]) for name in self._names)
        )

    def _recognise(self) -> None:
        """Give each row the uid of the feature that it is, or a new one."""
        staged, target = self._staged, self._target
        keys = self._collection.key
        same: sa.ColumnElement[bool] | None = None
        if keys and all(name in staged.c for name in keys):
            same = sa.and_(*(target.c[name] == staged.c[name] for name in keys))
        elif given(UID) in staged.c:
            same = target.c.uid == sa.cast(staged.c[given(UID)], pg.UUID)
        if same is not None:
            self._connection.execute(
                sa.update(staged).values({UID: target.c.uid, MATCHED: True}).where(same)
            )
        fresh: sa.ColumnElement[Any] = sa.func.geoservice.uuid7()
        if given(UID) in staged.c:
            offered = sa.cast(staged.c[given(UID)], pg.UUID)
            history = tables().history(self._collection)  # its versions would go on from there
            taken = [
                sa.select(rows.c.uid).where(rows.c.uid == offered).exists()
                for rows in (target, history)
            ]
            fresh = sa.case((sa.or_(*taken), fresh), else_=sa.func.coalesce(offered, fresh))
        self._connection.execute(
            sa.update(staged)
            .values({UID: fresh, MATCHED: False})
            .where(staged.c[MATCHED].is_(None))
        )
        self._connection.execute(sa.text("ANALYZE staged"))

    def _reject_duplicates(self) -> int:
        """All rows with a key that several rows have: nobody can say which one is right."""
        staged = self._staged
        keys = [staged.c[name] for name in self._collection.key if name in staged.c]
        label = ", ".join(self._collection.key)
        if not self._collection.key and given(UID) in staged.c:
            keys, label = [staged.c[given(UID)]], UID
        if not keys or len(keys) < len(self._collection.key):
            return 0
        shown_key = sa.func.concat_ws(", ", *keys).label("value")
        known = sa.and_(*(key.is_not(None) for key in keys))
        numbered = sa.select(
            staged.c[ROW], shown_key, sa.func.count().over(partition_by=keys).label("copies")
        ).where(known)
        found = numbered.subquery()
        rows = sa.select(found.c[ROW], found.c.value).where(found.c.copies > 1)
        return self._reject(DUPLICATE_KEY, label, rows)

    def _reject_incomplete(self, missing: list[Field]) -> int:
        """New features for which the file has no column that they must have."""
        staged, rejected = self._staged, 0
        for number, field in enumerate(missing):
            reason = Text(
                zh=f"新要素缺少必填字段 {field.name}",
                en=f"a new feature needs the field {field.name}",
            )
            kind = Kind(MISSING_VALUE.code, MISSING_VALUE.severity, reason)
            rows = sa.select(staged.c[ROW], sa.null().label("value")).where(
                sa.not_(staged.c[MATCHED])
            )
            last = number == len(missing) - 1
            rejected += self._reject(kind, field.name, rows, delete=last)
        return rejected // max(len(missing), 1)

    def _resolve(self, field: Field) -> int:
        if field.refers_to is None:
            self._resolve_texts(field)
            return 0
        if field.many:
            return self._resolve_references(field)
        return self._resolve_reference(field)

    def _resolve_texts(self, field: Field) -> None:
        """A list of texts from JSON."""
        staged = self._staged
        each = (
            sa.func.jsonb_array_elements_text(sa.cast(staged.c[given(field.name)], pg.JSONB))
            .table_valued("value", with_ordinality="number")
            .render_derived()
        )
        texts = sa.select(
            sa.func.array_agg(pg.aggregate_order_by(each.c.value, each.c.number))
        ).scalar_subquery()
        empty = sa.cast(pg.array([]), pg.ARRAY(sa.Text))
        self._connection.execute(
            sa.update(staged)
            .values({field.name: sa.func.coalesce(texts, empty)})
            .where(staged.c[given(field.name)].is_not(None))
        )

    def _resolve_reference(self, field: Field) -> int:
        """The uid of what a row refers to, by business key or by uid."""
        staged = self._staged
        text = staged.c[given(field.name)]
        for named in self._named_features(field):
            self._connection.execute(
                sa.update(staged)
                .values({field.name: named.c.uid})
                .where(staged.c[field.name].is_(None), text == named.c.name)
            )
        unknown = sa.select(staged.c[ROW], text.label("value")).where(
            text.is_not(None), staged.c[field.name].is_(None)
        )
        return self._reject(UNKNOWN_REFERENCE, field.name, unknown)

    def _resolve_references(self, field: Field) -> int:
        """A list of references, in the order of the file."""
        staged = self._staged
        text = staged.c[given(field.name)]
        each = (
            sa.func.jsonb_array_elements_text(sa.cast(text, pg.JSONB))
            .table_valued("value", with_ordinality="number")
            .render_derived()
        )
        named = [part.alias() for part in self._named_features(field)]
        source: sa.FromClause = each
        for part in named:
            source = source.outerjoin(part, part.c.name == each.c.value)
        uid = sa.func.coalesce(*(part.c.uid for part in named), type_=pg.UUID())
        uids = (
            sa.select(sa.func.array_agg(pg.aggregate_order_by(uid, each.c.number)))
            .select_from(source)
            .scalar_subquery()
        )
        empty = sa.cast(pg.array([]), pg.ARRAY(pg.UUID))
        self._connection.execute(
            sa.update(staged)
            .values({field.name: sa.func.coalesce(uids, empty)})
            .where(text.is_not(None))
        )
        hole = sa.func.array_position(staged.c[field.name], sa.null()).is_not(None)
        return self._reject(
            UNKNOWN_REFERENCE, field.name, sa.select(staged.c[ROW], text.label("value")).where(hole)
        )

    def _named_features(self, field: Field) -> Iterator[sa.Subquery]:
        """(name, uid) of the features that may be meant: by key, in this file too, then by uid.

        The other parts of a key of several fields are taken at their defaults, as in a file that
        does not have them.
        """
        assert field.refers_to is not None
        other = self._registry.collection(field.refers_to.collection)
        table = tables().current(other)
        name = next((key for key in other.key if other.by_name[key].default is None), None)
        if name is not None:
            usual = [
                table.c[key] == other.by_name[key].default
                for key in other.key
                if other.by_name[key].default is not None
            ]
            yield _named(table, table.c[name]).where(*usual).subquery()
            if other == self._collection and name in self._staged.c:
                twin = self._staged.alias("twin")
                yield _named(twin, twin.c[name]).subquery()
        staged_text = sa.func.lower(sa.cast(table.c.uid, sa.Text))
        yield _named(table, staged_text).subquery()

    def _reject(self, kind: Kind, field: str, rows: sa.Select[Any], *, delete: bool = True) -> int:
        """An issue for each (row, value), and the rows leave the staging table."""
        found = self._connection.execute(rows.order_by(sa.literal_column("1"))).all()
        for row, value in found:
            self._log.add(Issue(kind.code, kind.severity, row, field, shown(value), kind.reason))
        if found and delete:
            numbers = rows.with_only_columns(rows.selected_columns[0]).order_by(None)
            self._connection.execute(
                sa.delete(self._staged).where(self._staged.c[ROW].in_(numbers.scalar_subquery()))
            )
        return len(found)


def _differ(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether two values differ; a geometry is the same whichever way its rings run."""
    if not isinstance(one.type, Geometry):
        return one.is_distinct_from(other)
    normal, other_normal = (sa.func.ST_Normalize(each, type_=Geometry()) for each in (one, other))
    return sa.and_(one.is_distinct_from(other), normal.is_distinct_from(other_normal))


def _named(table: sa.FromClause, name: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(sa.cast(name, sa.Text).label("name"), table.c.uid)
