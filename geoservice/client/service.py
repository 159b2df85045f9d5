"""What `connect` gives: a service with its collections, its questions and its books.

Knows no HTTP: it asks its connection for documents.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from geoservice.client import cards, credentials, errors
from geoservice.client.collection import Collection
from geoservice.client.connection import Connection
from geoservice.client.sketch import Ring
from geoservice.languages import LANGUAGES, Language, Text

if TYPE_CHECKING:
    from geoservice.client.answers import Answer
    from geoservice.client.ledger import Ledger
    from geoservice.client.place_check import Check
    from geoservice.client.programme import Programme
    from geoservice.client.questions import Questions
    from geoservice.client.saved_answers import SavedAnswers

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-{part}/1.0/conf/{name}"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/{name}"
_ID = re.compile(r"[A-Za-z0-9_-]+")
_SKETCHED_DEGREES = 0.002
_POLYGON = 3  # shapely's number of the type
_NEEDED: Mapping[str, Text] = {
    _FEATURES.format(part=1, name="geojson"): Text(zh="读取要素", en="reading features"),
    _FEATURES.format(part=2, name="crs"): Text(zh="crs()", en="crs()"),
    _FEATURES.format(part=3, name="features-filter"): Text(
        zh="where()、within()、near()", en="where(), within() and near()"
    ),
    _FEATURES.format(part=5, name="schemas"): Text(zh="字段说明", en="fields"),
    _CQL2.format(name="cql2-text"): Text(zh="where()", en="where()"),
    _CQL2.format(name="cql2-json"): Text(zh="很长的条件", en="long conditions"),
    _CQL2.format(name="spatial-functions"): Text(zh="within()", en="within()"),
}
"""The conformance classes that a client needs, and what does not work without."""


@dataclass(frozen=True)
class ServiceInfo:
    """What a service says of itself.

    Attributes:
        address: of the service; None for one in this process, which nothing else can reach.
        titles: its titles in Chinese and English.
        description: what it has, in the client's language.
        version: of its program; None if it does not say.
        conformance: the conformance classes that it claims, by URI.
        links: its links by relation; of several the first.
    """

    address: str | None
    titles: Mapping[Language, str]
    description: str
    version: str | None
    conformance: frozenset[str]
    links: Mapping[str, str]


class Client:
    """A service. `city["towns"]` is one of its collections, `city.questions` what it answers.

    Also a context manager that gives back its connections at the end.

    Args:
        connection: the way to the service; `geoservice.connect` makes it.

    Raises:
        NotAGeoservice: something else answers there.

    Warns:
        UserWarning: the service lacks something; the text says what will not work.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        landing = connection.json("/")
        links = landing.get("links", ()) if isinstance(landing, Mapping) else ()
        relations = {link.get("rel") for link in links}
        if not {"conformance", "data", "questions"} <= relations:
            reason = Text(
                zh="它的首页没有图层和问题", en="its landing page has no collections and questions"
            )
            raise errors.NotAGeoservice(
                connection.language, address=connection.address, reason=reason
            )
        self._warn_of_missing()

    @property
    def lang(self) -> Language:
        """The language in which the service speaks."""
        return self.connection.language

    @cached_property
    def info(self) -> ServiceInfo:
        """What the service says of itself."""
        pages = {lang: self.connection.json("/", {"lang": lang}) for lang in LANGUAGES}
        own = pages[self.lang]
        return ServiceInfo(
            address=self.connection.address if self.connection.is_remote else None,
            titles={language: page["title"] for language, page in pages.items()},
            description=own["description"],
            version=own.get("version"),
            conformance=frozenset(self.connection.json("/conformance")["conformsTo"]),
            links={link["rel"]: link["href"] for link in reversed(own["links"])},
        )

    @property
    def collections(self) -> pd.DataFrame:
        """A table of all collections by id: title, description, number of features, source."""
        found = self._described(self.lang)
        rows = [
            (each["title"], each.get("description"), each.get("itemCount"), each.get("attribution"))
            for each in found.values()
        ]
        frame = pd.DataFrame(
            rows,
            columns=["title", "description", "features", "attribution"],
            index=pd.Index(list(found), dtype="string", name="id"),
        )
        return frame.astype(dict.fromkeys(frame, "string") | {"features": "Int64"})

    def __getitem__(self, id: str) -> Collection:
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise errors.UnknownCollection(self.lang, value=id, allowed=list(self))
        return Collection(self, id, self.connection.json(f"/collections/{id}"))

    def __contains__(self, id: object) -> bool:
        return id in self._described(self.lang)

    def __iter__(self) -> Iterator[str]:
        return iter(self._described(self.lang))

    def __len__(self) -> int:
        return len(self._described(self.lang))

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    @cached_property
    def questions(self) -> "Questions":
        """What the service answers, each as a function with its parameters."""
        from geoservice.client.questions import Questions

        return Questions(self)

    def ask(self, question: str, /, **parameters: object) -> "Answer":
        """The answer to a question; the same as `city.questions.<question>(…)`."""
        return self.questions[question](**parameters)

    def check(self, place: object, /, **parameters: Any) -> "Check":
        """What affects a place: for each layer yes, no, not covered or not assessed."""
        from geoservice.client.place_check import check

        return check(self, place, **parameters)

    @property
    def answers(self) -> "SavedAnswers":
        """The saved answers by name."""
        from geoservice.client.saved_answers import SavedAnswers

        return SavedAnswers(self)

    @property
    def ledger(self) -> "Ledger":
        """The quota ledger: accounts, balances, entries."""
        from geoservice.client.ledger import Ledger

        return Ledger(self)

    @property
    def programme(self) -> "Programme":
        """The remediation programme: status, money, priority."""
        from geoservice.client.programme import Programme

        return Programme(self)

    def login(self, key: str | None = None, *, remember: bool = False) -> None:
        """Ask with a key from now on.

        Args:
            key: if there is none, it is asked for, unseen.
            remember: whether it is kept in the keyring of the operating system, for this address.

        Raises:
            Unauthenticated: no key was typed, or there is no keyring to keep it.
        """
        given = credentials.prompted_key(self.connection.address, self.lang) if key is None else key
        self.connection.use_key(given)
        if remember:
            credentials.remember(self.connection.address, given, self.lang)

    def close(self) -> None:
        """Give back all connections."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self.connection.address} “{self.info.titles[self.lang]}” {self.lang}>"

    def _repr_html_(self) -> str:
        other: Language = "en" if self.lang == "zh" else "zh"
        return cards.client_card(
            self.info, self._described(self.lang), self._described(other), self.lang
        )

    @cached_property
    def town_outlines(self) -> Sequence[Ring]:
        """The outer rings of the towns, simplified for sketches; none if there are no towns."""
        import geopandas
        import shapely

        try:
            towns = self["towns"].select().to_gdf()
        except errors.GeoserviceError:  # a sketch without them is still one
            return ()
        if not isinstance(towns, geopandas.GeoDataFrame):
            return ()
        parts = shapely.get_parts(towns.geometry.dropna().simplify(_SKETCHED_DEGREES).to_numpy())
        areas = parts[shapely.get_type_id(parts) == _POLYGON]
        return [
            [(float(x), float(y)) for x, y in shapely.get_coordinates(ring)]
            for ring in shapely.get_exterior_ring(areas)
        ]

    def _described(self, language: Language) -> dict[str, Mapping[str, Any]]:
        """What the service says of its collections now, by id."""
        document = self.connection.json("/collections", {"lang": language})
        return {each["id"]: each for each in document["collections"]}

    def _warn_of_missing(self) -> None:
        claimed = frozenset(self.connection.json("/conformance")["conformsTo"])
        missing = [text.spoken(self.lang) for uri, text in _NEEDED.items() if uri not in claimed]
        if missing:
            message = Text(
                zh="该服务缺少一些功能，以下将不可用：{missing}",
                en="The service lacks something; this will not work: {missing}",
            )
            joint = Text(zh="、", en=", ").spoken(self.lang)
            text = message.spoken(self.lang).format(missing=joint.join(dict.fromkeys(missing)))
            warnings.warn(text, stacklevel=3)
