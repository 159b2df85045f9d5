"""Code lists: closed sets of codes with their meanings, named by the set they belong to.

The same digits mean different things in different sets, so a code never travels without its set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from geoservice.languages import Text


@dataclass(frozen=True, kw_only=True)
class Code:
    """One code and its meaning."""

    code: str
    title: Text
    parent: str | None = None  # the code above it in the same list


@dataclass(frozen=True, kw_only=True)
class CodeList:
    """A set of codes. `source` cites the table they were taken from."""

    id: str
    title: Text
    source: str
    codes: tuple[Code, ...]

    def __post_init__(self) -> None:
        if len(self.by_code) < len(self.codes):
            raise ValueError(f"code list {self.id}: a code appears twice")

    @cached_property
    def by_code(self) -> dict[str, Code]:
        """The codes by code."""
        return {code.code: code for code in self.codes}

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)


def code_list(id: str, title: Text, source: str, rows: str) -> CodeList:
    """A code list from lines of `code | Chinese | English [| parent]`, the form that stays readable."""
    codes = []
    for line in filter(None, (line.strip() for line in rows.splitlines())):
        code, chinese, english, *rest = (cell.strip() for cell in line.split("|"))
        codes.append(
            Code(code=code, title=Text(zh=chinese, en=english), parent=rest[0] if rest else None)
        )
    return CodeList(id=id, title=title, source=source, codes=tuple(codes))
