"""The quota ledger of 2021 and 2022: rules, accounts and postings, all fictitious.

The pool of rural revitalization follows the worked example: 600,000 m² handed down, 10 % reserved; a
second tranche of 200,000 m² leaves 20,000 m² short until they are reserved, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from generator.files import Row
from generator.quota_parcels import TOWNS, QuotaParcel
from generator.towns import Town

KIND = "new_construction"
GENERAL, RURAL = "general", "rural_revitalization"
RESERVATION, CARRY_OVER, RECLAIM, DEDUCTION = "YL", "JZ", "SH", "HJ"
FIRST_TRANCHE, SECOND_TRANCHE = date(2021, 3, 15), date(2021, 9, 15)
SECOND_RESERVED = date(2021, 11, 22)


@dataclass
class Ledger:
    """Accounts by number and entries in the order of posting."""

    accounts: dict[str, Row] = field(default_factory=dict)
    entries: list[Row] = field(default_factory=list)
    postings: int = 0

    def account(
        self, level: str, year: int, *, purpose: str = GENERAL, state: str = "available",
        town: Town | None = None, kind: str = KIND,
    ) -> str:  # fmt: skip
        """The number of an account, which is opened when it is first asked for."""
        state = "source" if level == "superior" else state
        levels = {"superior": "SJ", "city_coordinated": "TC", "special_pool": "XC", "town": "ZJ"}
        names = {
            "superior": "上级下达",
            "city_coordinated": "市统筹",
            "special_pool": "乡村振兴专项池",
        }
        states = {"source": "", "available": "可用", "held": "占用中", "used": "已使用"}
        kinds = {KIND: "", "farmland_quantity": "占补平衡"}
        codes = {KIND: "JS", "farmland_quantity": "ZB"}
        rural = "-X" if purpose == RURAL and level == "town" else ""
        place = f"-{town.code[-3:]}" if town else ""
        short = {"source": "", "available": "-KY", "held": "-ZY", "used": "-SY"}[state]
        number = f"SYN-ZH-{year}-{codes[kind]}-{levels[level]}{place}{rural}{short}"
        title = town.name if town else names[level]
        part = "乡村振兴" if rural else ""
        self.accounts.setdefault(number, {
            "account_no": number,
            "name": f"示例·{year}年{title}{kinds[kind]}{part}{states[state]}（合成）",
            "level": level,
            "quota_kind": kind,
            "year": year,
            "purpose": purpose,
            "state": state,
            "town_code": town.code if town else None,
            "overdraft_allowed": level == "superior",
            "note": None,
        })  # fmt: skip
        return number

    def post(
        self, entry_type: str, source: str, target: str, amount: float, day: date, **rest: object
    ) -> None:
        """One entry; with the posting of the entry before it if `joined` is true."""
        if not rest.get("joined"):
            self.postings += 1
        self.entries.append(
            {
                "posting": self.postings,
                "entry_type": entry_type,
                "from_account": source,
                "to_account": target,
                "amount_m2": f"{amount:.2f}",
                "booked_on": day,
                "quota_parcel": rest.get("parcel"),
                "quota_rule": rest.get("rule"),
                "document_no": rest.get("document"),
                "approval_no": rest.get("approval"),
                "expires_on": rest.get("expires"),
                "note": rest.get("note"),
            }
        )


# --------------------------------------------------------------------------------------------------
# Rules and postings
# --------------------------------------------------------------------------------------------------


def rule_number(year: int, rule: str) -> str:
    """The number of a rule of a year."""
    return f"SYN-GZ-{year}-{rule}"


def rule_rows() -> Iterator[Row]:
    """The rules; only the 10 % of the city-coordinated quota of 2021 is published."""
    for year in (2021, 2022):
        for rule, kind, name in (
            (RESERVATION, "reservation", "市统筹用地指标预留10%用于乡村振兴"),
            (CARRY_OVER, "carry_over", "预留指标结转"),
            (RECLAIM, "reclaim", "未使用指标收回"),
            (DEDUCTION, "deduction", "超占核减"),
        ):
            reserved, carried = rule == RESERVATION, rule == CARRY_OVER
            yield {
                "rule_no": rule_number(year, rule),
                "name": f"示例·{year}年{name}（合成）",
                "kind": kind,
                "year": year,
                "quota_kind": KIND,
                "basis": "city_coordinated" if reserved else None,
                "percentage": "10.00" if reserved else None,
                "carry_over_allowed": True if carried else None,
                "carry_over_years": 1 if carried else None,
                "cut_off_on": date(year, 12, 31) if rule in (CARRY_OVER, RECLAIM) else None,
                "document_no": f"示例规〔{year}〕{rule}号（合成）",
                "note": None,
            }


def ledger(
    parcels: Mapping[str, Sequence[QuotaParcel]], towns: Mapping[str, Town], random: Random
) -> Ledger:
    """All postings by date, and the accounts that they need."""
    made = Ledger()
    _take_over(made, parcels["charged twice"])
    _pool_of_2021(made, parcels["worked"][0])
    used = [
        *parcels["ordinary"], *parcels["two towns"], *parcels["on farmland"], *parcels["two parts"],
    ]  # fmt: skip
    _towns(made, [towns[name] for name in TOWNS], used, random)
    _released(made, parcels["released"][0])
    _pool_of_2022(made, parcels["rural"])
    _balance_of_farmland(made, parcels["ordinary"][0])
    made.entries.sort(key=lambda entry: str(entry["booked_on"]))  # stable: as posted within a day
    numbers: dict[object, int] = {}
    for entry in made.entries:
        number = numbers.setdefault(entry["posting"], len(numbers) + 1)
        entry["posting"] = f"SYN-PZ-{number:03d}"
    return made


def _document(year: int, number: int) -> str:
    return f"示例指标〔{year}〕{number}号（合成）"


def _take_over(made: Ledger, parcels: Sequence[QuotaParcel]) -> None:
    """An earlier ledger, as it stood: 9,600 m² of two parcels were charged twice."""
    for each in parcels:
        source = made.account("superior", 2016)
        target = made.account("town", 2016, state="used", town=each.town)
        made.post(
            "takeover", source, target, each.amount, each.registered_on + timedelta(days=30),
            parcel=each.number, document=_document(2016, 1),
            note="原台账照录（合成）",
        )  # fmt: skip


def _pool_of_2021(made: Ledger, worked: QuotaParcel) -> None:
    """The worked example, then carry-over and reclaim of what is left."""
    superior = made.account("superior", 2021)
    city = made.account("city_coordinated", 2021)
    pool = made.account("special_pool", 2021, purpose=RURAL)
    rule = rule_number(2021, RESERVATION)
    made.post("allocate", superior, city, 600_000, FIRST_TRANCHE, document=_document(2021, 11))
    made.post(
        "reserve", city, pool, 60_000, date(2021, 3, 22), rule=rule, document=_document(2021, 12)
    )
    town = worked.town
    held = made.account("town", 2021, purpose=RURAL, state="held", town=town)
    spent = made.account("town", 2021, purpose=RURAL, state="used", town=town)
    this = {"parcel": worked.number}
    made.post("hold", pool, held, 20_000, date(2021, 5, 10), expires=date(2022, 5, 10), **this)
    made.post(
        "use",
        held,
        spent,
        15_000,
        date(2021, 8, 20),
        approval="示例农转用〔2021〕1号（合成）",
        **this,
    )
    made.post("release", held, pool, 5_000, date(2021, 8, 25), **this)
    made.post("allocate", superior, city, 200_000, SECOND_TRANCHE, document=_document(2021, 31))
    made.post(
        "reserve", city, pool, 20_000, SECOND_RESERVED, rule=rule, document=_document(2021, 32)
    )
    carried = made.account("special_pool", 2022, purpose=RURAL)
    made.post(
        "carry", pool, carried, 45_000, date(2022, 1, 10),
        rule=rule_number(2021, CARRY_OVER), document=_document(2022, 1),
    )  # fmt: skip
    made.post(
        "reclaim", pool, city, 20_000, date(2022, 4, 1),
        rule=rule_number(2021, RECLAIM), document=_document(2022, 5),
    )  # fmt: skip


def _towns(
    made: Ledger, towns: Sequence[Town], used: Sequence[QuotaParcel], random: Random
) -> None:
    """Quota distributed to towns, and held and used by their parcels."""
    superior = made.account("superior", 2022)
    made.post(
        "allocate", superior, made.account("city_coordinated", 2022), 700_000, date(2022, 3, 10),
        document=_document(2022, 2),
    )  # fmt: skip
    share = {2021: 64_000, 2022: 40_000}
    for year, day in ((2021, date(2021, 3, 29)), (2022, date(2022, 3, 28))):
        city = made.account("city_coordinated", year)
        for town in towns:  # all in one posting
            free = made.account("town", year, town=town)
            made.post(
                "distribute", city, free, share[year], day,
                document=_document(year, 41), joined=town is not towns[0],
            )  # fmt: skip
    for each in used:
        year, town = each.registered_on.year, each.town
        free, held, spent = (
            made.account("town", year, state=state, town=town)
            for state in ("available", "held", "used")
        )
        asked = each.registered_on + timedelta(days=random.randint(3, 12))
        granted = asked + timedelta(days=random.randint(30, 90))
        this = {"parcel": each.number}
        made.post(
            "hold", free, held, each.amount, asked, expires=asked + timedelta(days=365), **this
        )
        approval = f"示例农转用〔{granted.year}〕{each.number[-3:]}号（合成）"
        made.post("use", held, spent, each.amount, granted, approval=approval, **this)
    one, other = towns[4], towns[5]
    made.post(
        "transfer", made.account("town", 2021, town=one), made.account("town", 2021, town=other),
        6_000, date(2021, 7, 12), document=_document(2021, 61),
    )  # fmt: skip
    made.post(
        "deduct", made.account("town", 2022, town=towns[6]), superior, 3_000, date(2022, 5, 16),
        rule=rule_number(2022, DEDUCTION), document=_document(2022, 62),
    )  # fmt: skip


def _released(made: Ledger, each: QuotaParcel) -> None:
    """Held for a parcel that was given up: all of it is released."""
    free = made.account("town", 2021, town=each.town)
    held = made.account("town", 2021, state="held", town=each.town)
    this = {"parcel": each.number}
    made.post("hold", free, held, each.amount, date(2021, 5, 24), expires=date(2022, 5, 24), **this)
    made.post("release", held, free, each.amount, date(2021, 8, 9), **this)


def _pool_of_2022(made: Ledger, rural: Sequence[QuotaParcel]) -> None:
    """Ten per cent of 700,000 m², and parcels that use them and what was carried over."""
    city = made.account("city_coordinated", 2022)
    pool = made.account("special_pool", 2022, purpose=RURAL)
    rule = rule_number(2022, RESERVATION)
    made.post(
        "reserve", city, pool, 70_000, date(2022, 3, 20), rule=rule, document=_document(2022, 3)
    )
    for number, each in enumerate(rural, start=1):
        held = made.account("town", 2022, purpose=RURAL, state="held", town=each.town)
        spent = made.account("town", 2022, purpose=RURAL, state="used", town=each.town)
        this = {"parcel": each.number}
        day = each.registered_on + timedelta(days=10)
        made.post("hold", pool, held, each.amount, day, expires=day + timedelta(days=365), **this)
        if number < len(rural):  # the last is still held
            approval = f"示例农转用〔2022〕X{number}号（合成）"
            made.post(
                "use", held, spent, each.amount, day + timedelta(days=60), approval=approval, **this
            )


def _balance_of_farmland(made: Ledger, each: QuotaParcel) -> None:
    """The same parcel charged to another kind of quota, which is no double charge."""
    kind, year, town = "farmland_quantity", 2021, each.town
    superior = made.account("superior", year, kind=kind)
    city = made.account("city_coordinated", year, kind=kind)
    free, held, spent = (
        made.account("town", year, state=state, town=town, kind=kind)
        for state in ("available", "held", "used")
    )
    this = {"parcel": each.number}
    made.post("allocate", superior, city, 80_000, date(2021, 3, 16), document=_document(2021, 21))
    made.post(
        "distribute",
        city,
        free,
        30_000,
        date(2021, 3, 30),
        document=_document(2021, 22),
    )
    asked = each.registered_on + timedelta(days=14)
    made.post("hold", free, held, each.amount, asked, expires=asked + timedelta(days=365), **this)
    made.post(
        "use", held, spent, each.amount, asked + timedelta(days=70),
        approval=f"示例占补〔2021〕{each.number[-3:]}号（合成）", **this,
    )  # fmt: skip
