"""Where does a remediation programme stand: its members by stage, and its money?

Members are those of the frozen list, whatever became of them since. Amounts are whole fen, and the
stages of money (planned, secured, committed, paid) are never added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import GeometryType
from geoservice.description.question import Parameter, ParameterType, QuestionDescription
from geoservice.domain.funding import funding_entries
from geoservice.domain.hazards import hazard_assessments, hazard_sites, register_periods
from geoservice.domain.remediation import remediation_programmes, remediation_projects
from geoservice.errors import BadParameter, MissingParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.programme import programme_members, programme_money
from geoservice.questions.programme.funds import KINDS, fen_each
from geoservice.questions.programme.programme_money import Money, money_of
from geoservice.questions.sides import rows_of
from geoservice.regions import Region

_COLLECTIONS = (
    remediation_programmes,
    remediation_projects,
    funding_entries,
    hazard_sites,
    register_periods,
    hazard_assessments,
)


_METHOD = Text(
    zh="成员为计划冻结名单上的灾害点，此后合并、转类或核销仍计入，状态另列。只计搬迁避让、工程治理、排危除险项目；"
    "阶段由查询日期及以前的阶段日期得出，状态没有日期时按状态；一点多项目取进度最慢者；搬迁后旧房未拆除的，"
    "阶段仍为 in_works，旧房情况未知的不算治理完成。逾期：计划日期早于查询日期而该阶段未到，取最早者；"
    "已验收的与计划验收日期比较。资金为查询日期及以前的分录，整数分，计划、落实、合同、支付分别合计，不相加。"
    "分录指明灾害点的归该点；指明单点项目的归其点；多点项目的金额整笔留在项目，不分摊、只计一次；"
    "两者皆无的为未分配。结余为落实减支付。指定镇街时只计归该镇街成员的资金及涉及它们的多点项目，"
    "未分配资金不属任何镇街，不计。人数取不晚于查询日期的最近一次评估，未知不作 0。",
    en="Members are the sites of the frozen list; merged, reclassified or cancelled since, they stay, and their "
    "state is told. Only relocation, works and removal count as treatment. A stage is reached by its date on or "
    "before the day, by the state where that bears no date; of several projects the least advanced decides. "
    "A relocation with an old house standing stays in_works; one whose old houses are unknown is not counted as "
    "treated. Late: a planned date before the day whose stage is not reached, the earliest of them; what is "
    "accepted is compared with its planned acceptance. Money is that of entries booked on or before the day, in "
    "whole fen; planned, secured, committed and paid are summed apart, never added. An entry that names a site "
    "is the site's; one that names a project of one site is that site's; the money of a project of several "
    "sites stays with the project, undivided, and counts once; what names neither is unallocated. Balance is "
    "secured less paid. With a town, only money of its members counts, with projects that they share; what is "
    "unallocated is of no town. People are those of the latest assessment on or before the day; unknown is "
    "never 0.",
)


def question(region: Region) -> Question:
    """The question `programme_status`; it is the same in every region."""
    description = QuestionDescription(
        id="programme_status",
        title=Text(
            zh="治理计划进展到哪一步、资金如何",
            en="Where the remediation programme stands: stage and money",
        ),
        description=Text(
            zh="计划成员逐点的阶段、逾期与资金；或按阶段汇总；或按资金归属汇总，未分配资金单列。",
            en="The members of a programme with stage, lateness and money; or counts by stage; or money by who "
            "holds it, with what is unallocated.",
        ),
        parameters=(
            Parameter(
                name="programme",
                type=ParameterType.TEXT,
                title=Text(zh="计划编号", en="Programme number"),
                default_text=Text(zh="唯一的计划", en="the only one"),
            ),
            contract.choice(
                "by",
                Text(zh="每行表示", en="A row is"),
                "members",
                {
                    "members": Text(zh="一个成员灾害点", en="a member site"),
                    "stages": Text(zh="一个阶段", en="a stage"),
                    "funds": Text(zh="一类资金归属", en="a holder of money"),
                },
            ),
            contract.town(),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=programme_members.COLUMNS,
        geometry=GeometryType.POINT,
        method=_METHOD,
        sources=(
            "i东莞 2021-06-25：在册114处综合治理，已落实专项经费9580万元",
            "川自然资发〔2022〕30号、苏自然资规发〔2020〕1号：核销程序",
            "ZHDD04B：搬迁，旧房拆除",
        ),
    )
    return Question(description, _plan, _settled)


def _settled(asking: Asking) -> Asking:
    """With the programme that is meant: the one named, or the only one there is.

    Raises `BadParameter` for a number that no programme has, `MissingParameter` if several could be
    meant; both name those there are. Without any programme the answer is empty.
    """
    programmes = rows_of(asking, remediation_programmes, "programme")
    found = asking.rows(sa.select(programmes.c.programme_no).order_by(programmes.c.programme_no))
    numbers = [row.programme_no for row in found]
    number = asking.text("programme")
    if number is None:
        if len(numbers) > 1:
            raise MissingParameter(name="programme", allowed=", ".join(numbers))
        number = numbers[0] if numbers else None
    elif number not in numbers:
        raise BadParameter(name="programme", value=number, allowed=", ".join(numbers))
    return replace(asking, values={**asking.values, "programme": number})


@dataclass(frozen=True)
class _Programme:
    """The programme asked for (one row or none), its members that are considered, and its money."""

    row: sa.CTE
    members: sa.CTE
    money: Money


def _plan(asking: Asking) -> Plan:
    programme = _programme(asking)
    plan = Plan(
        found=programme.members,
        order=("site_no", "uid"),
        shown=partial(programme_members.shown, asking=asking),
        columns=programme_members.COLUMNS,
        geometry=GeometryType.POINT,
        figures=(
            programme_members.figures(programme.members),
            _money_figures(programme),
            _programme_figures(asking, programme),
        ),
        issues=_issues,
        collections=_COLLECTIONS,
    )
    match asking.text("by"):
        case "stages":
            return replace(
                plan,
                found=programme_members.by_stage(programme.members),
                order=("position",),
                shown=programme_members.shown_stages,
                columns=programme_members.STAGE_COLUMNS,
                geometry=None,
            )
        case "funds":
            return replace(
                plan,
                found=programme.money.by_holder,
                order=("position", "holder"),
                shown=programme_money.shown,
                columns=programme_money.COLUMNS,
                geometry=None,
            )
        case _:
            return plan


def _programme(asking: Asking) -> _Programme:
    programmes = rows_of(asking, remediation_programmes, "programme")
    row = (
        sa.select(*programmes.c)
        .where(programmes.c.programme_no == asking.text("programme"))
        .cte("the_programme")
    )
    listed = programme_members.listed_sites(asking, row)
    money = money_of(asking, sa.select(row.c.uid), sa.select(listed.c.uid))
    return _Programme(row, programme_members.members_of(asking, row, listed, money), money)


def _money_figures(programme: _Programme) -> Figures:
    """The money of the programme, in all and for each: per site and per person secured."""
    m, total = programme.members.c, programme.money.totals.c
    members = sa.select(sa.func.count()).select_from(programme.members).scalar_subquery()
    people = sa.select(
        sa.case(
            (sa.func.bool_and(m.threatened_people.is_not(None)), sa.func.sum(m.threatened_people))
        )
    ).scalar_subquery()
    return sa.select(
        *(total[f"{kind}_fen"] for kind in KINDS),
        total.balance_fen,
        total.unallocated_fen,
        fen_each(total.secured_fen, members).label("per_site_fen"),
        fen_each(total.secured_fen, people).label("per_person_fen"),
        total.shared_projects.label("noted.shared_projects"),
        total.outside_members.label("noted.funds_outside_members"),
        total.paid_exceeds_committed.label("noted.paid_exceeds_committed"),
        total.committed_exceeds_secured.label("noted.committed_exceeds_secured"),
    ).select_from(programme.money.totals)


def _programme_figures(asking: Asking, programme: _Programme) -> Figures:
    """What the programme's own dates say, as counts of programmes: one or none."""
    row = programme.row.c
    frozen = sa.func.coalesce(row.frozen_on <= asking.as_of, False)
    return sa.select(
        sa.func.count().label("programmes"),
        sa.func.count().filter(row.baseline_on > asking.as_of).label("noted.before_baseline"),
        sa.func.count().filter(sa.not_(frozen)).label("noted.not_frozen"),
        sa.func.count().filter(row.target_on < asking.as_of).label("noted.after_target"),
    ).select_from(programme.row)


