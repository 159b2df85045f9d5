"""A batch of a file → rows to store: values taken, rules checked, every fault an issue of its row.

What needs other rows, of the file or of the register, is checked in the database by `merging`.
"""

from collections.abc import Mapping as Named
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    Fixed,
    GeometryType,
    Given,
    InOrder,
    Steps,
    Unique,
)
from geoservice.files import shapes, values
from geoservice.files.findings import Findings, Mask, error
from geoservice.files.issues import Severity
from geoservice.files.mapping import Mapping, Match
from geoservice.files.options import ImportOptions
from geoservice.files.repairing import Repairer
from geoservice.files.shapes import ShapeRules
from geoservice.files.source import GEOMETRY, Source
from geoservice.files.source_crs import SourceCrs
from geoservice.files.taken import BAD_TYPE, CODE_FROM_TITLE
from geoservice.files.wkt import wkt_as_wkb
from geoservice.regions import Region

GEOM = "geom"
ROW = " row"  # no field is called so: names from files are stripped
UID = "uid"

MISSING_VALUE = error("missing-value", "必填字段为空", "a required field is empty")
BAD_ORDER = error("bad-order", "先后顺序颠倒", "the first is after the second")
NOT_GIVEN = error("not-given", "缺少此状态应有的值", "a value that goes with this state is missing")
CODE_PAIR = error("code-pair", "代码表与代码不匹配", "the code is not one of its code set")


@dataclass(frozen=True)
class Rows:
    """Rows that broke no rule: columns by field, `geom`, `row` and perhaps `uid`."""

    columns: Named[str, pa.Array]
    number: int


