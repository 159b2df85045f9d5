"""A world to put features into, and the first question asked of it."""

from collections.abc import Callable
from typing import Any

import pytest
from worlds import Asked, World, asked

from geoservice.store.database import Database


@pytest.fixture
def near_schools(database: Database) -> Callable[..., Asked]:
    """Asks `remediation_sites_near_schools`."""
    return lambda **given: asked(database, "remediation_sites_near_schools", **given)


@pytest.fixture
def world(add: Any) -> World:
    """Makes features in `database`."""
    return World(add)
