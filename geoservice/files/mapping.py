"""Columns of a file → fields of a collection: by what the caller says, by name, by alias.

Nothing is matched by likeness. What is not matched is reported, on both sides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from geoservice.description.collection import Collection, Field
from geoservice.errors import BadParameter
from geoservice.files.options import ImportOptions
from geoservice.files.source import Source

How = Literal["given", "name", "alias", "cut name", "constant", "default"]

_DBF_NAME_BYTES = 10
UID = "uid"


@dataclass(frozen=True)
class Match:
    """A field, the column that fills it (or a constant), and why."""

    field: Field
    column: str | None
    how: How
    constant: str | None = None


@dataclass(frozen=True)
class Mapping:
    """All matches; columns that fill nothing; fields that nothing fills."""

    matches: tuple[Match, ...]
    unmapped: tuple[str, ...]
    unfilled: tuple[Field, ...]
    uid_column: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "fields": [
                {"field": m.field.name, "column": m.column, "constant": m.constant, "how": m.how}
                for m in self.matches
            ],
            "unmapped_columns": list(self.unmapped),
            "unfilled_fields": [field.name for field in self.unfilled],
        }

    @property
    def missing(self) -> tuple[Field, ...]:
        """Fields that a new feature must have and that nothing fills."""
        return tuple(f for f in self.unfilled if not f.nullable and f.default is None)


def mapping(collection: Collection, source: Source, options: ImportOptions) -> Mapping:
    """How the columns of a file fill the fields of a collection.

    In `options.mapping`, a left side in single quotes is a constant: `'town'=kind`.

    Raises `BadParameter` if the options name a column or field that is not there, or a field twice.
    """
    columns = list(source.columns.names)
    matches = _given(collection, columns, options.mapping)
    taken = {match.column for match in matches}
    given = [field for field in collection.fields if not field.computed]
    for field in given:
        if field.name in {match.field.name for match in matches}:
            continue
        free = [column for column in columns if column not in taken]
        if match := _by_name(field, free, cut=source.limits_names):
            matches.append(match)
            taken.add(match.column)
    matches += _key_defaults(collection, matches)
    order = [field.name for field in collection.fields]
    matches.sort(key=lambda match: order.index(match.field.name))
    filled = {match.field.name for match in matches}
    # GDAL gives the id of a GeoJSON feature as a column of this name.
    names = (UID, "id") if source.format.startswith("GeoJSON") else (UID,)
    uid = next((c for c in columns if c.lower() in names and c not in taken), None)
    return Mapping(
        tuple(matches),
        tuple(column for column in columns if column not in taken and column != uid),
        tuple(field for field in given if field.name not in filled),
        uid,
    )


def _given(
    collection: Collection, columns: list[str], pairs: Iterable[tuple[str, str]]
) -> list[Match]:
    found: list[Match] = []
    fields = [field.name for field in collection.fields if not field.computed]
    for left, name in pairs:
        if name not in fields:
            raise BadParameter(name="map", value=f"{left}={name}", allowed=fields)
        if name in {match.field.name for match in found}:
            raise BadParameter(name="map", value=f"{left}={name}", allowed=f"{name}: 1 ×")
        field = collection.by_name[name]
        if len(left) >= 2 and left[0] == left[-1] == "'":
            found.append(Match(field, None, "constant", left[1:-1]))
        elif left in columns:
            found.append(Match(field, left, "given"))
        else:
            raise BadParameter(name="map", value=f"{left}={name}", allowed=columns)
    return found


def _key_defaults(collection: Collection, matches: list[Match]) -> list[Match]:
    """Parts of the key that the file leaves to their defaults: features are recognised by them."""
    filled = {match.field.name for match in matches}
    parts = (collection.by_name[name] for name in collection.key if name not in filled)
    return [
        Match(field, None, "default", str(field.default))
        for field in parts
        if field.default is not None
    ]


def _by_name(field: Field, columns: list[str], *, cut: bool) -> Match | None:
    """The only column with the field's name or one of its aliases, the name first."""
    for how, names in (("name", (field.name,)), ("alias", field.aliases)):
        wanted = {name.lower() for name in names}
        if column := _only(column for column in columns if column.strip().lower() in wanted):
            return Match(field, column, "name" if how == "name" else "alias")
    if cut:
        prefixes = {prefix for name in (field.name, *field.aliases) for prefix in _cut(name)}
        if column := _only(column for column in columns if column.lower() in prefixes):
            return Match(field, column, "cut name")
    return None


def _cut(name: str) -> Iterable[str]:
    """A name as a DBF keeps it: ten bytes, a broken last character left away or kept as a mark."""
    for encoding in ("utf-8", "gb18030"):
        raw = name.lower().encode(encoding)
        if len(raw) > _DBF_NAME_BYTES:
            yield raw[:_DBF_NAME_BYTES].decode(encoding, "ignore")
            yield raw[:_DBF_NAME_BYTES].decode(encoding, "replace")


def _only(columns: Iterable[str]) -> str | None:
    found = list(columns)
    return found[0] if len(found) == 1 else None
