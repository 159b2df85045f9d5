"""Answers: the rows of a question with the account of how they came about, both of one snapshot.

Saved answers are in `saved_answers`. Knows no HTTP and no HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geoservice.client import answer_cards, files, frames

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    import pyarrow as pa

    from geoservice.client.questions import Question
    from geoservice.client.saved_answers import SavedAnswer
    from geoservice.client.service import Client

_REPORTS: Mapping[str, tuple[str, ...]] = {"report": (".html",), "pdf": (".pdf",)}
"""What an answer can be written as beside the formats of `files`; its `.xlsx` is a report, too."""

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""The CRS in which questions answer unless they are asked for another: longitude first."""

_LONGEST_URL = 8_000
"""Longer ones are asked by POST: something between here and the service may take no more."""


@dataclass(frozen=True)
class Coverage:
    """What is known of one layer in the area asked about.

    `status` is `complete` (what is not listed is not there), `partial`, `none` (there is no data) or
    `unknown` (nothing is stated): only the first makes an empty answer a “none”.
    """

    collection: str
    status: str
    statement: str


@dataclass(frozen=True)
class Issue:
    """Something about the data that bears on the answer: a stable code, how many, and its meaning."""

    code: str
    count: int
    statement: str


class Answered:
    """Rows and their account. The base of `Answer` and `Check`.

    Attributes:
        client: of the service that answered.
        account: all that the service says of the answer, as it says it.
        given: the parameters that were given; all others in `parameters` are defaults.
        url: the address that was asked.
    """

    def __init__(
        self,
        client: "Client",
        table: "pa.Table",
        account: Mapping[str, Any],
        *,
        given: Mapping[str, Any],
        url: str,
    ) -> None:
        self.client = client
        self._table = table
        self.account = dict(account)
        self.given: Mapping[str, Any] = MappingProxyType(dict(given))
        self.url = url

    @property
    def question(self) -> str:
        """The id of the question."""
        return str(self.account["question"])

    @property
    def title(self) -> str:
        """What the question is called, in the client's language."""
        return str(self.account["title"])

    @property
    def method(self) -> str:
        """How it was answered."""
        return str(self.account["method"])

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Every parameter as it was understood, defaults included."""
        return MappingProxyType(self.account["parameters"])

    @property
    def as_of(self) -> str | None:
        """The day for which it holds; None where the question names its own days."""
        return self.account["as_of"]  # type: ignore[no-any-return]

    @property
    def known_at(self) -> str:
        """The instant at which the registers said so."""
        return str(self.account["known_at"])

    @property
    def data_version(self) -> Mapping[str, int]:
        """The newest change of each register that was asked."""
        return MappingProxyType(self.account["data_version"])

    @property
    def counts(self) -> dict[str, Any]:
        """The figures, counts within counts; a dict of one's own, as pandas takes it for a column."""
        return dict(self.account["counts"])

    @property
    def count_titles(self) -> Mapping[str, str]:
        """What each figure is called, by its path such as `excluded.cancelled`."""
        return MappingProxyType(self.account.get("count_titles", {}))

    @property
    def coverage(self) -> Sequence[Coverage]:
        """What is known of each layer: whether “not listed” means “not there”."""
        return tuple(Coverage(**each) for each in self.account["coverage"])

    @property
    def issues(self) -> Sequence[Issue]:
        """What one must know about the data before relying on the answer."""
        return tuple(Issue(**each) for each in self.account["issues"])

    @property
    def fields(self) -> Mapping[str, Mapping[str, str | None]]:
        """What the columns are called, and their units, by name."""
        return {
            each["name"]: {"title": each["title"], "unit": each.get("unit")}
            for each in self.account.get("fields", ())
        }

    @cached_property
    def gdf(self) -> "geopandas.GeoDataFrame | pd.DataFrame":
        """Every row in the stable order of the question; a DataFrame if it shows no geometry.

        The index is what the question calls a row each time it is asked. `attrs["geoservice"]` says
        where the frame comes from.
        """
        names = ("question", "title", "parameters", "data_version", "as_of", "known_at")
        known = {
            **{name: self.account[name] for name in names},
            "query": self.url,
            "matched": len(self),
            "returned": len(self),
            "fields": self.fields,
            "service": self.client.connection.address,
            "transport": "arrow",
        }
        frame = frames.frame_of(self._table, known)
        crs = getattr(frame, "crs", None)
        frame.attrs[frames.ATTRIBUTES]["crs"] = None if crs is None else _CRS84
        return frame

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return answer_cards.answer_text(self)

    def _repr_html_(self) -> str:
        return answer_cards.answer_card(self)

    def explore(self, **options: Any) -> Any:
        """An interactive map of the rows; see `geoservice.client.maps.explore`."""
        from geoservice.client import maps

        return maps.explore(self, **options)

    def plot(self, **options: Any) -> Any:
        """A figure of the rows for print; see `geoservice.client.maps.plot`."""
        from geoservice.client import maps

        return maps.plot(self, **options)


