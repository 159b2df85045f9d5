"""The collections that exist: those of the domain, and those published from files.

The built-in part is found by itself: every `Collection` at the top of a module of `domain`.
Must not know where published descriptions are kept; the store hands them in.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache

from geoservice import domain
from geoservice.description.collection import Collection
from geoservice.errors import UnknownCollection


@cache
def built_in_collections() -> tuple[Collection, ...]:
    """The collections of the domain by id; two with one id are a programming error."""
    found: dict[str, Collection] = {}
    for module_info in pkgutil.iter_modules(domain.__path__):
        module = importlib.import_module(f"{domain.__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, Collection) and found.setdefault(value.id, value) is not value:
                raise ValueError(f"two collections are called {value.id}")
    return tuple(found[id] for id in sorted(found))


class Catalog:
    """All collections at one moment, by id; immutable."""

    def __init__(self, published: Iterable[Collection] = ()) -> None:
        self._by_id = {
            collection.id: collection for collection in (*built_in_collections(), *published)
        }

    def __iter__(self) -> Iterator[Collection]:
        return iter(sorted(self._by_id.values(), key=lambda collection: collection.id))

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def __getitem__(self, id: str) -> Collection:
        """The collection with this id; `UnknownCollection` names those there are."""
        if id not in self._by_id:
            raise UnknownCollection(value=id, allowed=[collection.id for collection in self])
        return self._by_id[id]
