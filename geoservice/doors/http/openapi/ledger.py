"""The part of the OpenAPI document about the quota ledger."""

from functools import partial

from geoservice.domain.code_lists.quota import QUOTA_KIND, QUOTA_LEVEL
from geoservice.doors.http.openapi.operations import changing, get, refs
from geoservice.doors.http.openapi.parts import Node, parameter, ref
from geoservice.languages import Language, Text

LEDGER = "/ledger"

_STRING: Node = {"type": "string"}
_DAY: Node = {"type": "string", "format": "date"}
_WHY = ("Change-Reason", "reason", "Idempotency-Key", "dry_run", "lang")


def ledger_paths(language: Language) -> dict[str, Node]:
    """The paths of the ledger with their methods."""
    path = partial(get, language)
    method = partial(changing, language)
    posted: Node = {"201": ref("responses", "Outcome"), "200": ref("responses", "Outcome")}
    accounts = [
        parameter("year", {"type": "integer"}),
        parameter("quota_kind", {**_STRING, "enum": [each.code for each in QUOTA_KIND]}),
        parameter("level", {**_STRING, "enum": [each.code for each in QUOTA_LEVEL]}),
        parameter("town", _STRING),
    ]
    entries = path(
        "ledger_entries",
        Text(zh="台账分录", en="Entries of the ledger"),
        [
            *(parameter(name, _STRING) for name in ("account", "parcel")),
            parameter("posting", {**_STRING, "format": "uuid"}),
            *(parameter(name, _DAY) for name in ("from", "to")),
            *refs(("known_at", "limit", "cursor")),
        ],
    )
    entries["get"]["responses"]["404"] = ref("responses", "NotFound")
    entries["post"] = method(
        "post_entries",
        Text(
            zh="记账：全部写入或全部不写（编辑人员）", en="Post entries, all or none (for editors)"
        ),
        _WHY,
        done=posted,
        body=("application/json",),
    )
    reversal = method(
        "reverse_entry",
        Text(zh="冲正一条分录", en="Reverse an entry"),
        ("entryId", *_WHY),
        done=posted,
        body=("application/json",),
    )
    return {
        LEDGER: path("ledger", Text(zh="指标台账", en="The quota ledger")),
        f"{LEDGER}/accounts": path(
            "ledger_accounts", Text(zh="指标账户", en="Quota accounts"), accounts
        ),
        f"{LEDGER}/balances": path(
            "ledger_balances",
            Text(zh="某日日终的余额", en="Balances at the end of a day"),
            [*accounts, *refs(("as_of", "known_at"))],
        ),
        f"{LEDGER}/holds": path(
            "ledger_holds",
            Text(zh="占用中的指标", en="What is held now"),
            [parameter("expiring_by", _DAY), parameter("town", _STRING)],
        ),
        f"{LEDGER}/entries": entries,
        f"{LEDGER}/entries/{{entryId}}/reversal": {"post": reversal},
        f"{LEDGER}/postings/{{postingId}}": path(
            "ledger_posting",
            Text(zh="一次记账的分录", en="What was posted together"),
            refs(("postingId",)),
        ),
    }