class Checker:
    """Checks the batches of one file, in order."""

    def __init__(
        self,
        collection: Collection,
        source: Source,
        mapping: Mapping,
        crs: SourceCrs | None,
        region: Region,
        options: ImportOptions,
        findings: Findings,
    ) -> None:
        self._collection = collection
        self._source = source
        self._mapping = mapping
        self._findings = findings
        self._zone = ZoneInfo(region.time_zone)
        self.repairer = Repairer() if options.repair else None
        self._rules: ShapeRules | None = None
        if crs is not None:
            self._rules = ShapeRules(
                GEOM,
                collection.geometry or GeometryType.GEOMETRY,
                collection.geometry_required,
                crs,
                region,
                options.max_vertices,
                self.repairer,
            )
        self.geometry_fields = {
            match.field.name for match in mapping.matches if match.field.type is FieldType.GEOMETRY
        }

    @property
    def takes_geometry(self) -> bool:
        """Whether the file fills `geom`."""
        return self._source.has_geometry and self._collection.geometry is not None

    def check(self, batch: pa.RecordBatch) -> Rows:
        """The good rows of a batch."""
        findings = self._findings
        findings.begin(len(batch))
        found: dict[str, pa.Array] = {}
        self._told: dict[str, Mask] = {}
        for match in self._mapping.matches:
            found[match.field.name] = self._value(match, batch)
        for rule in self._collection.rules:
            match rule:
                case InOrder():
                    self._check_order(rule, found)
                case CodePair():
                    self._check_pair(rule, found)
                case Given():
                    self._check_given(rule, found)
                case Steps() | Fixed() | Unique():
                    pass  # they need what is stored; the database keeps them
        for match in self._mapping.matches:
            found[match.field.name] = self._required(match.field, found[match.field.name])
        if self.takes_geometry:
            assert self._rules is not None
            found[GEOM] = shapes.checked(batch.column(GEOMETRY), self._rules, findings)
        first = findings.rows_read + 1
        found[ROW] = pa.array(np.arange(first, first + len(batch), dtype=np.int64))
        if self._mapping.uid_column is not None:
            found[UID] = self._uids(batch)
        rejected = findings.rejected
        findings.end()
        if rejected.any():
            kept = pa.array(~rejected)
            found = {name: column.filter(kept) for name, column in found.items()}
        return Rows(found, int(len(batch) - rejected.sum()))

    def _value(self, match: Match, batch: pa.RecordBatch) -> pa.Array:
        field = match.field
        column = (
            pa.repeat(pa.scalar(match.constant), len(batch))
            if match.column is None
            else batch.column(match.column)
        )
        if field.type is FieldType.GEOMETRY:
            return self._further_geometry(field, column)
        got = values.taken(field, column, blank_is_null=self._source.blank_is_null, zone=self._zone)
        for kind, mask in got.faults:
            if kind.severity is Severity.ERROR:
                self._told[field.name] = self._told.get(field.name, False) | mask
            self._findings.rows(kind, mask, field.name, lambda at: column[at].as_py())
        return got.values

    def _further_geometry(self, field: Field, column: pa.Array) -> pa.Array:
        """A geometry in an attribute column, as WKT or WKB, in the CRS of the file."""
        assert field.geometry is not None
        if self._rules is None:
            return pa.nulls(len(column), pa.binary())
        rules = replace(
            self._rules, field=field.name, type=field.geometry, required=not field.nullable
        )  # fmt: skip
        if pa.types.is_string(column.type):
            column = wkt_as_wkb(column)
        if not pa.types.is_binary(column.type):
            self._findings.rows(BAD_TYPE, np.asarray(column.is_valid()), field.name)
            return pa.nulls(len(column), pa.binary())
        return shapes.checked(column, rules, self._findings)

    def _required(self, field: Field, column: pa.Array) -> pa.Array:
        """Defaults in place of missing values; an issue where there is no default."""
        if field.nullable or not column.null_count:
            return column
        if field.default is not None and field.type is not FieldType.GEOMETRY and not field.many:
            return column.fill_null(pa.scalar(field.default).cast(column.type))
        missing = np.asarray(column.is_null()) & ~self._told.get(field.name, np.False_)
        self._findings.rows(MISSING_VALUE, missing, field.name)
        return column

    def _check_order(self, rule: InOrder, found: dict[str, pa.Array]) -> None:
        if rule.first in found and rule.second in found:
            first, second = found[rule.first], found[rule.second]
            wrong = np.asarray(pc.fill_null(pc.greater(first, second), False))
            self._findings.rows(
                BAD_ORDER, wrong, rule.first,
                lambda at: f"{first[at].as_py()} > {rule.second} {second[at].as_py()}",
            )  # fmt: skip

    def _check_given(self, rule: Given, found: dict[str, pa.Array]) -> None:
        """Only where the file gives all of it: the rest may stand in the register already."""
        if rule.field not in found or any(name not in found for name, _ in rule.when):
            return
        value = found[rule.field]
        wrong = np.ones(len(value), bool)
        for name, codes in rule.when:
            wrong &= np.asarray(pc.is_in(found[name], pa.array(codes, pa.string())))
        is_wanted = (
            value.is_valid()
            if rule.value is None
            else pc.fill_null(pc.equal(value, pa.scalar(rule.value, value.type)), False)
        )
        wrong &= ~np.asarray(is_wanted)
        states = [found[name] for name, _ in rule.when]
        self._findings.rows(
            NOT_GIVEN, wrong, rule.field,
            lambda at: ", ".join(str(state[at].as_py()) for state in states),
        )  # fmt: skip

    def _check_pair(self, rule: CodePair, found: dict[str, pa.Array]) -> None:
        if rule.code not in found:
            return
        codes = found[rule.code]
        default = self._collection.by_name[rule.code_set].default
        sets = found.get(rule.code_set)
        if sets is None:
            sets = pa.repeat(pa.scalar(default, pa.string()), len(codes))
        elif default is not None:
            sets = found[rule.code_set] = sets.fill_null(pa.scalar(default, pa.string()))
        codes = found[rule.code] = self._codes_from_titles(rule, sets, codes)
        pairs = pc.binary_join_element_wise(sets, codes, "\0")
        allowed = pa.array([f"{each.id}\0{code.code}" for each in rule.lists for code in each])
        both = pc.and_(sets.is_valid(), codes.is_valid())
        wrong = pc.or_(
            pc.and_(both, pc.invert(pc.fill_null(pc.is_in(pairs, allowed), False))),
            pc.and_(
                self._collection.by_name[rule.code].nullable,
                pc.xor(sets.is_valid(), codes.is_valid()),
            ),
        )
        self._findings.rows(
            CODE_PAIR, np.asarray(wrong), rule.code,
            lambda at: f"({sets[at].as_py()}, {codes[at].as_py()})",
        )  # fmt: skip

    def _codes_from_titles(self, rule: CodePair, sets: pa.Array, codes: pa.Array) -> pa.Array:
        """Codes in place of meanings, each by the list that its row names."""
        titles = {
            f"{each.id}\0{title}": code.code
            for each in rule.lists
            for code in each
            for title in (code.title.zh, code.title.en)
            if title not in each
        }
        pairs = pc.binary_join_element_wise(sets, codes, "\0")
        by_title = pc.take(
            pa.array(list(titles.values())), pc.index_in(pairs, pa.array(list(titles)))
        )
        mask = np.asarray(by_title.is_valid())
        self._findings.rows(CODE_FROM_TITLE, mask, rule.code, lambda at: codes[at].as_py())
        return pc.coalesce(by_title, codes)

    def _uids(self, batch: pa.RecordBatch) -> pa.Array:
        """The ids that the file gives, as text; what is no UUID is as if it were not given."""
        column = batch.column(self._mapping.uid_column)
        if not pa.types.is_string(column.type):
            return pa.nulls(len(batch), pa.string())
        fits = pc.match_substring_regex(column, values.UUID_PATTERN)
        return pc.if_else(pc.fill_null(fits, False), column, None)