class Answer(Answered):
    """The answer to a question: rows, figures, coverage and issues, all of one state of the data."""

    @property
    def pinned(self) -> dict[str, Any]:
        """The parameters that ask for this same answer again: its day and its instant with them."""
        fixed = {
            name: self.account[name] for name in ("as_of", "known_at") if name in self.parameters
        }
        return {**self.given, **{name: value for name, value in fixed.items() if value is not None}}

    def to_file(self, path: str | Path, format: str | None = None) -> files.SavedFile:
        """Write the answer into a file, which the service makes; it is whole or not there.

        Asks for the day and the instant of this answer, so that the file has the same rows.

        Args:
            path: whose ending says the format: `.gpkg`, `.parquet`, `.csv` …; `.html`, `.pdf` and
                `.xlsx` are reports with the account and, where rows have places, a map.
            format: a format by name, if the ending does not say it.

        Raises:
            UnknownFormat: neither says a format that there is.
        """
        target = Path(path)
        form = files.format_of(target, format, {**files.FORMATS, **_REPORTS}, self.client.lang)
        if form == "arrow":
            return files.saved_table(self._table, target)
        return files.downloaded(
            self.client.connection,
            f"/questions/{self.question}",
            {**self.pinned, "f": files.SERVED.get(form, form)},
            target,
            form,
            label=f"{self.question} → {target.name}",
        )

    def save(
        self,
        name: str,
        *,
        title: str | None = None,
        reason: str | None = None,
        replace: bool = False,
    ) -> "SavedAnswer":
        """Have the service keep the answer under a name, as a layer that everybody can read.

        The question is asked again for it: its rows are those of now. Parameters that were not
        given are taken anew whenever it is refreshed; give `as_of` to keep a day. Analysts and
        above may.

        Args:
            name: the id of the layer: small letters, digits and underscores, at most 44.
            title: what people call it; that of the question if not given.
            reason: why, for the history.
            replace: drop a saved answer of this name with its history; else a name that is taken
                is refused.

        Raises:
            AlreadyExists: the name is taken.
            Unauthenticated, Forbidden: there is no key, or not one that may.
            TooLarge: it has more rows than the service saves.
        """
        from geoservice.client import saved_answers

        return saved_answers.saved(self.client, self, name, title, reason, replace=replace)


def answer_to(client: "Client", question: "Question", given: Mapping[str, Any]) -> Answer:
    """The answer of the service to a question: every row and the account, by one request.

    Raises:
        what the service refuses; InterruptedStream: it did not all arrive.
    """
    connection = client.connection
    path = f"/questions/{question.id}"
    url = connection.url(path, given)
    by_post = len(url) > _LONGEST_URL
    asked: dict[str, Any] = {"body": dict(given)} if by_post else {"parameters": given}
    with connection.arrow(path, **asked) as stream:
        table, account = stream.table(), stream.account
    shown = connection.url(path) if by_post else url
    return Answer(client, table, account, given=given, url=shown)
