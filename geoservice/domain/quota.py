"""Land quotas: the accounts of the ledger, its entries, the rules they follow, the parcels charged.

An entry moves an area from one account to another, so that every posting sums to zero. Entries are
written by the ledger only (`quota_movements` says what each type may move) and never changed.
Areas are square metres.
"""

from decimal import Decimal

from geoservice.description.collection import (
    PER_CENT,
    SQUARE_METRE,
    Collection,
    Field,
    FieldType,
    Fixed,
    GeometryType,
    Given,
    InOrder,
    Period,
    Reference,
    Source,
    Unique,
)
from geoservice.description.style import BLUE, Style, Symbol
from geoservice.domain.areas import AREAS
from geoservice.domain.code_lists.quota import (
    QUOTA_BASIS,
    QUOTA_ENTRY_TYPE,
    QUOTA_KIND,
    QUOTA_LEVEL,
    QUOTA_PURPOSE,
    QUOTA_RULE_KIND,
    QUOTA_STATE,
)
from geoservice.domain.register_fields import DOCUMENT_NO, NOTE, TOWN_CODE, VILLAGE_CODE
from geoservice.languages import Text

_SUBJECT = Text(zh="用地指标", en="Land quotas")
_SOURCE = Source(Text(zh="市自然资源局 用地指标台账", en="The bureau's ledger of land quotas"))

_YEAR = Field(
    name="year",
    type=FieldType.INTEGER,
    title=Text(zh="指标年度", en="Year of the quota"),
    nullable=False,
    minimum=Decimal(1980),
    maximum=Decimal(2100),
    aliases=("年度", "年份"),
)
_QUOTA_KIND = Field(
    name="quota_kind",
    type=FieldType.TEXT,
    title=Text(zh="指标类型", en="Kind of quota"),
    nullable=False,
    codes=QUOTA_KIND,
    aliases=("指标类型",),
)

quota_rules = Collection(
    id="quota_rules",
    title=Text(zh="指标规则", en="Quota rules"),
    description=Text(
        zh="预留比例、结转、核减与收回的规则；比例总与其基数和年度一起给出。",
        en="The rules of reservation, carry-over, deduction and reclaim; a percentage always comes "
        "with its base and its year.",
    ),
    subject=_SUBJECT,
    key=("rule_no",),
    label="name",
    rules=(
        Given((("kind", ("reservation",)),), "basis"),
        Given((("kind", ("reservation",)),), "percentage"),
        Fixed(("kind", "year", "quota_kind", "basis", "percentage")),
    ),
    source=_SOURCE,
    fields=(
        Field(
            name="rule_no",
            type=FieldType.TEXT,
            title=Text(zh="规则编号", en="Rule number"),
            nullable=False,
            max_length=60,
            aliases=("规则编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("名称",),
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="规则类型", en="Kind"),
            nullable=False,
            codes=QUOTA_RULE_KIND,
            aliases=("规则类型",),
        ),
        _YEAR,
        _QUOTA_KIND,
        Field(
            name="basis",
            type=FieldType.TEXT,
            title=Text(zh="基数", en="Base"),
            description=Text(
                zh="预留比例的基数：该年度下达到市统筹账户、扣除冲正与核减后的总量。",
                en="What the percentage is of: all that was allocated to the city-coordinated "
                "accounts for the year, less what was reversed or deducted.",
            ),
            codes=QUOTA_BASIS,
        ),
        Field(
            name="percentage",
            type=FieldType.DECIMAL,
            digits=(5, 2),
            title=Text(zh="比例", en="Percentage"),
            unit=PER_CENT,
            minimum=Decimal(0),
            maximum=Decimal(100),
            aliases=("比例",),
        ),
        Field(
            name="carry_over_allowed",
            type=FieldType.BOOLEAN,
            title=Text(zh="可结转", en="Carry-over allowed"),
        ),
        Field(
            name="carry_over_years",
            type=FieldType.INTEGER,
            title=Text(zh="可结转年数", en="Years of carry-over"),
            description=Text(
                zh="指标最多可连续结转的年数；未填为 1 年。",
                en="For how many years in a row a quota may be carried over; 1 if not given.",
            ),
            minimum=Decimal(1),
            maximum=Decimal(10),
        ),
        Field(
            name="cut_off_on",
            type=FieldType.DATE,
            title=Text(zh="截止日期", en="Cut-off date"),
            description=Text(
                zh="自该日起尚未使用的指标适用本规则；按本规则记账不得早于该日。",
                en="What is unused on this day falls under the rule; nothing is booked by the rule "
                "before it.",
            ),
        ),
        DOCUMENT_NO,
        NOTE,
    ),
)

