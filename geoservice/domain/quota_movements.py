"""What each type of ledger entry may move: from which accounts to which, and what it must state.

One table for all: the database enforces it, the documents show it. An entry that reverses another
moves the same area back between the same accounts and is no movement of its own.
"""

from dataclasses import dataclass

from geoservice.domain.code_lists.quota import QUOTA_ENTRY_TYPE

AVAILABLE = ("city_coordinated available", "special_pool available", "town available")
_CITY, _SPECIAL, _TOWN = AVAILABLE
_SOURCE = "superior source"
_HELD = "town held"
_USED = "town used"


SAME_PURPOSE = "same"
TO_RURAL = "to_rural"
TO_GENERAL = "to_general"
ANY_PURPOSE = "any"
"""How the purpose of the receiving account relates to that of the giving one.

The same; rural revitalization out of general; general out of whichever; whichever.
"""

STATED = (
    *("document_no", "approval_no", "expires_on"),
    *("quota_parcel", "quota_rule", "reverses"),
)
"""What an entry may state beside accounts, area, day and note."""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What one type of entry moves. Accounts are named by `level state`.

    The kind of quota never changes. The year changes only for `carry`, which goes from a year to the
    next at the same level; the town changes only for `transfer`.
    """

    entry_type: str
    giving: tuple[str, ...]
    receiving: tuple[str, ...]
    requires: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ("document_no",)
    purpose: str = SAME_PURPOSE
    rule_kind: str | None = None  # of the quota rule that it follows
    years: int = 0  # that it goes forward
    changes_town: bool = False


MOVEMENTS = (
    Movement(
        entry_type="allocate", giving=(_SOURCE,), receiving=(_CITY,), requires=("document_no",)
    ),
    Movement(
        entry_type="reserve",
        giving=(_CITY,),
        receiving=(_SPECIAL,),
        accepts=("document_no", "quota_rule"),
        purpose=TO_RURAL,
        rule_kind="reservation",
    ),
    Movement(entry_type="distribute", giving=(_CITY, _SPECIAL), receiving=(_TOWN,)),
    Movement(
        entry_type="transfer", giving=(_SPECIAL, _TOWN), receiving=AVAILABLE, changes_town=True
    ),
    Movement(
        entry_type="hold",
        giving=AVAILABLE,
        receiving=(_HELD,),
        requires=("quota_parcel", "expires_on"),
        accepts=("document_no", "approval_no"),
    ),
    Movement(
        entry_type="release",
        giving=(_HELD,),
        receiving=AVAILABLE,
        requires=("quota_parcel",),
        accepts=("document_no", "approval_no"),
    ),
    Movement(
        entry_type="use",
        giving=(_HELD,),
        receiving=(_USED,),
        requires=("quota_parcel", "approval_no"),
    ),
    Movement(
        entry_type="carry",
        giving=AVAILABLE,
        receiving=AVAILABLE,
        requires=("quota_rule",),
        rule_kind="carry_over",
        years=1,
    ),
    Movement(
        entry_type="reclaim",
        giving=(_SPECIAL, _TOWN),
        receiving=(_CITY,),
        requires=("quota_rule",),
        purpose=TO_GENERAL,
        rule_kind="reclaim",
    ),
    Movement(
        entry_type="deduct",
        giving=AVAILABLE,
        receiving=(_SOURCE,),
        requires=("quota_rule",),
        purpose=TO_GENERAL,
        rule_kind="deduction",
    ),
    Movement(
        entry_type="takeover",
        giving=(_SOURCE,),
        receiving=(_USED,),
        requires=("quota_parcel", "document_no"),
        accepts=("approval_no",),
        purpose=ANY_PURPOSE,
    ),
)

REVERSAL = "reverse"

TOWN_TYPES = ("hold", "release", "use")
"""What an editor of some towns may post for their accounts; all else reaches every town."""

CHARGING_TYPES = ("use", "takeover")
"""The types that charge a parcel."""

assert {each.entry_type for each in MOVEMENTS} | {REVERSAL} == set(QUOTA_ENTRY_TYPE.by_code)
