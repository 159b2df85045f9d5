"""What the database does by itself: roles, functions, and the triggers that write history.

Migrations make tables; this package makes the rest, from the descriptions, each time the schema is
upgraded or a collection is published. Every statement may run again.
"""

from geoservice.store.programs.collections import (
    for_collection,
    function_name,
    given_columns,
    restoring_function_name,
    without_collection,
)
from geoservice.store.programs.foundation import LOCKED, change_functions, foundation
from geoservice.store.programs.ledger import LEDGER, quota_ledger
from geoservice.store.programs.register_periods import RULES, register_period_guard
from geoservice.store.programs.roles import EDITOR, OWNER, READER, system_grants

__all__ = [
    "EDITOR",
    "LEDGER",
    "LOCKED",
    "OWNER",
    "READER",
    "RULES",
    "change_functions",
    "for_collection",
    "foundation",
    "function_name",
    "given_columns",
    "quota_ledger",
    "register_period_guard",
    "restoring_function_name",
    "system_grants",
    "without_collection",
]
