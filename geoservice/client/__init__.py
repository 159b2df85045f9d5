"""The Python client: `geoservice.connect()` gives a `Client`, from which all else is reached.

Knows no server: of geoservice it imports only the languages, and of the network only what
`connection` does. What is named here is imported when it is first asked for, so that connecting does
not wait for the libraries of frames and maps.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoservice.client.answers import Answer
    from geoservice.client.collection import Collection
    from geoservice.client.connection import Connection
    from geoservice.client.editing import Change, Edit
    from geoservice.client.errors import GeoserviceError
    from geoservice.client.fields import Field, Fields
    from geoservice.client.files import SavedFile
    from geoservice.client.ledger import Ledger, Receipt
    from geoservice.client.place_check import Check, OffsetSuspected
    from geoservice.client.programme import Programme
    from geoservice.client.query import Explanation, Query
    from geoservice.client.questions import Question
    from geoservice.client.saved_answers import Comparison, SavedAnswer
    from geoservice.client.service import Client, ServiceInfo

__all__ = [
    "Answer",
    "Change",
    "Check",
    "Client",
    "Collection",
    "Comparison",
    "Connection",
    "Edit",
    "Explanation",
    "Field",
    "Fields",
    "GeoserviceError",
    "Ledger",
    "OffsetSuspected",
    "Programme",
    "Query",
    "Question",
    "Receipt",
    "SavedAnswer",
    "SavedFile",
    "ServiceInfo",
]

_PLACES = {
    "Answer": "answers",
    "Change": "editing",
    "Check": "place_check",
    "Client": "service",
    "Collection": "collection",
    "Comparison": "saved_answers",
    "Connection": "connection",
    "Edit": "editing",
    "Explanation": "query",
    "Field": "fields",
    "Fields": "fields",
    "GeoserviceError": "errors",
    "Ledger": "ledger",
    "OffsetSuspected": "place_check",
    "Programme": "programme",
    "Query": "query",
    "Question": "questions",
    "Receipt": "ledger",
    "SavedAnswer": "saved_answers",
    "SavedFile": "files",
    "ServiceInfo": "service",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