quota_accounts = Collection(
    id="quota_accounts",
    title=Text(zh="指标账户", en="Quota accounts"),
    description=Text(
        zh="台账的账户：层级、指标类型、年度、用途与状态。余额见 /ledger/balances。",
        en="The accounts of the ledger: level, kind of quota, year, purpose and state. Balances are "
        "at /ledger/balances.",
    ),
    subject=_SUBJECT,
    key=("account_no",),
    label="name",
    rules=(
        Given((("level", ("superior",)),), "state", "source"),
        Given((("state", ("source",)),), "level", "superior"),
        Given((("state", ("source",)),), "overdraft_allowed", True),
        Given((("level", ("city_coordinated", "special_pool")),), "state", "available"),
        Given((("level", ("town",)),), "town_code"),
        Fixed(
            (
                *("level", "quota_kind", "year", "purpose", "state"),
                *("town_code", "overdraft_allowed"),
            )
        ),
    ),
    source=_SOURCE,
    # No `town`: whoever may write in one town only must not open accounts, which may be overdrawn.
    fields=(
        Field(
            name="account_no",
            type=FieldType.TEXT,
            title=Text(zh="账户编号", en="Account number"),
            nullable=False,
            max_length=60,
            aliases=("账户编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("名称", "账户名称"),
        ),
        Field(
            name="level",
            type=FieldType.TEXT,
            title=Text(zh="层级", en="Level"),
            nullable=False,
            codes=QUOTA_LEVEL,
            aliases=("层级",),
        ),
        _QUOTA_KIND,
        _YEAR,
        Field(
            name="purpose",
            type=FieldType.TEXT,
            title=Text(zh="用途", en="Purpose"),
            nullable=False,
            default="general",
            codes=QUOTA_PURPOSE,
            aliases=("用途",),
        ),
        Field(
            name="state",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=QUOTA_STATE,
            aliases=("状态",),
        ),
        TOWN_CODE,
        Field(
            name="overdraft_allowed",
            type=FieldType.BOOLEAN,
            title=Text(zh="可透支", en="Overdraft allowed"),
            description=Text(
                zh="余额可为负；来源账户必须可透支，因为指标由此下达。",
                en="The balance may be below zero; that of a source must, because quota comes from it.",
            ),
            nullable=False,
            default=False,
        ),
        NOTE,
    ),
)

quota_parcels = Collection(
    id="quota_parcels",
    title=Text(zh="占用指标地块", en="Parcels that use quota"),
    description=Text(
        zh="占用或使用指标的地块。同一平方米在同一类指标中只能使用一次；已使用指标的地块边界不得随意修改。",
        en="The parcels for which quota is held or used. No square metre is charged twice to one kind "
        "of quota; the boundary of a charged parcel is guarded.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    subject=_SUBJECT,
    style=Style(symbol=Symbol(fill=BLUE)),
    key=("parcel_no",),
    label="parcel_no",
    town="town_code",
    period=Period("registered_on", "withdrawn_on", open_start=True),
    rules=(InOrder("registered_on", "withdrawn_on"),),
    source=_SOURCE,
    fields=(
        Field(
            name="parcel_no",
            type=FieldType.TEXT,
            title=Text(zh="地块编号", en="Parcel number"),
            nullable=False,
            max_length=60,
            aliases=("地块编号",),
        ),
        Field(
            name="project_name",
            type=FieldType.TEXT,
            title=Text(zh="项目名称", en="Project"),
            max_length=200,
            aliases=("项目名称",),
        ),
        Field(
            name="is_rural_revitalization",
            type=FieldType.BOOLEAN,
            title=Text(zh="乡村振兴项目", en="Rural revitalization"),
            nullable=False,
            default=False,
            aliases=("是否乡村振兴",),
        ),
        TOWN_CODE,
        VILLAGE_CODE,
        Field(
            name="approval_no",
            type=FieldType.TEXT,
            title=Text(zh="批准文号", en="Approval"),
            max_length=200,
            aliases=("批准文号",),
        ),
        Field(
            name="registered_on",
            type=FieldType.DATE,
            title=Text(zh="登记日期", en="Registered on"),
            aliases=("登记日期",),
        ),
        Field(
            name="withdrawn_on",
            type=FieldType.DATE,
            title=Text(zh="撤销日期", en="Withdrawn on"),
            aliases=("撤销日期",),
        ),
        *AREAS,
    ),
)

quota_entries = Collection(
    id="quota_entries",
    title=Text(zh="指标台账分录", en="Entries of the quota ledger"),
    description=Text(
        zh="指标台账：每条分录把一定面积从一个账户记到另一个账户。只增不改，错误以冲正分录更正。",
        en="The ledger of quotas: each entry moves an area from one account to another. Entries are "
        "only ever added; a mistake is corrected by an entry that reverses it.",
    ),
    subject=_SUBJECT,
    key=("entry_no",),
    town="town_code",
    period=Period("booked_on"),
    editable=False,
    # The second serves to find the entries of a posting.
    rules=(Unique(("reverses",)), Unique(("posting", "entry_no"))),
    source=_SOURCE,
    fields=(
        Field(
            name="entry_no",
            type=FieldType.LONG,
            title=Text(zh="分录号", en="Entry number"),
            description=Text(
                zh="按记账次序递增，由台账给出。",
                en="Given by the ledger; it grows in the order of posting.",
            ),
            nullable=False,
        ),
        Field(
            name="posting",
            type=FieldType.UUID,
            title=Text(zh="记账凭证", en="Posting"),
            description=Text(
                zh="同一次记账的分录属于同一凭证，一起写入或一起不写入。",
                en="The entries that were posted together: all of them or none.",
            ),
            nullable=False,
        ),
        Field(
            name="entry_type",
            type=FieldType.TEXT,
            title=Text(zh="分录类型", en="Type"),
            nullable=False,
            codes=QUOTA_ENTRY_TYPE,
            aliases=("分录类型", "类型"),
        ),
        Field(
            name="from_account",
            type=FieldType.UUID,
            title=Text(zh="转出账户", en="From account"),
            nullable=False,
            refers_to=Reference("quota_accounts"),
            aliases=("转出账户",),
        ),
        Field(
            name="to_account",
            type=FieldType.UUID,
            title=Text(zh="转入账户", en="To account"),
            nullable=False,
            refers_to=Reference("quota_accounts"),
            aliases=("转入账户",),
        ),
        Field(
            name="amount_m2",
            type=FieldType.DECIMAL,
            digits=(14, 2),
            title=Text(zh="面积", en="Area"),
            unit=SQUARE_METRE,
            nullable=False,
            minimum=Decimal("0.01"),
            aliases=("面积", "面积（平方米）"),
        ),
        Field(
            name="booked_on",
            type=FieldType.DATE,
            title=Text(zh="记账日期", en="Booked on"),
            nullable=False,
            aliases=("记账日期", "日期"),
        ),
        Field(
            name="quota_parcel",
            type=FieldType.UUID,
            title=Text(zh="地块", en="Parcel"),
            refers_to=Reference("quota_parcels"),
            aliases=("地块编号", "地块"),
        ),
        Field(
            name="quota_rule",
            type=FieldType.UUID,
            title=Text(zh="规则", en="Rule"),
            refers_to=Reference("quota_rules"),
            aliases=("规则编号", "规则"),
        ),
        DOCUMENT_NO,
        Field(
            name="approval_no",
            type=FieldType.TEXT,
            title=Text(zh="批准文号", en="Approval"),
            max_length=200,
            aliases=("批准文号",),
        ),
        Field(
            name="expires_on",
            type=FieldType.DATE,
            title=Text(zh="占用到期日", en="Held until"),
            aliases=("到期日",),
        ),
        Field(
            name="reverses",
            type=FieldType.UUID,
            title=Text(zh="被冲正的分录", en="Reversed entry"),
            refers_to=Reference("quota_entries"),
            aliases=("冲正分录",),
        ),
        TOWN_CODE,
        NOTE,
    ),
)
