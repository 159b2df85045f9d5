"""What the functions of the ledger share: how they run, how they refuse, the one lock."""

from geoservice.store.tables import BUILT_IN_SCHEMA, SYSTEM_SCHEMA

# The functions are easier to read with the names of their schemas as they are.
assert BUILT_IN_SCHEMA == "registers"
assert SYSTEM_SCHEMA == "geoservice"

LEDGER = "GS002"
"""SQLSTATE of a posting, or of a change to what is posted, that breaks a rule of the ledger."""

_LOCK = 0x71756F74  # "quot"

# Plans are made once for all entries, also where there was nothing yet when they were made.
DEFINER = (
    "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public "
    "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off"
)


def texts(values: tuple[str, ...]) -> str:
    """Constants of the code as SQL, with commas between them."""
    return ", ".join(f"'{value}'" for value in values)


REFUSE = f"""
CREATE OR REPLACE FUNCTION geoservice.refuse(mistake text, parts jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE SQLSTATE '{LEDGER}' USING MESSAGE = mistake, DETAIL = parts::text;
END $$
"""

LOCK_LEDGER = f"""
CREATE OR REPLACE FUNCTION geoservice.lock_quota_ledger() RETURNS void
LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock({_LOCK}) $$
"""

DEFINITIONS = (REFUSE, LOCK_LEDGER)
