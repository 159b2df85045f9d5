"""A report as words: an answer's account in one language, complete, for whatever is made of it.

Pure: reads nothing and knows neither files nor pages.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from geoservice import __version__
from geoservice.cartography.appearance import SYNTHETIC
from geoservice.catalog import Catalog
from geoservice.description.collection import Source
from geoservice.description.question import Column, Parameter, ParameterType
from geoservice.domain.code_lists import COVERAGE_STATUS
from geoservice.languages import Language, Text
from geoservice.questions.asking import Account
from geoservice.questions.figures import figure_title
from geoservice.regions import Region
from geoservice.reports.quantities import instant, plain_text, quantities, unit_of_figure

_PAGING = ("limit", "cursor")  # a report has every row
_COMPLETE = "complete"
_STATED_UNIT = re.compile(r" ?[（(](?:分|fen|m²|平方米)[)）]")  # the value names its own
_UNKNOWN = Text(zh="未知", en="unknown")
_NOT_GIVEN = Text(zh="未指定", en="not given")


@dataclass(frozen=True)
class Entry:
    """A parameter or a figure: what it is called and what it is, in each of its units.

    `name` is for programs.
    """

    name: str
    title: str
    values: tuple[str, ...]
    is_default: bool = False

    @property
    def value(self) -> str:
        """The value with all its units in one line."""
        return " = ".join(self.values)


@dataclass(frozen=True)
class Version:
    """The state of one collection: its newest change and when it was made; 0 if it never changed."""

    collection: str
    title: str
    change: int
    at: str
    is_synthetic: bool


@dataclass(frozen=True)
class Statement:
    """What the reader must know of the data: its completeness, or an issue with its count."""

    subject: str
    status: str
    text: str
    is_reassuring: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report says, in one language; the rows and the map come beside it."""

    id: str
    language: Language
    zone: ZoneInfo
    region: str
    title: str
    question: str
    as_of: str
    known_at: str
    parameters: tuple[Entry, ...]
    figures: tuple[Entry, ...]
    coverage: tuple[Statement, ...]
    issues: tuple[Statement, ...]
    method: str
    data_version: tuple[Version, ...]
    sources: tuple[str, ...]
    columns: tuple[Column, ...]
    row_count: int
    synthetic: str | None
    generated_at: str
    program: str

    def spoken(self, zh: str | Text, en: str = "") -> str:
        """A text in the language of the report."""
        return (zh if isinstance(zh, Text) else Text(zh=zh, en=en)).spoken(self.language)


def report(
    account: Account,
    *,
    given: Collection[str],
    columns: tuple[Column, ...],
    row_count: int,
    catalog: Catalog,
    change_times: Mapping[int, datetime],
    synthetic: Collection[str],
    region: Region,
    language: Language,
    generated_at: datetime,
) -> Report:
    """The report of an answer. `synthetic` are the ids of collections that hold demonstration data."""
    zone = ZoneInfo(region.time_zone)
    description, values = account.description, account.parameters
    versions = tuple(_versions(account, catalog, change_times, synthetic, language, zone))
    return Report(
        id=description.id,
        language=language,
        zone=zone,
        region=region.title.spoken(language),
        title=description.title.spoken(language),
        question=description.description.spoken(language),
        as_of=values.get("as_of") or "",
        known_at=instant(account.known_at, zone),
        parameters=tuple(
            _parameter(each, values.get(each.name), given, catalog, language, zone)
            for each in description.parameters
            if each.name not in _PAGING
        ),
        figures=tuple(_figures(account.counts, language)),
        coverage=tuple(_coverage(account, catalog, language)),
        issues=tuple(
            Statement(each.code, str(each.count), each.statement.spoken(language))
            for each in account.issues
        ),
        method=description.method.spoken(language),
        data_version=versions,
        sources=(*description.sources, *_sources(account, catalog, language)),
        columns=columns,
        row_count=row_count,
        synthetic=SYNTHETIC.spoken(language) if any(v.is_synthetic for v in versions) else None,
        generated_at=instant(generated_at, zone),
        program=f"geoservice {__version__}",
    )


