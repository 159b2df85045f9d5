"""Is the reservation of quota met, and what is left of it: as of a day, day by day, or by town.

The database itself says what a rule asks for and what was reserved (`geoservice.quota_reservation`),
by which it also refuses entries; this question adds where the reserved quota went. All areas are
exact decimals in m².
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import PER_CENT, SQUARE_METRE, FieldType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.places import towns
from geoservice.domain.quota import quota_accounts, quota_entries, quota_rules
from geoservice.errors import BadParameter, MissingParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.quota.postings import movements, sums_moved
from geoservice.questions.sides import rows_of
from geoservice.regions import Region
from geoservice.store.ledger import reservation_on

_COLLECTIONS = (quota_rules, quota_accounts, quota_entries)


def _m2(name: str, zh: str, en: str, *, nullable: bool = False) -> Column:
    return Column(
        name=name,
        type=FieldType.DECIMAL,
        title=Text(zh=zh, en=en),
        unit=SQUARE_METRE,
        nullable=nullable,
    )


_ASKED = (
    _m2("base_m2", "基数（市统筹用地指标）", "Base: the city-coordinated quota"),
    _m2("required_m2", "应预留", "Required"),
    _m2("reserved_m2", "已预留", "Reserved"),
    _m2("shortfall_m2", "缺口", "Shortfall"),
)
_STATE = Column(
    name="state",
    type=FieldType.TEXT,
    title=Text(
        zh="结论：met 已满足，short 不足，no_base 尚无基数",
        en="met, short, or no_base: nothing was allocated yet",
    ),
)
_LEFT_OVER = (
    _m2("carried_in_m2", "上年结转来", "Carried in from the year before"),
    _m2("taken_over_m2", "承接原台账", "Taken over from an earlier ledger"),
    _m2("used_m2", "已使用", "Used"),
    _m2("held_m2", "占用中", "Held"),
    _m2("carried_out_m2", "结转下年", "Carried to the next year"),
    _m2("reclaimed_m2", "收回市统筹", "Reclaimed to the city pool"),
    _m2("deducted_m2", "核减", "Deducted"),
    _m2("balance_m2", "可用余额", "Balance that is left"),
)
_RULE = (
    Column(name="rule_no", type=FieldType.TEXT, title=Text(zh="规则编号", en="Rule number")),
    Column(name="year", type=FieldType.INTEGER, title=Text(zh="年度", en="Year")),
    Column(name="quota_kind", type=FieldType.TEXT, title=Text(zh="指标类别", en="Kind of quota")),
    Column(name="basis", type=FieldType.TEXT, title=Text(zh="计算基数", en="Basis")),
    Column(
        name="percentage",
        type=FieldType.DECIMAL,
        title=Text(zh="预留比例", en="Share to reserve"),
        unit=PER_CENT,
    ),
)
_SUMMARY_COLUMNS = (
    *_RULE,
    *_ASKED,
    Column(
        name="reserved_pct",
        type=FieldType.DECIMAL,
        title=Text(zh="已预留占基数", en="Reserved, of the base"),
        unit=PER_CENT,
        nullable=True,
    ),
    _STATE,
    *_LEFT_OVER,
)
_DAY_COLUMNS = (
    Column(name="day", type=FieldType.DATE, title=Text(zh="日期", en="Day")),
    Column(
        name="document_nos",
        type=FieldType.TEXT,
        title=Text(zh="文号", en="Documents"),
        nullable=True,
    ),
    *_ASKED,
    _STATE,
)
_TOWN_COLUMNS = (
    Column(
        name="town_code",
        type=FieldType.TEXT,
        title=Text(zh="镇街代码；为空是专项池", en="Town code; empty: the special pool"),
        nullable=True,
    ),
    Column(name="town_name", type=FieldType.TEXT, title=Text(zh="镇街", en="Town"), nullable=True),
    _m2("received_m2", "分解与调剂净得", "Received by distribution and transfer, net"),
    *_LEFT_OVER,
)

_METHOD = Text(
    zh="基数＝查询日期及以前下达至市统筹账户的指标减核减（冲正抵减原分录）；应预留＝基数×比例，每批下达后重算；"
    "已预留＝转入专项池的预留分录净额。上年结转来的指标另列，不抵当年应预留；结转下年的计入 carried_out。"
    "可用余额为该年乡村振兴用途的专项池与镇街账户余额，不含占用中与已使用；镇街之间调剂在全市合计中抵消。"
    "已预留＋结转来＋承接＝可用＋占用＋已使用＋结转出＋收回＋核减。"
    "面积为精确小数，只在显示时取到 0.01 m² 与 0.0001 %，判断时不取整。"
    "指定镇街时，基数与应预留仍为全市，使用、占用与余额只计该镇街账户。",
    en="Base: what was allocated to the city-coordinated account up to the day, less deductions; a reversal counts "
    "against what it reverses. Required: base times the share, anew with every tranche. Reserved: reserve entries "
    "into the special pool, net. What was carried in from the year before is told apart and does not count towards "
    "this year's requirement; what goes to the next year is carried out. The balance is that of the special pool "
    "and of towns for rural revitalization in that year, without what is held or used; transfers between towns "
    "cancel in the city's sum. Reserved + carried in + taken over = balance + held + used + carried out + reclaimed "
    "+ deducted. Areas are exact decimals; what is shown is rounded to 0.01 m² and 0.0001 %, what decides is not. "
    "With a town, base and requirement stay those of the city; used, held and balance are those of the town's "
    "accounts.",
)


def question(region: Region) -> Question:
    """The question `quota_reservation`; it is the same in every region."""
    description = QuestionDescription(
        id="quota_reservation",
        title=Text(
            zh="乡村振兴预留指标是否落实、还剩多少",
            en="Is the rural-revitalization reservation met, and what is left",
        ),
        description=Text(
            zh="按预留规则（基数、比例、年度）逐日重算：应预留、已预留、缺口，以及使用、占用、结转与余额。",
            en="By a reservation rule with its basis, share and year, recomputed with every tranche: required, "
            "reserved, shortfall; and what was used, held, carried over and left.",
        ),
        parameters=(
            Parameter(
                name="rule",
                type=ParameterType.TEXT,
                title=Text(zh="规则编号", en="Rule number"),
                default_text=Text(zh="唯一的预留规则", en="the only reservation rule"),
            ),
            Parameter(
                name="year",
                type=ParameterType.INTEGER,
                title=Text(zh="年度", en="Year"),
                default_text=Text(zh="规则的年度", en="that of the rule"),
                minimum=1990,
                maximum=2100,
            ),
            contract.choice(
                "by",
                Text(zh="每行表示", en="A row is"),
                "summary",
                {
                    "summary": Text(zh="一条规则", en="the rule"),
                    "days": Text(zh="应预留或已预留变化的一日", en="a day on which it changed"),
                    "towns": Text(zh="一个镇街或专项池", en="a town, or the special pool"),
                },
            ),
            contract.town(),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_SUMMARY_COLUMNS,
        geometry=None,
        method=_METHOD,
        sources=("i东莞 2021-06-25：市统筹用地指标中预留10%用于乡村振兴项目",),
    )
    return Question(description, _plan, _settled)


def _settled(asking: Asking) -> Asking:
    """With the rule that is meant, and its year.

    Raises `BadParameter` for a rule or a year that no reservation rule has, `MissingParameter` if
    several could be meant; both name those there are.
    """
    rules = rows_of(asking, quota_rules, "rule")
    reserving = sa.select(rules.c.rule_no, rules.c.year).where(rules.c.kind == "reservation")
    there = {row.rule_no: row.year for row in asking.rows(reserving.order_by(rules.c.rule_no))}
    rule, year = asking.text("rule"), asking.values["year"]
    if rule is not None and rule not in there:
        raise BadParameter(name="rule", value=rule, allowed=", ".join(there))
    meant = [no for no, of in there.items() if rule in (None, no) and year in (None, of)]
    if year is not None and there and not meant:
        years = sorted({of for no, of in there.items() if rule in (None, no)})
        raise BadParameter(name="year", value=str(year), allowed=", ".join(map(str, years)))
    if len(meant) > 1:
        raise MissingParameter(name="rule", allowed=", ".join(meant))
    if not meant:
        return asking
    (number,) = meant
    return replace(asking, values={**asking.values, "rule": number, "year": there[number]})


def _plan(asking: Asking) -> Plan:
    rule = _rule(asking)
    moved = _moved_for_the_purpose(asking, rule)
    summary = _summary(asking, rule, moved)
    plan = Plan(
        found=summary,
        order=("rule_no",),
        shown=partial(_shown, columns=_SUMMARY_COLUMNS, id="rule_no"),
        columns=_SUMMARY_COLUMNS,
        geometry=None,
        figures=(_figures(summary),),
        collections=_COLLECTIONS,
        issues=_issues,
    )
    match asking.text("by"):
        case "days":
            return replace(
                plan,
                found=_days(asking, rule),
                order=("day",),
                shown=partial(_shown, columns=_DAY_COLUMNS, id="day"),
                columns=_DAY_COLUMNS,
            )
        case "towns":
            return replace(
                plan,
                found=_by_town(asking, moved),
                order=("place",),
                shown=partial(_shown, columns=_TOWN_COLUMNS, id="place"),
                columns=_TOWN_COLUMNS,
            )
    return plan


def _rule(asking: Asking) -> sa.CTE:
    rules = rows_of(asking, quota_rules, "asked_rule")
    return sa.select(rules).where(rules.c.rule_no == asking.text("rule")).cte("rule")


def _moved_for_the_purpose(asking: Asking, rule: sa.CTE) -> sa.CTE:
    """What the accounts for rural revitalization of the rule's year and kind of quota received and gave."""
    moved = sums_moved(asking)
    accounts = rows_of(asking, quota_accounts, "rural_account")
    others = rows_of(asking, quota_accounts, "other_account")
    town = asking.text("town")
    return (
        sa.select(
            accounts.c.town_code,
            accounts.c.state,
            (others.c.year - accounts.c.year).label("years_to_other"),
            moved.c.entry_type,
            moved.c.change_m2,
        )
        .select_from(
            moved.join(accounts, accounts.c.uid == moved.c.account)
            .join(others, others.c.uid == moved.c.other)
            .join(
                rule,
                sa.and_(accounts.c.year == rule.c.year, accounts.c.quota_kind == rule.c.quota_kind),
            )
        )
        .where(
            accounts.c.purpose == "rural_revitalization",
            accounts.c.state != "source",
            *(() if town is None else (accounts.c.town_code == town,)),
        )
        .cte("rural")
    )


