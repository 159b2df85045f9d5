"""Saved answers: layers that the service keeps, refreshes and compares.

A saved answer is a collection like any other, with the account of its question beside. Knows no HTTP.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from geoservice.client import answer_cards, errors, frames
from geoservice.client.collection import Collection
from geoservice.client.values import instant_text

if TYPE_CHECKING:
    import geopandas

    from geoservice.client.answers import Answer
    from geoservice.client.service import Client

_DIFFERENCE = {"change": "text", "changes": "list"}


@dataclass(frozen=True, eq=False)
class Comparison:
    """What has become of an old answer in a new one.

    Attributes:
        gdf: the rows that differ: of one that left the old values, else the new ones. `change`
            says `entered`, `left` or `changed`; `changes` holds the changed columns of a row, each
            with (old, new).
        counts: how many `entered`, `left`, `changed` and are `unchanged`.
        parameters: those in which the two differ, each with (old, new).
        old, new: which answers, of which instant and version of the data.
        tolerance: numbers that differ by no more than this are the same.
    """

    gdf: "geopandas.GeoDataFrame | pd.DataFrame"
    counts: Mapping[str, int]
    parameters: Mapping[str, tuple[Any, Any]]
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    tolerance: float
    language: Any

    def __repr__(self) -> str:
        return answer_cards.comparison_text(self)

    def _repr_html_(self) -> str:
        return answer_cards.comparison_card(self)


class SavedAnswer(Collection):
    """A saved answer: a layer that nobody edits, and that follows its question when it is refreshed.

    Can all that a `Collection` can.
    """

    @property
    def account(self) -> Mapping[str, Any]:
        """What was asked and what the answer said of itself, when it was last asked."""
        found: Mapping[str, Any] = self.client.connection.json(self._path)
        return MappingProxyType(dict(found))

    @property
    def question(self) -> str:
        """The id of the question."""
        return str(self.account["question"])

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters that somebody gave; they stay when it is refreshed."""
        return MappingProxyType(self.account["given"])

    def refresh(self, *, reason: str | None = None) -> Mapping[str, int]:
        """Ask the question again, and store what differs as one change.

        Returns:
            How many rows `entered`, `left` and `changed`, and the number of the `change`; that is
            None where nothing differed.

        Raises:
            Unauthenticated, Forbidden: there is no key, or not that of whoever saved it.
            Conflict: the question has other columns by now; save it anew with `replace=True`.
        """
        sent = self.client.connection.send(
            "POST", f"{self._path}/refresh", parameters={"reason": reason}
        )
        return dict(sent.content["refresh"])

    def compare(
        self,
        other: "str | SavedAnswer | None" = None,
        *,
        known_at: datetime | str | None = None,
    ) -> Comparison:
        """What differs from another answer to the same question, or from this one at an instant.

        Args:
            other: the old side: a saved answer or its name.
            known_at: the instant of the old side, if it is this answer before it was refreshed.

        Raises:
            BadParameter: neither of them, or both; an instant before it was saved.
            UnknownAnswer: there is no such answer.
            NotComparable: it answers another question, or has other columns.
        """
        lang = self.client.lang
        if (other is None) == (known_at is None):
            value = None if other is None else str(known_at)
            raise errors.BadParameter(
                lang, name="known_at", value=value, allowed="compare(other) | compare(known_at=…)"
            )
        asked = {
            "with": other.id if isinstance(other, SavedAnswer) else other,
            "known_at": None if known_at is None else instant_text("known_at", known_at, lang),
        }
        pages = list(self.client.connection.pages(f"{self._path}/comparison", asked))
        features = [feature for page in pages for feature in page["features"]]
        return self._comparison(pages[0], features)

    def remove(self) -> None:
        """Take the answer away, with its layer and its history.

        Raises:
            Unauthenticated, Forbidden: there is no key, or not that of whoever saved it.
        """
        self.client.connection.send("DELETE", self._path)

    def __repr__(self) -> str:
        return f"<SavedAnswer {self.id} “{self.title}” {self.client.connection.address}>"

    @property
    def _path(self) -> str:
        return f"/answers/{quote(self.id, safe='')}"

    def _comparison(self, head: Mapping[str, Any], features: list[dict[str, Any]]) -> Comparison:
        types: dict[str, str] = dict(_DIFFERENCE)
        types |= {name: field.type for name, field in self.fields.items()}
        changes = [each["properties"].pop("changes") for each in features]
        table = frames.table_of_features(
            features,
            {name: kind for name, kind in types.items() if name != "changes"},
            crs=head["content_crs"],
            has_geometry=self.fields.geometry_name is not None,
        )
        known = {
            "collection": self.id,
            "title": self.title,
            "query": self.client.connection.url(f"{self._path}/comparison"),
            "old": head["old"],
            "new": head["new"],
            "fields": {n: {"title": f.title, "unit": f.unit} for n, f in self.fields.items()},
            "service": self.client.connection.address,
        }
        frame = frames.frame_of(table, known)
        pairs = [
            None if each is None else {name: tuple(values) for name, values in each.items()}
            for each in changes
        ]
        frame.insert(1, "changes", pd.Series(pairs, index=frame.index, dtype="object"))
        return Comparison(
            gdf=frame,
            counts=dict(head["counts"]),
            parameters={
                name: (values["old"], values["new"]) for name, values in head["parameters"].items()
            },
            old=head["old"],
            new=head["new"],
            tolerance=head["tolerance"],
            language=self.client.lang,
        )


class SavedAnswers(Mapping[str, SavedAnswer]):
    """The saved answers of a service by name."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    @property
    def _listed(self) -> Mapping[str, Mapping[str, Any]]:
        found = self._client.connection.json("/answers")["answers"]
        return {each["name"]: each for each in found}

    def __getitem__(self, name: str) -> SavedAnswer:
        found = self._listed
        if name not in found:
            raise errors.UnknownAnswer(self._client.lang, value=name, allowed=list(found))
        return SavedAnswer(self._client, name)

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def get(self, name: str, default: Any = None) -> Any:
        """The answer of this name, or the default: unlike `[…]`, it raises nothing."""
        try:
            return self[name]
        except errors.UnknownAnswer:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def to_frame(self) -> pd.DataFrame:
        """A frame with one row for each: title, question, number of rows, when saved and refreshed."""
        columns = ["title", "question", "rows", "saved_at", "refreshed_at"]
        found = self._listed
        frame = pd.DataFrame(
            [[each[name] for name in columns] for each in found.values()],
            columns=columns,
            index=pd.Index(list(found), dtype="string", name="name"),
        )
        frame = frame.astype({"title": "string", "question": "string", "rows": "Int64"})
        for name in ("saved_at", "refreshed_at"):
            frame[name] = pd.to_datetime(
                frame[name].astype("string"), utc=True, format="ISO8601"
            ).astype("datetime64[us, UTC]")
        return frame

    def __repr__(self) -> str:
        return self.to_frame().to_string()

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html())


def saved(
    client: "Client",
    answer: "Answer",
    name: str,
    title: str | None,
    reason: str | None,
    *,
    replace: bool,
) -> SavedAnswer:
    """The answer as it was saved; see `Answer.save`."""
    body = {"question": answer.question, "parameters": dict(answer.given), "title": title}
    client.connection.send(
        "PUT",
        f"/answers/{quote(name, safe='')}",
        parameters={"reason": reason, "replace": replace or None},
        body=body,
    )
    return SavedAnswer(client, name)
