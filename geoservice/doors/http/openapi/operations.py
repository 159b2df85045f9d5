"""Operations of the OpenAPI document: those that read, and those that change something."""

from collections.abc import Iterable

from geoservice.doors.http.openapi.parts import Node, ref
from geoservice.languages import Language, Text

_ERRORS = {"400": "BadRequest", "406": "NotAcceptable", "503": "Unavailable"}
_OBJECT: Node = {"schema": {"type": "object"}}


def get(
    language: Language,
    id: str,
    title: Text,
    parameters: Iterable[Node] = (),
    *,
    content: Node | None = None,
    formats: str = "f",
    own: bool = True,
) -> Node:
    """A path with a GET operation; `own` adds the parameters that every page has."""
    shown = content or {"application/json": {"schema": {"type": "object"}}}
    if own and content is None:
        shown = {**shown, "text/html": {"schema": {"type": "string"}}}
    parameters = list(parameters)
    has_path = any("Id" in str(each.get("$ref", "")) for each in parameters)
    more = {"404": "NotFound"} if has_path or content is not None else {}
    return {
        "get": {
            "operationId": id,
            "summary": title.spoken(language),
            "parameters": [*parameters, *(refs((formats, "lang")) if own else ())],
            "responses": responses(shown, more),
        }
    }


def responses(content: Node, more: dict[str, str]) -> Node:
    """What an operation answers: its content, and the mistakes that every one has, and `more`."""
    found: Node = {"200": {"description": "OK", "content": content}}
    for status, name in sorted({**_ERRORS, **more}.items()):
        found[status] = ref("responses", name)
    return found


def refs(names: Iterable[str]) -> list[Node]:
    """References to parameters that several operations have."""
    return [ref("parameters", name) for name in names]


def changing(
    language: Language,
    id: str,
    title: Text,
    parameters: Iterable[str],
    *,
    done: Node,
    body: Iterable[str] = (),
) -> Node:
    """An operation that changes something, with bodies of these media types."""
    found: Node = {
        "operationId": id,
        "summary": title.spoken(language),
        "parameters": refs(parameters),
    }
    if body:
        found["requestBody"] = {"required": True, "content": dict.fromkeys(body, _OBJECT)}
    refused = {"4XX": ref("responses", "Refused"), "503": ref("responses", "Unavailable")}
    return found | {"responses": {**done, **refused}}
