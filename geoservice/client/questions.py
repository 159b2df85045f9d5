"""The questions of a service as functions, made from what it says of them.

Each has a signature and a docstring, so that completion and Shift-Tab work in a notebook as for any
function. Names, kinds and choices are checked before any request. How an answer is fetched and shown is
known to `answers`.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from inspect import Signature
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoservice.client import errors
from geoservice.client.answers import Answer, answer_to
from geoservice.client.question_parameters import PAGING, QuestionParameter
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    from geoservice.client.service import Client


class Question:
    """One question: called with its parameters by name, it gives an `Answer`.

    Attributes:
        id: its name.
        title: what people call it, in the client's language.
        description: what it asks.
        method: how it is answered, from which standards (`sources`).
        parameters: what it takes, by Python's names, in order.
    """

    def __init__(self, client: "Client", description: Mapping[str, Any]) -> None:
        self._client = client
        language = client.lang
        self.id: str = description["id"]
        self.title: str = description["title"]
        self.description: str = description["description"]
        self.method: str = description["method"]
        self.sources: tuple[str, ...] = tuple(description["sources"])
        self.parameters: Mapping[str, QuestionParameter] = {
            parameter.argument: parameter
            for parameter in (
                QuestionParameter.described(each, language) for each in description["parameters"]
            )
            if parameter.name not in PAGING
        }
        self.__name__ = self.__qualname__ = self.id
        self.__doc__ = _documentation(self, language)
        self.__signature__ = Signature(
            [each.in_signature for each in self.parameters.values()], return_annotation=Answer
        )

    def __call__(self, **given: object) -> Answer:
        """The answer; see `help` of the question for what it takes."""
        return answer_to(self._client, self, self.sent(given))

    def sent(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The values as the service is asked with them, by its own names; None is not given.

        Raises:
            UnknownParameter: the question has no such parameter; with the nearest names.
            BadParameter: a value that cannot be, or a parameter that is missing.
        """
        by_own_name = {each.name: each for each in self.parameters.values()}
        found = {}
        for name, value in given.items():
            parameter = self.parameters.get(name) or by_own_name.get(name)
            if parameter is None:
                raise errors.UnknownParameter(
                    self._client.lang, name=name, allowed=list(self.parameters)
                )
            if value is not None:
                found[parameter.name] = parameter.sent(value)
        for parameter in self.parameters.values():
            if parameter.required and parameter.name not in found:
                raise errors.BadParameter(
                    self._client.lang,
                    name=parameter.argument,
                    value=None,
                    allowed=parameter.allowed,
                )
        return found

    def __repr__(self) -> str:
        return f"{self.id}{self.__signature__.replace(return_annotation=Signature.empty)}"


class Questions(Mapping[str, Question]):
    """The questions of a service, by name and as attributes: `city.questions.hazard_counts(…)`."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    @cached_property
    def _by_id(self) -> Mapping[str, Question]:
        found = self._client.connection.json("/questions")["questions"]
        return {each["id"]: Question(self._client, each) for each in found}

    def __getitem__(self, id: str) -> Question:
        try:
            return self._by_id[id]
        except KeyError:
            raise errors.UnknownQuestion(
                self._client.lang, value=id, allowed=list(self._by_id)
            ) from None

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def get(self, id: str, default: Any = None) -> Any:
        """The question of this name, or the default: unlike `[…]`, it raises nothing."""
        return self._by_id.get(id, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __getattr__(self, name: str) -> Question:
        if name.startswith("_"):  # what Python and notebooks look for is no question
            raise AttributeError(name)
        if name not in self._by_id:
            raise errors.UnknownQuestion(self._client.lang, value=name, allowed=list(self._by_id))
        return self._by_id[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._by_id]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._by_id)

    def to_frame(self) -> pd.DataFrame:
        """A frame with one row for each question: its title, description and parameters."""
        rows = [
            (each.title, each.description, ", ".join(each.parameters)) for each in self.values()
        ]
        index = pd.Index(list(self), dtype="string", name="question")
        return pd.DataFrame(rows, columns=["title", "description", "parameters"], index=index)

    def __repr__(self) -> str:
        return "\n".join(f"{id}: {question.title}" for id, question in self.items())


def _documentation(question: Question, language: Language) -> str:
    """The docstring of a question: what it asks, and each parameter with what it takes."""
    words = {
        "default": Text(zh="默认", en="default"),
        "parameters": Text(zh="参数", en="Parameters"),
        "method": Text(zh="方法", en="Method"),
        "sources": Text(zh="依据", en="Sources"),
    }
    said = {name: text.spoken(language) for name, text in words.items()}
    colon = Text(zh="：", en=": ").spoken(language)
    lines = [question.title, "", question.description, "", f"{said['parameters']}{colon.rstrip()}"]
    for each in question.parameters.values():
        lines.append(f"    {each.argument}{colon}{each.title}")
        default = each.default_shown
        if not each.required:
            default = f"{said['default']} {default}"
        lines.append(f"        {each.allowed}; {default}")
        for code, title in each.choices.items():
            lines.append(f"        - {code}{colon}{title}")
    lines += ["", f"{said['method']}{colon}{question.method}"]
    if question.sources:
        lines += ["", f"{said['sources']}{colon}{'; '.join(question.sources)}"]
    return "\n".join(lines)