def _left(moved: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """The values of `_LEFT_OVER`: what became of the quota, from movements of accounts for it."""
    m = moved.c

    def net(*conditions: sa.ColumnElement[bool], sign: int = 1) -> sa.ColumnElement[Any]:
        return sign * sa.func.coalesce(sa.func.sum(m.change_m2).filter(*conditions), 0)

    return [
        net(m.entry_type == "carry", m.years_to_other < 0).label("carried_in_m2"),
        net(m.entry_type == "takeover").label("taken_over_m2"),
        net(m.state == "used").label("used_m2"),
        net(m.state == "held").label("held_m2"),
        net(m.entry_type == "carry", m.years_to_other > 0, sign=-1).label("carried_out_m2"),
        net(m.entry_type == "reclaim", sign=-1).label("reclaimed_m2"),
        net(m.entry_type == "deduct", sign=-1).label("deducted_m2"),
        net(m.state == "available").label("balance_m2"),
    ]


def _asked(asking: Asking, rule: sa.FromClause, day: Any) -> sa.FromClause:
    """What the rule asks for on a day: `base_m2`, `required_m2`, `reserved_m2`, `shortfall_m2`, `state`."""
    on_day = reservation_on(rule.c.uid, day, asking.known_at).lateral("on_day")
    d = on_day.c
    short = sa.func.greatest(d.required_m2 - d.reserved_m2, 0)
    state = sa.case((d.base_m2 == 0, "no_base"), (short > 0, "short"), else_="met")
    return sa.select(
        d.base_m2,
        sa.func.round(d.required_m2, 2).label("required_m2"),
        d.reserved_m2,
        sa.func.round(short, 2).label("shortfall_m2"),
        state.label("state"),
    ).lateral("asked")


def _summary(asking: Asking, rule: sa.CTE, moved: sa.CTE) -> sa.CTE:
    asked = _asked(asking, rule, sa.literal(asking.as_of))
    left = sa.select(*_left(moved)).select_from(moved).subquery("left_over")
    share = sa.func.round(100 * asked.c.reserved_m2 / sa.func.nullif(asked.c.base_m2, 0), 4)
    return (
        sa.select(
            *(rule.c[column.name] for column in _RULE),
            *asked.c,
            share.label("reserved_pct"),
            *left.c,
        )
        .select_from(rule.join(asked, sa.true()).join(left, sa.true()))
        .cte("summary")
    )


def _days(asking: Asking, rule: sa.CTE) -> sa.CTE:
    """Each day on which the city's pool moved in a way that changes what is required or reserved."""
    moved = movements(asking)
    accounts = rows_of(asking, quota_accounts, "pool")
    days = (
        sa.select(
            moved.c.booked_on.label("day"),
            sa.func.string_agg(sa.distinct(moved.c.document_no), sa.literal_column("', '")).label(
                "document_nos"
            ),
        )
        .select_from(
            moved.join(accounts, accounts.c.uid == moved.c.account).join(
                rule,
                sa.and_(
                    accounts.c.level == rule.c.basis,
                    accounts.c.year == rule.c.year,
                    accounts.c.quota_kind == rule.c.quota_kind,
                ),
            )
        )
        .where(moved.c.entry_type.in_(("allocate", "deduct", "reserve")))
        .group_by(moved.c.booked_on)
        .subquery("days")
    )
    asked = _asked(asking, rule, days.c.day)
    every_day = days.join(rule, sa.true()).join(asked, sa.true())
    return sa.select(*days.c, *asked.c).select_from(every_day).cte("by_day")


def _by_town(asking: Asking, moved: sa.CTE) -> sa.CTE:
    received = sa.func.coalesce(
        sa.func.sum(moved.c.change_m2).filter(
            moved.c.entry_type.in_(("reserve", "distribute", "transfer"))
        ),
        0,
    )
    sums = (
        sa.select(moved.c.town_code, received.label("received_m2"), *_left(moved))
        .group_by(moved.c.town_code)
        .subquery("sums")
    )
    places = rows_of(asking, towns, "town")
    return (
        sa.select(
            sa.func.coalesce(sums.c.town_code, "").label("place"),
            *sums.c,
            places.c.name.label("town_name"),
        )
        .select_from(sums.outerjoin(places, places.c.code == sums.c.town_code))
        .cte("by_town")
    )


def _shown(rows: sa.FromClause, *, columns: tuple[Column, ...], id: str) -> sa.Select[Any]:
    return sa.select(
        sa.cast(rows.c[id], sa.Text).label("id"),
        *(rows.c[column.name] for column in columns),
        rows.c.number,
    )


def _figures(summary: sa.CTE) -> Figures:
    """The areas of the rule; null without a rule."""
    names = [column.name for column in (*_ASKED, *_LEFT_OVER)]
    rules = sa.func.count().label("rules")
    short = sa.func.count().filter(summary.c.state == "short").label("short")
    no_base = sa.func.count().filter(summary.c.state == "no_base").label("no_base")
    return sa.select(
        rules, short, no_base, *(sa.func.max(summary.c[name]).label(name) for name in names)
    )


def _issues(figures: Mapping[str, Any]) -> list[Issue]:
    if not figures["rules"]:
        statement = Text(
            zh="没有预留规则：应预留多少未知，不是 0。",
            en="There is no reservation rule: what is required is unknown, not 0.",
        )
        return [Issue("no-rule", 1, statement)]
    found = []
    if figures["no_base"]:
        statement = Text(
            zh="当日及以前没有下达指标，基数为 0，谈不上是否满足。",
            en="Nothing was allocated up to the day: the base is 0, and nothing can be met.",
        )
        found.append(Issue("no-base", 1, statement))
    if figures["short"]:
        short = figures["shortfall_m2"]
        statement = Text(
            zh=f"预留不足，尚缺 {short} m²。", en=f"The reservation is short by {short} m²."
        )
        found.append(Issue("short", 1, statement))
    return found
