"""Pages for people: templates filled in, in the language of the reader, everything escaped."""

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from geoservice.doors.http import credentials
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.negotiation import HTML
from geoservice.languages import LANGUAGES, Text

VARY = f"Accept, Accept-Language, {credentials.VARIES_BY}"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("geoservice.doors.http"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(asked: Asked, template: str, **content: Any) -> Response:
    """A page of the service; every template gets the language, links and texts by the same names."""
    language = asked.language
    kept = {"lang": language} if "lang" in asked.parameters else {}

    def text(zh: str | Text, en: str = "") -> str:
        return (zh if isinstance(zh, Text) else Text(zh=zh, en=en)).spoken(language)

    body = (
        _templates()
        .get_template(template)
        .render(
            t=text,
            lang=language,
            other_languages=[
                (each, asked.this_url(lang=each, f=None)) for each in LANGUAGES if each != language
            ],
            url=lambda path, **more: asked.url(path, **{**kept, **more}),
            base=asked.base,
            key_parameter=asked.key_parameter,
            sees_private=asked.principal.sees_private,
            may_edit=asked.principal.may_edit,
            this_as=lambda format: asked.this_url(f=format),
            region=text(asked.service.region.title),
            **content,
        )
    )
    headers = {"Content-Language": language, "Vary": VARY}
    return Response(body, headers=headers, media_type=HTML.media_type)


def document(
    asked: Asked, content: object, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    r"""A JSON document; quotes inside strings as `\u0022`, which every client reads rightly."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    common = {"Content-Language": asked.language, "Vary": VARY}
    return Response(
        plainly_escaped(text.encode()), headers=common | (headers or {}), media_type=media_type
    )


def plainly_escaped(text: bytes) -> bytes:
    r"""JSON text with `\"` and `\\` written as `\u0022` and `\u005c`: some readers know only these."""
    return _rewritten(text) if b"\\" in text else text


def _rewritten(text: bytes) -> bytes:
    # Pairs are taken from the left, so that the second backslash of `\\` begins nothing.
    pieces = text.split(b"\\\\")
    return b"\\u005c".join(piece.replace(b'\\"', b"\\u0022") for piece in pieces)