_NOTES: dict[str, Text] = {
    "noted.before_baseline": Text(
        zh="查询日期早于计划的基准日期。", en="The day is before the baseline of the programme."
    ),
    "noted.not_frozen": Text(
        zh="成员名单在查询日期尚未冻结，可能改变。",
        en="The list of members was not frozen on the day; it may change.",
    ),
    "stage.no_project": Text(
        zh="成员没有治理项目。", en="Members without a project that ends the threat."
    ),
    "noted.without_stage_date": Text(
        zh="项目状态没有对应日期，阶段按状态计，无法判断何时到达。",
        en="The state of a project bears no date; the stage counts as the state says, whenever it began.",
    ),
    "noted.cancelled_not_accepted": Text(
        zh="灾害点已核销，但没有已验收的治理。",
        en="Sites cancelled although their treatment is not accepted.",
    ),
    "noted.old_house_standing": Text(
        zh="已搬迁但旧房未拆除，威胁未消除，不算完成。",
        en="Relocated, but an old house stands: the threat is not ended, and they are not complete.",
    ),
    "noted.old_houses_unknown": Text(
        zh="已搬迁但不知旧房是否拆除，不算治理完成。",
        en="Relocated, but whether old houses stand is not known; not counted as treated.",
    ),
    "unknown.people": Text(
        zh="成员的受威胁人数未知，人均资金无法得出。",
        en="The people threatened are unknown, and so is the money for each.",
    ),
    "noted.shared_projects": Text(
        zh="多点项目持有资金，金额留在项目、不分摊到点，合计中只计一次（见 by=funds）。",
        en="Projects of several sites hold money; it is not divided among them and counts once (see by=funds).",
    ),
    "noted.funds_outside_members": Text(
        zh="计划的资金归于名单以外的灾害点或项目（归属数）。",
        en="Money of the programme held by sites or projects that are no members.",
    ),
    "noted.paid_exceeds_committed": Text(
        zh="支付超过合同（点或多点项目的数目）；可能有追加，请核对。",
        en="Sites or shared projects for which more is paid than committed; there may be supplements, check.",
    ),
    "noted.committed_exceeds_secured": Text(
        zh="合同超过落实（点或多点项目的数目）；可能有追加，请核对。",
        en="Sites or shared projects for which more is committed than secured; there may be supplements, check.",
    ),
}


def _issues(figures: Mapping[str, Any]) -> list[Issue]:
    if not figures["programmes"]:
        none = Text(zh="没有任何治理计划。", en="No programme is recorded.")
        return [Issue("no-programme", 0, none)]
    found = [
        Issue(name.split(".")[-1].replace("_", "-"), figures[name], statement)
        for name, statement in _NOTES.items()
        if figures[name]
    ]
    overdue = figures["members"] - figures["treated"]
    if figures["noted.after_target"] and overdue:
        statement = Text(
            zh="计划的目标日期已过，这些成员尚未治理完成。",
            en="The target day of the programme has passed, and these members are not treated.",
        )
        found.append(Issue("target-passed", overdue, statement))
    return found
