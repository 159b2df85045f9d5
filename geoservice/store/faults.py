"""What PostgreSQL's errors mean to a user: the field and the rule, in both languages.

Nothing is read from the words of an error, because a server speaks its own language.
"""

import re

import psycopg
from psycopg import errors

from geoservice.errors import (
    Conflict,
    DatabaseUnavailable,
    GeoserviceError,
    Rejected,
    RejectedFeature,
    SetupFailed,
    TooSlow,
)
from geoservice.languages import Text
from geoservice.store.tables import tables

_UNKNOWN_VALUE = "?"  # PostgreSQL tells the whole row, which may hold private fields
_KEY = re.compile(r"\((?P<fields>[^)]*)\)=\((?P<values>.*)\)", re.DOTALL)  # in every language


def told(fault: BaseException | None, timeout_s: float) -> GeoserviceError | None:
    """The mistake that a PostgreSQL error means to a user; None if it is ours."""
    match fault:
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
    key = _KEY.search(about.message_detail or "")
    fields = key["fields"].replace('"', "") if key else about.column_name or ""
    value = key["values"] if key else _UNKNOWN_VALUE
    match fault:
        case errors.NotNullViolation():
            value, reason = "", Text(zh="不能为空", en="it must be given")
        case errors.UniqueViolation():
            reason = Text(zh="已有相同的要素", en="another feature has it already")
        case errors.ForeignKeyViolation() if fields == "uid":
            return Conflict(
                reason=Text(
                    zh=f"{value} 仍被 {about.table_name} 引用。",
                    en=f"{value} is still used by {about.table_name}.",
                )
            )
        case errors.ForeignKeyViolation():
            reason = Text(zh="没有这样的要素", en="there is no such feature")
        case errors.CheckViolation():
            rule = tables().rule(about.schema_name, about.table_name, about.constraint_name)
            fields = ", ".join(rule.fields) if rule else about.constraint_name or ""
            reason = rule.meaning if rule else Text(zh="不符合规则", en="it breaks a rule")
        case _:
            words = about.message_primary or ""
            reason = Text(zh=words, en=words)
    return RejectedFeature(
        collection=about.table_name or "", field=fields, value=value, reason=reason
    )
