"""HTML for cards in a notebook: every text is escaped here and nowhere else.

Cards carry their look with them, because a saved notebook has nothing else: no stylesheet, no script,
no picture from elsewhere. Colours are those of the notebook's own text, so that dark themes work.
"""

import html
from collections.abc import Iterable, Sequence

from geoservice.languages import Language


class Markup(str):
    """Text that is HTML already; only this module makes it."""

    __slots__ = ()


Content = Markup | str | int | float | None

_CARD = (
    "border:1px solid rgba(128,128,128,.4);border-radius:6px;margin:.3em 0;padding:.6em .9em;"
    "max-width:60em;overflow-x:auto"
)
_TABLE = "border-collapse:collapse;margin:.3em 0;font-size:90%"
_CELL = "text-align:{align};vertical-align:top;padding:.15em .8em .15em 0;border:0;background:none"
_CODE = (
    "white-space:pre-wrap;overflow-wrap:break-word;background:rgba(128,128,128,.12);"
    "padding:.1em .3em;border-radius:3px"
)
_QUIET = "opacity:.7"


def element(name: str, *content: Content, **attributes: object) -> Markup:
    """An element with its content; what is not `Markup` is escaped, None is nothing.

    Attributes are written without a trailing `_` and with `-` for `_`; those that are None are left
    out.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{shown}>{joined(content)}</{name}>")


def joined(content: Iterable[Content]) -> Markup:
    """Several contents one after the other."""
    return Markup(
        "".join(
            each if isinstance(each, Markup) else html.escape(str(each))
            for each in content
            if each is not None
        )
    )


def card(title: Content, *content: Content, lang: Language) -> Markup:
    """A card with a title."""
    head = element("div", title, style="font-weight:600;font-size:110%")
    return element("div", head, *content, style=_CARD, lang=lang)


def line(*content: Content) -> Markup:
    """A line of its own."""
    return element("div", *content)


def quiet(*content: Content) -> Markup:
    """Something that is less important."""
    return element("span", *content, style=_QUIET)


def code(text: str) -> Markup:
    """Something to be copied."""
    return element("code", text, style=_CODE)


def details(summary: Content, *content: Content, opened: bool = False) -> Markup:
    """Content that is opened by a click."""
    head = element("summary", summary, style="cursor:pointer")
    inside = joined((head, *content))
    if opened:
        return Markup(f'<details style="margin:.3em 0" open>{inside}</details>')
    return element("details", inside, style="margin:.3em 0")


def table(
    heads: Sequence[Content], rows: Iterable[Sequence[Content]], *, numbers: Iterable[int] = ()
) -> Markup:
    """A table; columns named by their positions in `numbers` are aligned to the right."""
    right = frozenset(numbers)

    def cells(name: str, contents: Sequence[Content]) -> Markup:
        return element(
            "tr",
            *(
                element(name, each, style=_CELL.format(align="right" if i in right else "left"))
                for i, each in enumerate(contents)
            ),
        )

    head = element("thead", cells("th", heads))
    return element("table", head, element("tbody", *(cells("td", r) for r in rows)), style=_TABLE)


def facts(pairs: Iterable[tuple[Content, Content]]) -> Markup:
    """Names and values in two columns; pairs without a value are left out."""
    rows = [(quiet(name), value) for name, value in pairs if value not in (None, "")]
    body = (
        element("tr", *(element("td", each, style=_CELL.format(align="left")) for each in row))
        for row in rows
    )
    return element("table", element("tbody", *body), style=_TABLE)
