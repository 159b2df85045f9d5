"""The rows of an answer: asked for once into a temporary table, told apart, compared with others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.schema import CreateTable

from geoservice.answers.layer import ROW_ID, layer_fields, layer_of
from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection, Field, GeometryType
from geoservice.errors import TooLarge, UnknownParameter
from geoservice.questions import Question
from geoservice.questions.asking import Account, account_of, every_row, figures_of, planned
from geoservice.regions import Region
from geoservice.store.database import run
from geoservice.store.publishing import Registry
from geoservice.store.tables import column_type

LIMIT_NAME = "max_answer_rows"

NAMESPACE = UUID("5f0c3f9e-6c0e-4b52-9f5c-7d6a0a2d41b7")
"""Of the ids of rows: the same row of a question has one id in all answers."""

TOLERANCE = 1e-6
"""Numbers are the same if they differ by no more than this or, beyond 1, by no more than this part.

What a sum of many numbers is depends on their order, which a database does not promise.
"""

_PAGING = ("limit", "cursor")


@dataclass(frozen=True)
class AskedRows:
    """Every row of an answer, in a table that ends with the transaction, and the layer of such rows."""

    account: Account
    layer: Collection
    table: sa.Table
    number: int


def asked_rows(
    connection: sa.Connection,
    name: str,
    question: Question,
    given: Mapping[str, object],
    *,
    registry: Registry,
    region: Region,
    title: str | None,
    most: int,
) -> AskedRows:
    """Ask a question for all its rows and its account in the snapshot of a transaction.

    Rows and figures come from one statement, so what they share is computed once. As nothing is
    paged here, `limit` and `cursor` are unknown parameters. Raises `TooLarge` beyond `most` rows;
    nothing lasting has been written then.
    """
    _refuse_paging(question, given)
    asking, plan = planned(question, given, registry=registry, region=region)
    rows = every_row(plan)
    fields = layer_fields(plan, rows)
    table = _temporary_table(fields, plan.geometry)
    connection.execute(CreateTable(table))
    row_id = sa.cast(rows.c.id, sa.Text)
    columns = [*(column.name for column in plan.columns), *(("geom",) if plan.geometry else ())]
    values = [named_uuid(NAMESPACE, row_id), row_id, *(rows.c[each] for each in columns)]
    kept = sa.insert(table).from_select(
        ["uid", ROW_ID.name, *columns], sa.select(*values).limit(most + 1)
    )
    figures = connection.execute(figures_of(plan).add_cte(kept.cte("kept"))).mappings().one()
    account = account_of(connection, question, asking, plan, dict(figures))
    number = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    if number > most:
        raise TooLarge(limit_name=LIMIT_NAME, actual=f"> {most}", limit=most)
    run(connection, [f"ANALYZE {table.name}"])
    parameters = {each: value for each, value in account.values.items() if each not in _PAGING}
    account = replace(account, values=parameters)
    return AskedRows(
        account, layer_of(name, fields, plan.geometry, account, title), table, int(number)
    )


def _refuse_paging(question: Question, given: Mapping[str, object]) -> None:
    for name in _PAGING:
        if name in given:
            known = (each.name for each in question.description.parameters)
            raise UnknownParameter(
                name=name, allowed=[each for each in known if each not in _PAGING]
            )


def _temporary_table(fields: tuple[Field, ...], geometry: GeometryType | None) -> sa.Table:
    shape = Geometry(geometry.upper(), STORAGE_SRID, spatial_index=False) if geometry else None
    return sa.Table(
        "asked_rows",
        sa.MetaData(),
        sa.Column("uid", pg.UUID(as_uuid=True), primary_key=True),
        *(sa.Column(field.name, column_type(field)) for field in fields),
        *([sa.Column("geom", shape)] if shape else []),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def named_uuid(namespace: UUID, name: sa.ColumnElement[str]) -> sa.ColumnElement[UUID]:
    """The id of a name, the same each time: UUIDv8 of SHA-256 (RFC 9562, 5.8 and appendix B.2).

    Not version 5, because PostgreSQL has SHA-1 by an extension only.
    """
    named = sa.func.decode(namespace.hex, "hex").op("||")(sa.func.convert_to(name, "UTF8"))
    octets = sa.func.substring(sa.func.sha256(named), 1, 16)
    # Bits are counted from the lowest of each octet: version 8 in 55 to 52, variant 2 in 71 and 70.
    for bit, value in ((55, 1), (54, 0), (53, 0), (52, 0), (71, 1), (70, 0)):
        octets = sa.func.set_bit(octets, bit, value)
    return sa.cast(sa.func.encode(octets, "hex"), pg.UUID(as_uuid=True))


def value_columns(layer: Collection) -> tuple[str, ...]:
    """The columns of a layer that may change while a row stays the same."""
    fields = (field.name for field in layer.fields if field.name != ROW_ID.name)
    return (*fields, *(("geom",) if layer.geometry else ()))


def is_different(
    layer: Collection, old: sa.FromClause, new: sa.FromClause
) -> sa.ColumnElement[bool]:
    """Whether any value of a row differs."""
    return sa.or_(sa.false(), *(differs(old.c[name], new.c[name]) for name in value_columns(layer)))


def differs(old: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether two values differ: numbers by more than `TOLERANCE`, geometries by any coordinate."""
    distinct = old.is_distinct_from(new)
    if not isinstance(old.type, sa.Double):
        return distinct
    allowed = TOLERANCE * sa.func.greatest(1.0, sa.func.abs(old), sa.func.abs(new))
    return sa.case(
        (sa.or_(old.is_(None), new.is_(None)), distinct),
        else_=sa.func.abs(old - new) > allowed,
    )
