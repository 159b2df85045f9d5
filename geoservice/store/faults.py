"""What PostgreSQL's errors mean to a user: the field and the rule, in both languages.

Nothing is read from the words of an error, because a server speaks its own language; only names
that stand in it. Of tables with policies, PostgreSQL does not tell editors the values of a key.
"""

import re

import psycopg
from psycopg import errors

from geoservice.errors import (
    Conflict,
    DatabaseUnavailable,
    FeatureInUse,
    FeatureLocked,
    GeoserviceError,
    Rejected,
    RejectedFeature,
    SetupFailed,
    TooSlow,
)
from geoservice.languages import Text
from geoservice.store.ledger_faults import ledger_mistake
from geoservice.store.programs import LEDGER, LOCKED, RULES
from geoservice.store.tables import Key, tables

UNKNOWN_VALUE = "?"
"""The value in a mistake when PostgreSQL tells none, or the whole row with its private fields."""

_KEY = re.compile(r"\((?P<fields>[^)]*)\)=\((?P<values>.*)\)", re.DOTALL)  # in every language


def told(fault: BaseException | None, timeout_s: float) -> GeoserviceError | None:
    """The mistake that a PostgreSQL error means to a user; None if it is ours."""
    match fault:
        case psycopg.DatabaseError() if fault.diag.sqlstate == LOCKED:
            key = _KEY.search(fault.diag.message_detail or "")
            return FeatureLocked(
                collection=fault.diag.table_name or "", value=key["values"] if key else ""
            )
        case psycopg.DatabaseError() if fault.diag.sqlstate == LEDGER:
            return ledger_mistake(fault.diag.message_primary or "", fault.diag.message_detail or "")
        case errors.QueryCanceled():
            return TooSlow(limit=f"{timeout_s:g}")
        case errors.LockNotAvailable() | errors.DeadlockDetected() | errors.SerializationFailure():
            return Conflict(
                reason=Text(
                    zh="正被他人修改，请稍后重试。", en="Someone else is changing this; try again."
                )
            )
        case psycopg.IntegrityError():
            return _rejected(fault)
        case errors.InsufficientPrivilege():
            return SetupFailed(
                reason=Text(
                    zh="数据库用户权限不足：" + (fault.diag.message_primary or ""),
                    en="The database user lacks a right: " + (fault.diag.message_primary or ""),
                )
            )
        case psycopg.OperationalError():
            return DatabaseUnavailable(reason=type(fault).__name__)
    return None


def told_of_writing(fault: BaseException | None, timeout_s: float) -> GeoserviceError | None:
    """Like `told`; a value that its column cannot hold is the writer's mistake too."""
    if isinstance(fault, psycopg.DataError):
        return Rejected(reason=fault.diag.message_primary or str(fault))
    return told(fault, timeout_s)


def _rejected(fault: psycopg.IntegrityError) -> GeoserviceError:
    about = fault.diag
    told_key = _KEY.search(about.message_detail or "")
    key = tables().key(about.schema_name, about.table_name, about.constraint_name)
    fields = ", ".join(key.fields) if key else about.column_name or ""
    if told_key:
        fields = told_key["fields"].replace('"', "")
    value = told_key["values"] if told_key else UNKNOWN_VALUE
    match fault:
        case errors.NotNullViolation():
            value, reason = "", Text(zh="不能为空", en="it must be given")
        case errors.UniqueViolation():
            reason = Text(zh="已有相同的要素", en="another feature has it already")
        case errors.ForeignKeyViolation() if fields == "uid" or _is_in_use(about, key):
            return FeatureInUse(collection=about.table_name or "", value=value)
        case errors.ForeignKeyViolation():
            reason = Text(zh="没有这样的要素", en="there is no such feature")
        case errors.CheckViolation():
            rule = tables().rule(about.schema_name, about.table_name, about.constraint_name)
            rule = rule or next((r for r in RULES if r.name == about.constraint_name), None)
            fields = ", ".join(rule.fields) if rule else about.constraint_name or ""
            reason = rule.meaning if rule else Text(zh="不符合规则", en="it breaks a rule")
        case _:
            words = about.message_primary or ""
            reason = Text(zh=words, en=words)
    return RejectedFeature(
        collection=about.table_name or "", field=fields, value=value, reason=reason
    )


def _is_in_use(about: psycopg.errors.Diagnostic, key: Key | None) -> bool:
    """Whether a foreign key was broken from its other end: then both tables are named."""
    if key is None or key.refers_to is None:
        return False
    names = re.findall(r"\w+", about.message_primary or "")
    mentions = names.count(key.refers_to)
    return mentions == 2 if key.refers_to == about.table_name else mentions == 1
