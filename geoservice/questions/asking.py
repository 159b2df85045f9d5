"""Asking: from texts to an answer with its account. The one way that every door takes."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geoservice.crs import CRS84, Crs
from geoservice.description.question import Column, ParameterValue, QuestionDescription
from geoservice.description.records import Records
from geoservice.errors import BadCursor
from geoservice.languages import Language
from geoservice.questions import coverage
from geoservice.questions.contract import Asking, Coverage, Issue, Plan, Question
from geoservice.questions.figures import figure_titles
from geoservice.questions.parameters import Values, read
from geoservice.regions import Region
from geoservice.store.database import Database
from geoservice.store.encoding import feature_text
from geoservice.store.gml import GmlForm, GmlMembers
from geoservice.store.publishing import Registry
from geoservice.store.system import changed_collections

# Columns of a page beside its figures; no figure has a name with a blank.
_FEATURES, _FOUND, _LAST = _NOT_FIGURES = ("page features", "page found", "page last")


@dataclass(frozen=True, kw_only=True)
class Account:
    """What an answer says of itself beside its rows: what was asked of which data, and its figures."""

    description: QuestionDescription
    values: Values
    known_at: datetime
    data_version: Mapping[str, int]
    counts: Mapping[str, Any]
    coverage: tuple[Coverage, ...]
    issues: tuple[Issue, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter as it was understood, as JSON values."""
        return {name: _echo(value) for name, value in self.values.items()}

    def head(self, language: Language) -> dict[str, Any]:
        """The account as JSON values in the order of the contract."""
        return {
            "question": self.description.id,
            "title": self.description.title.spoken(language),
            "parameters": self.parameters,
            "data_version": dict(self.data_version),
            "as_of": _echo(self.values.get("as_of")),
            "known_at": _echo(self.known_at),
            "method": self.description.method.spoken(language),
            "counts": dict(self.counts),
            "count_titles": {
                path: title.spoken(language) for path, title in figure_titles(self.counts).items()
            },
            "coverage": [
                {
                    "collection": each.collection,
                    "status": each.status,
                    "statement": each.statement.spoken(language),
                }
                for each in self.coverage
            ],
            "issues": [
                {
                    "code": each.code,
                    "count": each.count,
                    "statement": each.statement.spoken(language),
                }
                for each in self.issues
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Answer(Account):
    """One page of an answer with its account.

    `features` is GeoJSON features joined by commas, as PostGIS wrote them; `returned` of them.
    """

    columns: tuple[Column, ...]
    features: str
    returned: int
    next_cursor: str | None

    def head(self, language: Language) -> dict[str, Any]:
        """Everything but the features, as JSON values in the order of the contract."""
        return {**super().head(language), "numberReturned": self.returned}


@dataclass(frozen=True)
class AllRows:
    """Every row of an answer, for files: how it is described, and the statement that gives it.

    `account` tells what the answer says of itself in the state of the data that a connection sees,
    and how many rows it has there.
    """

    records: Records
    statement: sa.Select[Any]
    account: Callable[[sa.Connection], tuple[Account, int]]


def today(region: Region) -> date:
    """The day it is in the region."""
    return datetime.now(ZoneInfo(region.time_zone)).date()


def ask(
    question: Question,
    given: Mapping[str, object],
    *,
    database: Database,
    registry: Registry,
    region: Region,
    crs: Crs = CRS84,
) -> Answer:
    """The first page of an answer, or the one that `cursor` names, in one statement."""
    asking, plan = planned(question, given, registry=registry, region=region)
    statement = _page(plan, asking, crs)
    with database.snapshot() as connection:
        row = connection.execute(statement).mappings().one()
        counted = {name: value for name, value in row.items() if name not in _NOT_FIGURES}
        account = account_of(connection, question, asking, plan, counted)
    limit = int(asking.number("limit"))
    return Answer(
        **vars(account),
        columns=plan.columns,
        features=row[_FEATURES],
        returned=min(row[_FOUND], limit),
        next_cursor=_cursor(asking, row[_LAST]) if row[_FOUND] > limit else None,
    )


def account_of(
    connection: sa.Connection,
    question: Question,
    asking: Asking,
    plan: Plan,
    counted: Mapping[str, Any],
) -> Account:
    """The account of an answer whose figures were counted in the snapshot of this connection."""
    now = connection.execute(sa.select(sa.func.now())).scalar_one()
    return Account(
        description=question.description,
        values=asking.values,
        known_at=asking.known_at or now,
        data_version=_data_versions(connection, plan),
        counts=_nested(counted),
        coverage=coverage.merged(
            coverage.recorded(connection, asking, plan.collections, plan.places),
            plan.coverage(counted),
        ),
        issues=tuple(plan.issues(counted)),
    )


def every_row(plan: Plan) -> sa.FromClause:
    """Every row of an answer: its `id`, its `number` in the stable order, its columns, and `geom`."""
    number = sa.func.row_number().over(order_by=[plan.found.c[name] for name in plan.order])
    return plan.shown(sa.select(*plan.found.c, number.label("number")).subquery("every")).subquery(
        "shown"
    )


def figures_of(plan: Plan) -> sa.Select[Any]:
    """The one row of all figures of an answer."""
    first, *others = (
        statement.subquery(f"figures_{number}") for number, statement in enumerate(plan.figures)
    )
    one_row: sa.FromClause = first
    for figures in others:
        one_row = one_row.join(figures, sa.true())
    return sa.select(*(column for each in (first, *others) for column in each.c)).select_from(
        one_row
    )


def all_rows(
    question: Question,
    given: Mapping[str, object],
    *,
    registry: Registry,
    region: Region,
) -> AllRows:
    """Every row of an answer in its stable order, whatever `limit` says; geometry as stored."""
    asking, plan = planned(question, given, registry=registry, region=region)
    rows = every_row(plan)
    names = ["id", *(each.name for each in plan.columns), *(["geom"] if plan.geometry else [])]
    statement = sa.select(*(rows.c[name] for name in names)).order_by(rows.c.number)
    records = Records(
        id=question.description.id,
        title=question.description.title,
        columns=plan.columns,
        geometry=plan.geometry,
        uid="id",
    )
    counting = figures_of(plan).add_columns(
        sa.select(sa.func.count()).select_from(plan.found).scalar_subquery().label(_FOUND)
    )

    def account(connection: sa.Connection) -> tuple[Account, int]:
        row = connection.execute(counting).mappings().one()
        counted = {name: value for name, value in row.items() if name not in _NOT_FIGURES}
        return account_of(connection, question, asking, plan, counted), row[_FOUND]

    return AllRows(records, statement, account)


def gml_rows(
    question: Question,
    given: Mapping[str, object],
    form: GmlForm,
    *,
    registry: Registry,
    region: Region,
    offset: int = 0,
    limit: int | None = None,
) -> sa.Select[Any]:
    """Rows of an answer in its stable order as members of a feature collection, one column `feature`.

    Their type is called like the question; for `Database.lines`.
    """
    _, plan = planned(question, given, registry=registry, region=region)
    order = [plan.found.c[name] for name in plan.order]
    number = sa.func.row_number().over(order_by=order).label("number")
    every = sa.select(*plan.found.c, number).order_by(*order).offset(offset).limit(limit)
    rows = plan.shown(every.subquery("every")).subquery("shown")
    columns = [column.name for column in plan.columns] + (["geom"] if plan.geometry else [])
    here = sa.select(rows.c.id.label("uid"), *(rows.c[name] for name in columns))
    writer = GmlMembers(question.description.id, tuple(columns), form)
    return writer.written(here.order_by(rows.c.number).subquery("here"))


def planned(
    question: Question, given: Mapping[str, object], *, registry: Registry, region: Region
) -> tuple[Asking, Plan]:
    """The parameters with their defaults, and the statements that answer."""
    values = read(question.description, given, today(region))
    asking = question.settled(Asking(values, registry.catalog, region, registry.database.rows))
    return asking, question.plan(asking)


def _page(plan: Plan, asking: Asking, crs: Crs) -> sa.Select[Any]:
    """One row: the features of a page joined by commas, and every figure."""
    limit = int(asking.number("limit"))
    found = plan.found
    order = [found.c[name] for name in plan.order]
    number = sa.func.row_number().over(order_by=order).label("number")
    wanted = sa.select(*found.c, number).order_by(*order).limit(limit + 1)
    cursor = asking.text("cursor")
    if cursor is not None:
        wanted = wanted.where(sa.tuple_(*order) > sa.tuple_(*_after(asking, cursor, order)))
    page = wanted.cte("page")
    here = sa.select(*page.c).order_by(page.c.number).limit(limit).subquery("here")
    shown = plan.shown(here).subquery("shown")
    texts = feature_text(
        shown,
        [column.name for column in plan.columns],
        uid="id",
        geometry="geom" if plan.geometry else None,
        crs=crs,
    ).add_columns(shown.c.number)
    written = texts.subquery("written")
    ordered: aggregate_order_by[str] = aggregate_order_by(
        sa.literal_column("','"), written.c.number
    )
    features = sa.func.coalesce(sa.func.string_agg(written.c.feature, ordered), "")
    place = sa.func.json_build_array(*(sa.cast(page.c[name], sa.Text) for name in plan.order))
    last = sa.select(place).order_by(page.c.number).offset(limit - 1).limit(1)
    return figures_of(plan).add_columns(
        sa.select(features).scalar_subquery().label(_FEATURES),
        sa.select(sa.func.count()).select_from(page).scalar_subquery().label(_FOUND),
        last.scalar_subquery().label(_LAST),
    )


def _data_versions(connection: sa.Connection, plan: Plan) -> dict[str, int]:
    """The newest change of each collection on which the answer depends; 0 if it never changed."""
    ids = [collection.id for collection in (*plan.collections, *coverage.CONSULTED)]
    table = changed_collections
    newest = connection.execute(
        sa.select(table.c.collection, sa.func.max(table.c.change_id).label("change"))
        .where(table.c.collection.in_(ids))
        .group_by(table.c.collection)
    )
    return dict.fromkeys(ids, 0) | {row.collection: row.change for row in newest}


def _nested(figures: Mapping[str, Any]) -> dict[str, Any]:
    """`{"excluded.cancelled": 1}` as `{"excluded": {"cancelled": 1}}`."""
    found: dict[str, Any] = {}
    for name, value in figures.items():
        *path, leaf = name.split(".")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[leaf] = _plain(value)
    return found


def _plain(figure: Any) -> Any:
    """A figure as JSON has it: sums of areas and money are decimals of PostgreSQL, exact to 15 digits."""
    if not isinstance(figure, Decimal):
        return figure
    return int(figure) if figure == figure.to_integral_value() else float(figure)


def _digest(values: Values) -> str:
    """What a cursor belongs to: everything asked, except which page of it."""
    asked = {
        name: _echo(value) for name, value in values.items() if name not in ("cursor", "limit")
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _cursor(asking: Asking, last: list[str]) -> str:
    token = json.dumps([_digest(asking.values), *last]).encode()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _after(
    asking: Asking, cursor: str, order: Sequence[sa.ColumnElement[Any]]
) -> list[sa.ColumnElement[Any]]:
    """The place that a cursor names, in the types of the order."""
    try:
        digest, *texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [
            column.type.python_type(str(text)) for text, column in zip(texts, order, strict=True)
        ]
    except (ValueError, TypeError, RecursionError) as wrong:
        raise BadCursor(value=cursor) from wrong
    if digest != _digest(asking.values):
        raise BadCursor(value=cursor)
    return [sa.literal(value, column.type) for value, column in zip(values, order, strict=True)]


def _echo(value: ParameterValue) -> Any:
    if isinstance(value, date | datetime):
        return (
            value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()
        )
    return list(value) if isinstance(value, tuple) else value
