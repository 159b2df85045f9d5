"""The description of a saved answer as a collection: the columns of the answer, and what it says of itself."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.description.question import Column
from geoservice.languages import Language, Text
from geoservice.questions.asking import Account
from geoservice.questions.contract import Plan

SUBJECT = Text(zh="已存回答", en="Saved answers")

ROW_ID = Field(
    name="row_id",
    type=FieldType.TEXT,
    title=Text(zh="行标识", en="Row id"),
    description=Text(
        zh="问题每次回答时同一行的标识", en="What the question calls this row each time it is asked"
    ),
    nullable=False,
)

_DECIMAL_DIGITS = 38
_DECIMAL_SCALE = 10  # where the question does not say: more than any register holds
_SHOWN_CHARACTERS = 120


def layer_fields(plan: Plan, rows: sa.FromClause) -> tuple[Field, ...]:
    """The fields of a layer for the columns of an answer, whose rows are those given."""
    return (ROW_ID, *(_field(column, rows.c[column.name].type) for column in plan.columns))


def layer_of(
    name: str,
    fields: tuple[Field, ...],
    geometry: GeometryType | None,
    account: Account,
    title: str | None,
) -> Collection:
    """The collection `name` of an answer with this account.

    Its title is the one given, else that of the question with the day asked about.
    """
    return Collection(
        id=name,
        title=Text(zh=title, en=title) if title else _title(account),
        description=Text(zh=_description(account, "zh"), en=_description(account, "en")),
        fields=fields,
        geometry=geometry,
        editable=False,
        published=True,
        subject=SUBJECT,
    )


def same_columns(one: Collection, other: Collection) -> bool:
    """Whether rows of one layer can be rows of the other, and mean the same there."""
    return _columns(one) == _columns(other)


def _columns(layer: Collection) -> list[object]:
    columns: list[object] = [layer.geometry]
    for field in layer.fields:
        unit = field.unit.symbol if field.unit else None
        columns.append((field.name, field.type, unit, field.many, field.digits, field.nullable))
    return columns


def _field(column: Column, type: sa.types.TypeEngine[Any]) -> Field:
    """A column of the answer as a field; lists and decimals are told by the SQL that computes them."""
    digits = None
    if column.type is FieldType.DECIMAL:
        scale = type.scale if isinstance(type, sa.Numeric) else None
        digits = (_DECIMAL_DIGITS, _DECIMAL_SCALE if scale is None else scale)
    return Field(
        name=column.name,
        type=column.type,
        title=column.title,
        unit=column.unit,
        nullable=column.nullable,
        many=isinstance(type, sa.ARRAY),
        digits=digits,
        geometry=GeometryType.GEOMETRY if column.type is FieldType.GEOMETRY else None,
    )


def _title(account: Account) -> Text:
    title, day = account.description.title, account.parameters.get("as_of")
    if day is None:
        return title
    return Text(zh=f"{title.zh}（{day}）", en=f"{title.en} ({day})")


def _description(account: Account, language: Language) -> str:
    """Question, parameters, version of the data and method, as sentences."""
    about = account.description
    parameters = ", ".join(_assignments(account.parameters))
    versions = ", ".join(f"{name} {version}" for name, version in account.data_version.items())
    sentences = Text(
        zh=f"问题 {about.id} 的回答。参数：{parameters}。数据版本：{versions}；"
        f"记录时点：{account.known_at.isoformat()}。方法：{about.method.zh}",
        en=f"An answer to the question {about.id}. Parameters: {parameters}. Version of the data: "
        f"{versions}; known at {account.known_at.isoformat()}. Method: {about.method.en}",
    )
    return sentences.spoken(language)


def _assignments(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in parameters.items():
        if value is not None:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            cut = text[:_SHOWN_CHARACTERS]
            yield f"{name}={cut if cut == text else cut + '…'}"
