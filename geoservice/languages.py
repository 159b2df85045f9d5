"""The two languages of everything a user reads, and the choice between them.

Knows no door: a door passes what its user asked for (`lang=`, `Accept-Language`, `LANG`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "zh"


@dataclass(frozen=True)
class Text:
    """One text in Chinese and in English."""

    zh: str
    en: str

    def spoken(self, language: Language) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en


def as_language(tag: str) -> Language | None:
    """The language that a tag such as `zh-CN`, `en_US.UTF-8` or `*` names; None if we do not speak it."""
    primary = tag.strip().lower().replace("_", "-").split("-")[0].split(".")[0]
    return next((language for language in LANGUAGES if language == primary), None)


def preferred_language(accept_language: str | None) -> Language:
    """The best of our languages for an `Accept-Language` header (RFC 9110, 12.5.4).

    A header that is missing, malformed or names no language of ours gives the default.
    """
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate((accept_language or "")[:1024].split(",")):
        tag, _, weight = part.partition(";")
        language = as_language(tag)
        if language is None:
            continue
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if quality > 0:
            ranked.append((-quality, position, language))
    return min(ranked)[2] if ranked else DEFAULT_LANGUAGE


def environment_language(environment: Mapping[str, str]) -> Language:
    """The language that a program's environment asks for: `GEOSERVICE_LANG`, else `LC_ALL` or `LANG`."""
    for name in ("GEOSERVICE_LANG", "LC_ALL", "LANG"):
        spoken = as_language(environment.get(name, ""))
        if spoken is not None:
            return spoken
    return DEFAULT_LANGUAGE
