"""One request as the routes see it: parameters, language, and the addresses that links are made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers

from geoservice.doors.http import query_string
from geoservice.doors.http.service import Service
from geoservice.errors import BadParameter, GeoserviceError
from geoservice.languages import LANGUAGES, Language, as_language, preferred_language

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_KEPT_IN_QUERY = "/:,'()*@!$"


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
        """The parameters of the query string."""
        return query_string.parsed(self.scope.get("query_string", b""))

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
        """An address of the service; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.base + path + (f"?{encoded(given)}" if given else "")

    def this_url(self, **changes: object) -> str:
        """The address of this request with some parameters changed; None takes one away."""
        given = {**self.parameters, **changes}
        given = {name: value for name, value in given.items() if value is not None}
        return self.base + self.path + (f"?{encoded(given)}" if given else "")


def encoded(parameters: Mapping[str, object]) -> str:
    """A query string with blanks as `%20`, and so with a plus as itself, which is how it is read."""
    return "&".join(
        f"{quote(name, safe=_KEPT_IN_QUERY)}={quote(str(value), safe=_KEPT_IN_QUERY)}"
        for name, value in parameters.items()
    )
