"""One request as the routes see it: who asks for what, in which language, and what links are made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers

from geoservice.access.principal import ANONYMOUS, Principal, Role
from geoservice.description.collection import Collection
from geoservice.doors.http import credentials, query_string
from geoservice.doors.http.service import Service
from geoservice.errors import BadParameter, GeoserviceError, SeveralKeys
from geoservice.languages import LANGUAGES, Language, as_language, preferred_language

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_KEPT_IN_QUERY = "/:,'()*@!$"
_DOOR = "rest"


CALLER = "geoservice.caller"
"""The entry of a scope that holds a `Caller`. Servers make scopes of what the network sends, and never
this: it is there only where a program has called the service in its own process."""


@dataclass(frozen=True)
class Caller:
    """Who calls the service in its own process, and the door that the history names."""

    principal: Principal
    door: str


@dataclass(frozen=True)
class Asked:
    """A request; cheap to make, each part is read when it is first needed."""

    service: Service
    scope: Mapping[str, Any]

    @cached_property
    def headers(self) -> Headers:
        """The header fields."""
        return Headers(raw=self.scope["headers"])

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query string, without a key: no route ever sees that."""
        return {name: value for name, value in self._given.items() if not _is_key(name)}

    @cached_property
    def _given(self) -> dict[str, str]:
        return query_string.parsed(self.scope.get("query_string", b""))

    @cached_property
    def key_parameter(self) -> dict[str, str]:
        """The key as a parameter, under the name that the client has used, if it was sent so."""
        found = {name: value for name, value in self._given.items() if _is_key(name)}
        if len(set(found.values())) > 1:
            raise SeveralKeys(places=list(found))
        return dict(list(found.items())[:1])

    @cached_property
    def principal(self) -> Principal:
        """Whoever asks.

        Without a key, the caller in this process, who can do all that the database lets him do
        anyway; else the anonymous role of the settings, but the public alone if the page of another
        site asks, or a host name that somebody may have pointed here: a browser in a closed
        network must not be the way out of it.

        Blocks: a key is looked up in the database. Raises `WrongKey`, `SeveralKeys`,
        `TooManyAttempts`.
        """
        parameter = next(iter(self.key_parameter.values()), None)
        key = credentials.given_key(self.headers, parameter)
        if key is not None:
            client = self.scope.get("client")
            found = self.service.gate.principal(key, address=str(client[0]) if client else "")
            self.scope.get("state", {})["user"] = found.name
            return found
        if self._caller is not None:
            return self._caller.principal
        role = Role[self.service.settings.anonymous_role.upper()]
        if role > Role.PUBLIC and not self._is_from_inside:
            role = Role.PUBLIC
        return Principal(ANONYMOUS, role)

    @property
    def door(self) -> str:
        """The door by which this request comes, as the history names it."""
        return self._caller.door if self._caller else _DOOR

    @property
    def _caller(self) -> Caller | None:
        found = self.scope.get(CALLER)
        return found if isinstance(found, Caller) else None

    @property
    def _is_from_inside(self) -> bool:
        public = self.service.settings.public_url
        host = self.headers.get("host", "")
        is_trusted = credentials.is_trusted_host(host, public.host if public else None)
        return is_trusted and self.foreign_page is None

    @cached_property
    def foreign_page(self) -> str | None:
        """The site whose page has made a browser send this; None if there is none."""
        host = self.headers.get("host", "")
        own = {f"{self.scope.get('scheme', 'http')}://{host}"}
        public = self.service.settings.public_url
        if public is not None:
            own.add(credentials.origin(str(public)))
        return credentials.foreign_page(self.method, self.headers, frozenset(own))

    def collection(self, id: str) -> Collection:
        """The collection with this id as whoever asks may see it; else `UnknownCollection`."""
        found = self.service.registry.collection(id)
        return found.unveiled if self.principal.sees_private else found

    def path_parameter(self, name: str) -> str:
        """A part of the path."""
        return str(self.scope["path_params"][name])

    @property
    def method(self) -> str:
        """The method."""
        return str(self.scope["method"])

    @property
    def request_id(self) -> str:
        """The id under which the log knows this request."""
        return str(self.scope.get("state", {}).get("request_id", ""))

    @cached_property
    def language(self) -> Language:
        """The language to answer in: `lang`, else what the client prefers."""
        chosen = self.parameters.get("lang")
        if chosen is None:
            return preferred_language(self.headers.get("accept-language"))
        language = as_language(chosen)
        if language is None or len(chosen) > 35:
            raise BadParameter(name="lang", value=chosen, allowed=list(LANGUAGES))
        return language

    @property
    def language_for_errors(self) -> Language:
        """The language of an error, which may be that the parameters cannot be read."""
        try:
            return self.language
        except GeoserviceError:
            return preferred_language(self.headers.get("accept-language"))

    @cached_property
    def base(self) -> str:
        """The address of the service without a slash at its end.

        The public address of the settings if there is one. What the client calls the host is used
        only if it looks like a host; what a proxy may have added is not believed.
        """
        public = self.service.settings.public_url
        if public is not None:
            return str(public).rstrip("/")
        host = self.headers.get("host", "")
        if not _HOST.fullmatch(host):
            name, port = self.scope.get("server") or ("localhost", 80)
            host = f"{name}:{port}"
        root = quote(str(self.scope.get("root_path", "")).rstrip("/"))
        return f"{self.scope.get('scheme', 'http')}://{host}{root}"

    @property
    def path(self) -> str:
        """The path within the service, percent-encoded."""
        path = str(self.scope["path"]).removeprefix(str(self.scope.get("root_path", "")))
        return quote(path or "/", safe="/:@!$&'()*+,;=-._~")

    def url(self, path: str, **parameters: object) -> str:
        """An address of the service; parameters that are None are left out.

        It carries the key exactly if the client has sent its own as a parameter: desktop clients
        lose it otherwise when they follow a link.
        """
        return self._url(path, parameters)

    def this_url(self, **changes: object) -> str:
        """The address of this request with some parameters changed; None takes one away."""
        return self._url(self.path, {**self.parameters, **changes})

    def _url(self, path: str, parameters: Mapping[str, object]) -> str:
        given = {name: value for name, value in parameters.items() if value is not None}
        given |= self.key_parameter
        return self.base + path + (f"?{encoded(given)}" if given else "")


def _is_key(name: str) -> bool:
    # WFS names parameters in any case, and clients follow it for all of them.
    return name.lower() == credentials.PARAMETER


def encoded(parameters: Mapping[str, object]) -> str:
    """A query string with blanks as `%20`, and so with a plus as itself, which is how it is read."""
    return "&".join(
        f"{quote(name, safe=_KEPT_IN_QUERY)}={quote(str(value), safe=_KEPT_IN_QUERY)}"
        for name, value in parameters.items()
    )