def _parameter(
    parameter: Parameter,
    value: Any,
    given: Collection[str],
    catalog: Catalog,
    language: Language,
    zone: ZoneInfo,
) -> Entry:
    return Entry(
        parameter.name,
        parameter.title.spoken(language),
        _parameter_values(parameter, value, catalog, language, zone),
        is_default=parameter.name not in given,
    )


def _parameter_values(
    parameter: Parameter, value: Any, catalog: Catalog, language: Language, zone: ZoneInfo
) -> tuple[str, ...]:
    """A JSON value in words: choices and collections by their titles, with their codes."""
    if value is None or value == []:
        return ((parameter.default_text or _NOT_GIVEN).spoken(language),)
    if parameter.choices:
        titles = dict(parameter.choices)
        codes = value if isinstance(value, list) else [value]
        separator = Text(zh="、", en=", ").spoken(language)
        words = (_with_code(titles[code].spoken(language), code) for code in codes)
        return (separator.join(words),)
    match parameter.type:
        case ParameterType.COLLECTION:
            return (_with_code(_title(value, catalog, language), value),)
        case ParameterType.DATETIME:
            return (instant(datetime.fromisoformat(value), zone),)
        case ParameterType.NUMBER | ParameterType.INTEGER:
            # Somebody's 500 is exact; decimals would say that it was measured.
            exact = int(value) if float(value).is_integer() else value
            return quantities(exact, parameter.unit, language)
        case _:
            return (plain_text(value, language, zone),)


def _with_code(title: str, code: str) -> str:
    return title if title == code else f"{title} ({code})"


def _title(collection: str, catalog: Catalog, language: Language) -> str:
    """What a collection is called; a layer that has been withdrawn since, by its id."""
    if collection not in catalog:
        return collection
    return catalog[collection].title.spoken(language)


def _figures(counts: Mapping[str, Any], language: Language, before: str = "") -> Iterator[Entry]:
    for name, value in counts.items():
        path = before + name
        if isinstance(value, Mapping):
            yield from _figures(value, language, f"{path}.")
            continue
        title = _STATED_UNIT.sub("", figure_title(path).spoken(language))
        yield Entry(path, title, _figure(value, path, language))


def _figure(value: Any, path: str, language: Language) -> tuple[str, ...]:
    """A figure in words. A decimal that was kept as JSON is a text."""
    unit = unit_of_figure(path)
    if value is None:
        return (_UNKNOWN.spoken(language),)
    if unit is not None and isinstance(value, str):
        return quantities(Decimal(value), unit, language)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return quantities(value, unit, language)
    return (str(value),)


def _coverage(account: Account, catalog: Catalog, language: Language) -> Iterator[Statement]:
    """What is least known first."""
    order = list(COVERAGE_STATUS.by_code)
    for each in sorted(account.coverage, key=lambda each: -order.index(each.status)):
        yield Statement(
            _title(each.collection, catalog, language),
            COVERAGE_STATUS.by_code[each.status].title.spoken(language),
            each.statement.spoken(language),
            is_reassuring=each.status == _COMPLETE,
        )


def _versions(
    account: Account,
    catalog: Catalog,
    times: Mapping[int, datetime],
    synthetic: Collection[str],
    language: Language,
    zone: ZoneInfo,
) -> Iterator[Version]:
    for collection, change in account.data_version.items():
        yield Version(
            collection,
            _title(collection, catalog, language),
            change,
            instant(times[change], zone) if change in times else "",
            collection in synthetic,
        )


def _sources(account: Account, catalog: Catalog, language: Language) -> Iterator[str]:
    """The sources of the collections that were consulted, each with its collections."""
    consulted: dict[Source, list[str]] = {}
    for collection in account.data_version:
        source = catalog[collection].source if collection in catalog else None
        if source is not None:
            consulted.setdefault(source, []).append(_title(collection, catalog, language))
    separator = Text(zh="、", en=", ").spoken(language)
    colon = Text(zh="：", en=": ").spoken(language)
    for source, titles in consulted.items():
        yield f"{separator.join(titles)}{colon}{', '.join(_source_parts(source, language))}"


def _source_parts(source: Source, language: Language) -> Iterator[str]:
    title = source.title.spoken(language)
    yield title
    if source.publisher and source.publisher not in title:
        yield source.publisher
    if source.edition:
        yield source.edition.isoformat()
    yield from filter(None, (source.licence, source.url))
