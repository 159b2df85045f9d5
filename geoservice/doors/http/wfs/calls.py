"""One request of WFS as its handlers see it: who asks, in which version, of which state of the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from geoservice.description import xml_names
from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.service import Service
from geoservice.doors.http.wfs.operations import Namespaces
from geoservice.doors.http.wfs.versions import Version
from geoservice.errors import BadParameter
from geoservice.languages import Language, Text
from geoservice.questions import all_questions
from geoservice.questions.contract import Question

PATH = "/wfs"


@dataclass(frozen=True)
class Call:
    """A request.

    `as_of` and `known_at` are parameters of our own: a day of valid time, an instant of recorded
    time. `kept` are the parameters that every address for GET carries on.
    """

    asked: Asked
    version: Version
    language: Language
    as_of: date | None
    known_at: datetime | None
    kept: Mapping[str, str]

    @property
    def service(self) -> Service:
        """The service."""
        return self.asked.service

    def spoken(self, text: Text) -> str:
        """A text in the language of the answer."""
        return text.spoken(self.language)

    @cached_property
    def collections(self) -> tuple[Collection, ...]:
        """All collections as whoever asks may see them, by id."""
        return tuple(self.collection_by_id(each.id) for each in self.service.registry.catalog)

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """The questions by id."""
        return {each.description.id: each for each in all_questions(self.service.region)}

    def collection(self, name: str, namespaces: Namespaces) -> Collection:
        """The collection that a type name means; `BadParameter` names those there are."""
        id = local_name(name, namespaces)
        if id is None or id not in self.service.registry.catalog:
            raise self.unknown_type(name)
        return self.collection_by_id(id)

    def collection_by_id(self, id: str) -> Collection:
        """One collection with `geom` as its only geometry.

        Desktop clients take the first geometry of a type for its kind and the last of a feature for
        its shape: with several, they would draw one thing for another.
        """
        return self.asked.collection(id).with_one_geometry

    def unknown_type(self, name: str) -> BadParameter:
        """The mistake of naming a type that does not exist."""
        allowed = [xml_names.type_name(each) for each in self.service.registry.catalog]
        return BadParameter(name=self.version.type_names, value=name, allowed=allowed)

    def url(self, **parameters: object) -> str:
        """The address of a request by GET."""
        base = {"service": "WFS", "version": self.version.number}
        return self.asked.url(PATH, **{**base, **parameters, **self.kept})

    def schema_url(self, *type_names: str) -> str:
        """Where the schema of some types is described."""
        named = {self.version.type_names: ",".join(type_names)} if type_names else {}
        return self.url(request="DescribeFeatureType", **named)


def local_name(name: str, namespaces: Namespaces) -> str | None:
    """The name within our namespace; None if it is in another.

    A bare name and our own prefix are ours even if nobody has declared them: widespread clients
    leave that out.
    """
    prefix, colon, local = name.strip().rpartition(":")
    if not colon:
        space = namespaces.default or xml_names.NAMESPACE
    elif prefix == xml_names.PREFIX:
        space = namespaces.by_prefix.get(prefix, xml_names.NAMESPACE)
    else:
        space = namespaces.by_prefix.get(prefix, "")
    return local if space == xml_names.NAMESPACE else None
