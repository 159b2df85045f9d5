"""What the ledger's refusals in the database mean to a user; `programs.ledger` names their parts."""

import json
from collections.abc import Mapping

from geoservice.domain.code_lists.quota import (
    QUOTA_ENTRY_TYPE,
    QUOTA_KIND,
    QUOTA_LEVEL,
    QUOTA_RULE_KIND,
    QUOTA_STATE,
)
from geoservice.errors import (
    AlreadyExists,
    AlreadyReversed,
    AppendOnly,
    ChargedArea,
    DoubleCharge,
    GeoserviceError,
    LedgerRule,
    NotHeld,
    Overdraft,
    OverlappingCharge,
    ReservationShort,
)
from geoservice.languages import Language, Text

_MISTAKES: Mapping[str, type[GeoserviceError]] = {
    "already_reversed": AlreadyReversed,
    "append_only": AppendOnly,
    "charged_area": ChargedArea,
    "double_charge": DoubleCharge,
    "not_held": NotHeld,
    "overdraft": Overdraft,
    "overlapping_charge": OverlappingCharge,
    "reservation_short": ReservationShort,
}

_RULES: Mapping[str, Text] = {
    "accounts": Text(
        zh="不能从 {giving} 记到 {receiving}；只能从 {from_sides} 记到 {to_sides}",
        en="it does not go from {giving} to {receiving}, only from {from_sides} to {to_sides}",
    ),
    "quota_kind": Text(
        zh="{giving} 与 {receiving} 的指标类型须相同",
        en="{giving} and {receiving} must be of one kind of quota",
    ),
    "year": Text(
        zh="{receiving} 的年度须比 {giving} 晚 {years} 年",
        en="the year of {receiving} must be that of {giving} plus {years}",
    ),
    "level": Text(
        zh="{giving} 与 {receiving} 的层级须相同",
        en="{giving} and {receiving} must be of one level",
    ),
    "town": Text(
        zh="{giving} 与 {receiving} 须属同一镇街", en="{giving} and {receiving} must be of one town"
    ),
    "purpose": Text(
        zh="{giving} 的指标不能转为 {receiving} 的用途",
        en="the purpose of {giving} must not become that of {receiving}",
    ),
    "missing": Text(zh="须填写 {fields}", en="it must give {fields}"),
    "unexpected": Text(zh="不能填写 {fields}", en="it must not give {fields}"),
    "expired": Text(
        zh="占用到期日须晚于记账日期", en="it must be held until a day after it is booked"
    ),
    "not_held_from": Text(
        zh="只能释放回原占用的账户，{receiving} 为该地块占用的指标不足",
        en="it goes back to the account it was held from; {receiving} has not given as much for this "
        "parcel",
    ),
    "rule_kind": Text(
        zh="规则 {rule} 须为“{wanted}”规则", en="rule {rule} must be of the kind “{wanted}”"
    ),
    "rule_quota_kind": Text(
        zh="规则 {rule} 不适用于指标类型“{quota_kind}”",
        en="rule {rule} is not for the quota “{quota_kind}”",
    ),
    "rule_year": Text(
        zh="规则 {rule} 不适用于 {year} 年度", en="rule {rule} is not for the year {year}"
    ),
    "rule_cut_off": Text(
        zh="规则 {rule} 自 {day} 起适用", en="rule {rule} holds from {day} on, not before"
    ),
    "carry_over_not_allowed": Text(
        zh="规则 {rule} 不允许结转", en="rule {rule} does not allow carry-over"
    ),
    "carry_over_years": Text(
        zh="规则 {rule} 只允许 {year} 年度的指标结转 {years} 年",
        en="rule {rule} lets the quota of {year} be carried over for {years} year(s)",
    ),
    "carried_twice": Text(
        zh="账户 {account} 按规则 {rule} 结转而来、可再结转的只有 {left_m2} m²，不足 {asked_m2} m²",
        en="of what came to {account} by rule {rule}, {left_m2} m² can be carried on, and {asked_m2} m² "
        "are asked for",
    ),
    "reversal_of_reversal": Text(
        zh="分录 {entry_no} 本身是冲正，不能再冲正", en="entry {entry_no} is a reversal itself"
    ),
    "not_mirrored": Text(
        zh="冲正须与分录 {entry_no} 账户互换，面积、地块与规则相同",
        en="it must mirror entry {entry_no}: accounts swapped, the same area, parcel and rule",
    ),
    "reversed_before": Text(
        zh="不能在分录 {entry_no} 的记账日期 {booked_on} 之前冲正",
        en="it must not be booked before entry {entry_no}, which is of {booked_on}",
    ),
    "account_town": Text(
        zh="账户 {account} 不是镇街账户，不能填写镇街",
        en="account {account} is not that of a town and must not name one",
    ),
}

_CODES = {
    "entry_type": QUOTA_ENTRY_TYPE,
    "quota_kind": QUOTA_KIND,
    "wanted": QUOTA_RULE_KIND,
}


def ledger_mistake(mistake: str, detail: str) -> GeoserviceError:
    """The mistake that the ledger names, with its parts; `detail` is their JSON."""
    parts = {name: _meaning(name, value) for name, value in json.loads(detail).items()}
    if mistake == "posted_already":
        return AlreadyExists(value=parts["posting"])
    if mistake in _MISTAKES:
        return _MISTAKES[mistake](**parts)
    reason = _RULES[mistake]
    entry_type = parts.pop("entry_type", Text(zh="账户", en="account"))
    return LedgerRule(
        entry_type=entry_type,
        reason=Text(zh=_filled(reason, "zh", parts), en=_filled(reason, "en", parts)),
    )


def _filled(reason: Text, language: Language, parts: Mapping[str, object]) -> str:
    said = {
        name: part.spoken(language) if isinstance(part, Text) else part
        for name, part in parts.items()
    }
    return reason.spoken(language).format_map(said)


def _meaning(name: str, value: object) -> object:
    """Codes by their titles, sides of a movement as people call them."""
    if name in ("from_sides", "to_sides"):
        assert isinstance(value, list)
        sides = [_side(each) for each in value]
        return Text(
            zh="、".join(each.zh for each in sides), en=", ".join(each.en for each in sides)
        )
    if name in _CODES:
        return _CODES[name].by_code[str(value)].title
    return value


def _side(side: str) -> Text:
    level, state = (
        codes.by_code[code].title
        for codes, code in zip((QUOTA_LEVEL, QUOTA_STATE), side.split(), strict=True)
    )
    return Text(zh=f"{level.zh}（{state.zh}）", en=f"{level.en} ({state.en})")
