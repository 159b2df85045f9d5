"""Every mistake that a user can be told of: one class for one mistake, in both languages.

Knows neither HTTP nor OGC: `doors.http.problems` maps classes to statuses and codes, the command
line maps them to exit codes. The tree, by what the caller can do about it:

    GeoserviceError
    ├── BadRequest          the request itself is wrong: change it
    │   ├── BadParameter        a value that cannot be honoured
    │   │   ├── UnknownParameter, RepeatedParameter, UnknownProperty, UnknownCrs, RefusedCrs, MissingCrs
    │   │   ├── BadBbox, BadDatetime, BadCursor, BadSort, BadGeometry, OutOfRange, UnknownFormat, UnknownTown
    │   │   ├── VersionNegotiationFailed, UnsupportedOperation, UnsupportedOption, NotComparable
    │   │   └── BadFilter       the filter; with the position where it is known
    │   ├── Malformed           a body that is not what its media type says
    │   └── SeveralKeys         a request with more than one key
    ├── NotFound            UnknownCollection, UnknownFeature, DeletedFeature, UnknownVersion, UnknownChange,
    │                       UnknownQuestion, UnknownAnswer, UnknownImport, UnknownJob,
    │                       UnknownUser, UnknownKey, UnknownAccount, UnknownEntry, UnknownPosting
    ├── NotAcceptable       no representation that the caller accepts
    ├── MethodNotAllowed    the resource has no such method
    ├── UnsupportedMediaType  a body in a form that is not read here
    ├── Unauthenticated     KeyNeeded, WrongKey
    ├── TooManyAttempts     too many wrong keys from one address
    ├── Forbidden           the caller may not do this: RoleNeeded, AllTownsNeeded, NotOwnAnswer, ForeignPage
    ├── TooLarge            a limit by name, its value and what was sent: UrlTooLong
    ├── Rejected            the data breaks rules: RejectedFeature, UnknownFeatureType, RejectedFile,
    │                       UnreadableFile, KeyReused, LedgerRule, ChargedArea
    ├── Conflict            the store is in another state
    │   ├── AlreadyExists, ChangedMeanwhile, ConditionRequired, RequestInProgress, UserDisabled,
    │   │   QuestionChanged
    │   ├── Overdraft, NotHeld, DoubleCharge, OverlappingCharge, ReservationShort, AlreadyReversed,
    │   │   AppendOnly
    │   └── FeatureInUse, FeatureLocked, FeatureNotLocked, UnknownLock, LockExpired, CannotLock,
    │       JobNotFinished
    └── Unavailable         try again later: DatabaseUnavailable, Busy, TooManyJobs, TooSlow, JobDied,
                            SetupFailed
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

_SHOWN_VALUE_CHARACTERS = 200


class GeoserviceError(Exception):
    """A mistake, with its parts by name.

    `code` identifies the mistake for programs and never changes; `title` names it; `message` is
    filled with the keyword arguments of the constructor. Values are shortened when shown, lists
    are shown comma separated.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[Text] = Text(zh="出错", en="Error")
    message: ClassVar[Text] = Text(zh="{detail}", en="{detail}")

    def __init__(self, **parts: object) -> None:
        self.parts: Mapping[str, object] = parts
        super().__init__(self.text(DEFAULT_LANGUAGE))

    def text(self, language: Language) -> str:
        """What went wrong and what is allowed, in one language."""
        shown = {name: _shown(part, language) for name, part in self.parts.items()}
        words = self.message.spoken(language).format_map(shown)
        if "operation" not in shown:
            return words
        colon = Text(zh="：", en=": ").spoken(language)
        return f"{shown['operation']}{colon}{words}"

    def in_operation(self, operation: "str | Text") -> Self:
        """The same mistake, with the name of the one of several operations in which it is."""
        return type(self)(**{**self.parts, "operation": operation})

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


def _shown(part: object, language: Language) -> str:
    if isinstance(part, Text):
        return part.spoken(language)
    if isinstance(part, str):
        cut = part[:_SHOWN_VALUE_CHARACTERS]
        return cut if cut == part else cut + "…"
    if isinstance(part, Iterable) and not isinstance(part, Mapping):
        return ", ".join(_shown(each, language) for each in part)
    return str(part)


class BadRequest(GeoserviceError):
    """The request itself is wrong."""


class BadParameter(BadRequest):
    """A parameter whose value cannot be honoured."""

    code = "bad-parameter"
    title = Text(zh="参数值无效", en="Invalid parameter value")
    message = Text(
        zh="参数 {name} 的值“{value}”无效；允许：{allowed}。",
        en="Parameter {name} cannot be “{value}”; allowed: {allowed}.",
    )


class OutOfRange(BadParameter):
    """A number outside its bounds."""

    code = "out-of-range"
    title = Text(zh="参数超出范围", en="Parameter out of range")
    message = Text(
        zh="参数 {name} 的值“{value}”超出范围；允许：{minimum} 至 {maximum} {unit}。",
        en="Parameter {name} is {value}; allowed: {minimum} to {maximum} {unit}.",
    )


class UnknownParameter(BadParameter):
    """A parameter that this resource does not have."""

    code = "unknown-parameter"
    title = Text(zh="未知参数", en="Unknown parameter")
    message = Text(
        zh="没有名为“{name}”的参数；可用：{allowed}。",
        en="There is no parameter “{name}”; allowed: {allowed}.",
    )


class RepeatedParameter(BadParameter):
    """A parameter given more than once."""

    code = "repeated-parameter"
    title = Text(zh="参数重复", en="Repeated parameter")
    message = Text(zh="参数 {name} 只能给出一次。", en="Parameter {name} may be given only once.")


class MissingParameter(BadParameter):
    """A parameter without a default that was not given."""

    code = "missing-parameter"
    title = Text(zh="缺少参数", en="Missing parameter")
    message = Text(
        zh="缺少参数 {name}；允许：{allowed}。",
        en="Parameter {name} is required; allowed: {allowed}.",
    )


class UnknownProperty(BadParameter):
    """A field that the collection does not have, or does not show."""

    code = "unknown-property"
    title = Text(zh="未知字段", en="Unknown property")
    message = Text(
        zh="{collection} 没有字段“{value}”；可用：{allowed}。",
        en="{collection} has no property “{value}”; allowed: {allowed}.",
    )


class UnknownCrs(BadParameter):
    """A coordinate reference system that is not offered here."""

    code = "unknown-crs"
    title = Text(zh="未知坐标系", en="Unknown coordinate reference system")
    message = Text(
        zh="{name}：坐标系“{value}”不可用；允许：{allowed}。",
        en="{name}: coordinate reference system “{value}” is not offered; allowed: {allowed}.",
    )


class RefusedCrs(BadParameter):
    """A coordinate reference system whose transformation cannot be trusted."""

    code = "refused-crs"
    title = Text(zh="拒绝的坐标系", en="Refused coordinate reference system")
    message = Text(zh="不接受坐标系 {value}：{reason}", en="{value} is refused: {reason}")


class MissingCrs(BadParameter):
    """A file that does not say in which coordinate reference system its coordinates are."""

    code = "missing-crs"
    title = Text(zh="缺少坐标系", en="Missing coordinate reference system")
    message = Text(
        zh="{file} 未说明坐标系；请用 crs 指定，例如 crs=EPSG:4490、crs=4547、crs=gcj02。",
        en="{file} does not say in which CRS its coordinates are; pass it, such as crs=EPSG:4490, "
        "crs=4547 or crs=gcj02.",
    )


class UnknownTown(BadParameter):
    """A code that no town has."""

    code = "unknown-town"
    title = Text(zh="未知镇街代码", en="Unknown town")
    message = Text(
        zh="没有代码为“{value}”的镇街；可用：{allowed}。",
        en="No town has the code “{value}”; available: {allowed}.",
    )


class BadBbox(BadParameter):
    """A bounding box that is not four or six finite numbers in order."""

    code = "bad-bbox"
    title = Text(zh="范围框无效", en="Invalid bounding box")
    message = Text(
        zh="bbox“{value}”无效：{reason}。允许：minx,miny,maxx,maxy（按 bbox-crs 的轴序）。",
        en="bbox “{value}” is invalid: {reason}. Allowed: minx,miny,maxx,maxy in the axis order of bbox-crs.",
    )


class BadDatetime(BadParameter):
    """A date, instant or interval that RFC 3339 does not allow."""

    code = "bad-datetime"
    title = Text(zh="时间无效", en="Invalid date or time")
    message = Text(
        zh="{name} 的值“{value}”无效；允许：2021-06-25、2021-06-25T00:00:00Z、开始/结束、../结束、开始/..。",
        en="{name} “{value}” is invalid; allowed: 2021-06-25, 2021-06-25T00:00:00Z, start/end, ../end, start/..",
    )


class BadCursor(BadParameter):
    """A page token that this query did not issue."""

    code = "bad-cursor"
    title = Text(zh="翻页标记无效", en="Invalid page token")
    message = Text(
        zh="翻页标记不属于此查询；请从第一页重新开始。",
        en="This page token does not belong to this query; start again from the first page.",
    )


class BadSort(BadParameter):
    """A sort order that cannot be honoured."""

    code = "bad-sort"
    title = Text(zh="排序无效", en="Invalid sort order")
    message = Text(
        zh="无法按“{value}”排序；可用：{allowed}。",
        en="Cannot sort by “{value}”; allowed: {allowed}.",
    )


class BadGeometry(BadParameter):
    """A geometry that cannot be read, is not finite, not valid, or too complex."""

    code = "bad-geometry"
    title = Text(zh="几何无效", en="Invalid geometry")
    message = Text(
        zh="{name} 中的几何无效：{reason}", en="The geometry in {name} is invalid: {reason}"
    )


class UnknownFormat(BadParameter):
    """A format that is not offered for this resource."""

    code = "unknown-format"
    title = Text(zh="未知格式", en="Unknown format")
    message = Text(
        zh="此资源没有格式“{value}”；可用：{allowed}。",
        en="There is no format “{value}” here; allowed: {allowed}.",
    )


class BadFilter(BadParameter):
    """A filter that is not CQL2, or asks what this collection cannot answer."""

    code = "bad-filter"
    title = Text(zh="筛选条件无效", en="Invalid filter")
    message = Text(zh="筛选条件无效：{reason}", en="The filter is invalid: {reason}")


class FilterTooComplex(BadFilter):
    """A filter beyond one of its limits."""

    code = "filter-too-complex"
    title = Text(zh="筛选条件过于复杂", en="Filter too complex")
    message = Text(
        zh="筛选条件的 {limit_name} 为 {actual}，上限 {limit}。",
        en="{limit_name} of the filter is {actual}; the limit is {limit}.",
    )


class UnknownFunction(BadFilter):
    """A function that filters may not call."""

    code = "unknown-function"
    title = Text(zh="未知函数", en="Unknown function")
    message = Text(
        zh="没有函数“{value}”；可用：{allowed}。",
        en="There is no function “{value}”; allowed: {allowed}.",
    )


class NotComparable(BadParameter):
    """Two saved answers that have no rows in common by which they could be compared."""

    code = "not-comparable"
    title = Text(zh="无法比较", en="Not comparable")
    message = Text(
        zh="{name}（{question}）与 {other}（{other_question}）无法比较：{reason}。",
        en="{name} ({question}) and {other} ({other_question}) cannot be compared: {reason}.",
    )


class VersionNegotiationFailed(BadParameter):
    """A version of a protocol that is not spoken here."""

    code = "version-negotiation-failed"
    title = Text(zh="不支持的版本", en="Version not supported")
    message = Text(
        zh="{name} 的版本“{value}”不受支持；可用：{allowed}。",
        en="Version “{value}” in {name} is not supported; allowed: {allowed}.",
    )


class UnsupportedOperation(BadParameter):
    """An operation that the service does not have."""

    code = "unsupported-operation"
    title = Text(zh="不支持的操作", en="Operation not supported")
    message = Text(
        zh="没有操作“{value}”；可用：{allowed}。",
        en="There is no operation “{value}”; allowed: {allowed}.",
    )


class UnsupportedOption(BadParameter):
    """An option of a standard that the service does not offer."""

    code = "unsupported-option"
    title = Text(zh="不支持的选项", en="Option not supported")


class BadFeatureId(BadFilter):
    """A feature id that this collection cannot have given."""

    code = "bad-feature-id"
    title = Text(zh="要素编号无效", en="Invalid feature id")
    message = Text(
        zh="“{value}”不是 {collection} 的要素编号；形如 {allowed}。",
        en="“{value}” is not the id of a feature of {collection}; they look like {allowed}.",
    )


class Malformed(BadRequest):
    """A body or query string that cannot be read at all."""

    code = "malformed"
    title = Text(zh="内容无法解析", en="Malformed content")
    message = Text(zh="无法解析 {name}：{reason}", en="{name} cannot be read: {reason}")


class SeveralKeys(BadRequest):
    """A request with more than one key."""

    code = "several-keys"
    title = Text(zh="给出了多个密钥", en="Several keys")
    message = Text(
        zh="请求在 {places} 中给出了不同的密钥；只能给出一个。",
        en="The request gives different keys by {places}; give one.",
    )


class NotFound(GeoserviceError):
    """The thing asked for does not exist."""

    code = "not-found"
    title = Text(zh="不存在", en="Not found")
    message = Text(zh="{value} 不存在。", en="{value} does not exist.")


class UnknownCollection(NotFound):
    """No collection has this id."""

    code = "unknown-collection"
    title = Text(zh="未知图层", en="Unknown collection")
    message = Text(
        zh="没有图层“{value}”；可用：{allowed}。",
        en="There is no collection “{value}”; available: {allowed}.",
    )


class UnknownFeature(NotFound):
    """The collection has no feature with this id."""

    code = "unknown-feature"
    title = Text(zh="未知要素", en="Unknown feature")
    message = Text(
        zh="{collection} 中没有要素“{value}”。", en="{collection} has no feature “{value}”."
    )


class DeletedFeature(NotFound):
    """The feature was there and is deleted; its history stays."""

    code = "deleted-feature"
    title = Text(zh="要素已删除", en="Feature deleted")
    message = Text(
        zh="{collection} 的要素 {value} 已于 {deleted_at} 删除；其历史版本仍可查阅。",
        en="Feature {value} of {collection} was deleted at {deleted_at}; its versions can still be read.",
    )


class UnknownChange(NotFound):
    """No change has this number."""

    code = "unknown-change"
    title = Text(zh="未知变更", en="Unknown change")
    message = Text(zh="没有变更“{value}”。", en="There is no change “{value}”.")


class UnknownVersion(NotFound):
    """A feature has no version with this number."""

    code = "unknown-version"
    title = Text(zh="未知版本", en="Unknown version")
    message = Text(
        zh="{collection} 的要素 {value} 没有第 {version} 版。",
        en="Feature {value} of {collection} has no version {version}.",
    )


class UnknownQuestion(NotFound):
    """No question has this id."""

    code = "unknown-question"
    title = Text(zh="未知问题", en="Unknown question")
    message = Text(
        zh="没有问题“{value}”；可用：{allowed}。",
        en="There is no question “{value}”; available: {allowed}.",
    )


class UnknownAnswer(NotFound):
    """No answer is saved under this name."""

    code = "unknown-answer"
    title = Text(zh="未知的已存回答", en="Unknown saved answer")
    message = Text(
        zh="没有名为“{value}”的已存回答；可用：{allowed}。",
        en="No answer is saved as “{value}”; there are: {allowed}.",
    )


class UnknownImport(NotFound):
    """No import has this id."""

    code = "unknown-import"
    title = Text(zh="未知导入任务", en="Unknown import")
    message = Text(zh="没有导入任务“{value}”。", en="There is no import “{value}”.")


class UnknownJob(NotFound):
    """A job that does not exist, has expired, or is nothing for the caller."""

    code = "unknown-job"
    title = Text(zh="未知任务", en="Unknown job")
    message = Text(
        zh="没有任务“{value}”，或其结果已过期。",
        en="There is no job “{value}”, or its result has expired.",
    )


class UnknownAccount(NotFound):
    """No quota account has this number."""

    code = "unknown-account"
    title = Text(zh="未知指标账户", en="Unknown quota account")
    message = Text(zh="没有指标账户“{value}”。", en="There is no quota account “{value}”.")


class UnknownEntry(NotFound):
    """The ledger has no entry with this number."""

    code = "unknown-entry"
    title = Text(zh="未知分录", en="Unknown entry")
    message = Text(zh="台账没有分录“{value}”。", en="The ledger has no entry “{value}”.")


class UnknownPosting(NotFound):
    """The ledger has no posting with this id."""

    code = "unknown-posting"
    title = Text(zh="未知记账凭证", en="Unknown posting")
    message = Text(zh="台账没有凭证“{value}”。", en="The ledger has no posting “{value}”.")


class UnknownStyle(NotFound):
    """The collection has no style of this name."""

    code = "unknown-style"
    title = Text(zh="未知样式", en="Unknown style")
    message = Text(
        zh="没有样式“{value}”。可用：{allowed}。",
        en="There is no style “{value}”. There are: {allowed}.",
    )


class UnknownTileMatrixSet(NotFound):
    """Tiles are not cut by this tile matrix set."""

    code = "unknown-tile-matrix-set"
    title = Text(zh="未知切片矩阵集", en="Unknown tile matrix set")
    message = Text(
        zh="没有切片矩阵集“{value}”。可用：{allowed}。",
        en="There is no tile matrix set “{value}”. There are: {allowed}.",
    )


class UnknownTile(NotFound):
    """The tile matrix set has no such tile."""

    code = "unknown-tile"
    title = Text(zh="切片不存在", en="No such tile")
    message = Text(
        zh="{name} 的值“{value}”不在切片矩阵集内；范围：{allowed}。",
        en="{name} “{value}” is not in the tile matrix set; there are {allowed}.",
    )


class NoTiles(NotFound):
    """A collection without geometry has no tiles."""

    code = "no-tiles"
    title = Text(zh="图层没有切片", en="The collection has no tiles")
    message = Text(
        zh="图层 {collection} 没有几何，因此没有切片。",
        en="Collection {collection} has no geometry and therefore no tiles.",
    )


class UnknownUser(NotFound):
    """No user has this name."""

    code = "unknown-user"
    title = Text(zh="未知用户", en="Unknown user")
    message = Text(zh="没有用户“{value}”。", en="There is no user “{value}”.")


class UnknownKey(NotFound):
    """No key has this id."""

    code = "unknown-key"
    title = Text(zh="未知密钥编号", en="Unknown key")
    message = Text(zh="没有编号为“{value}”的密钥。", en="There is no key with the id “{value}”.")


class NotAcceptable(GeoserviceError):
    """No representation that the caller accepts."""

    code = "not-acceptable"
    title = Text(zh="无可接受的格式", en="Not acceptable")
    message = Text(
        zh="Accept“{value}”无法满足；可用：{allowed}。",
        en="Accept “{value}” cannot be met; available: {allowed}.",
    )


class MethodNotAllowed(GeoserviceError):
    """The resource exists, the method does not."""

    code = "method-not-allowed"
    title = Text(zh="方法不允许", en="Method not allowed")
    message = Text(
        zh="此资源不支持 {value}；可用：{allowed}。",
        en="{value} is not possible here; allowed: {allowed}.",
    )


class Forbidden(GeoserviceError):
    """The caller may not do this."""

    code = "forbidden"
    title = Text(zh="不允许", en="Forbidden")
    message = Text(zh="{reason}", en="{reason}")


class RoleNeeded(Forbidden):
    """Something that only a higher role may do."""

    code = "role-needed"
    title = Text(zh="权限不足", en="Role needed")
    message = Text(
        zh="此操作至少需要{role}权限；当前密钥的权限是：{own}。",
        en="This needs the role {role} at least; your key has the role {own}.",
    )


class AllTownsNeeded(Forbidden):
    """Something that an editor of some towns may not do, because it reaches all of them."""

    code = "all-towns-needed"
    title = Text(zh="须有全部镇街的权限", en="All towns needed")
    message = Text(
        zh="此操作涉及全部镇街；当前密钥只限：{towns}。",
        en="This reaches every town; your key is only for {towns}.",
    )


class NotOwnAnswer(Forbidden):
    """A saved answer that only whoever saved it, or an administrator, may change."""

    code = "not-own-answer"
    title = Text(zh="不是本人保存的回答", en="Saved by somebody else")
    message = Text(
        zh="回答“{value}”由他人保存；只有保存者或管理员可以刷新、替换或删除。",
        en="The answer “{value}” was saved by somebody else; only they or an administrator may refresh, "
        "replace or remove it.",
    )


class ForeignPage(Forbidden):
    """A change that a page of another site made a browser send."""

    code = "foreign-page"
    title = Text(zh="跨站请求被拒绝", en="Request of another site")
    message = Text(
        zh="不接受其他网站的页面（{value}）发来的修改请求。",
        en="A page of another site ({value}) may not change anything here.",
    )


class Unauthenticated(GeoserviceError):
    """A key is needed, or the one given is not valid."""

    code = "unauthenticated"
    title = Text(zh="需要密钥", en="A key is needed")
    message = Text(zh="{reason}", en="{reason}")


class KeyNeeded(Unauthenticated):
    """Something that nobody may do without a key."""

    code = "key-needed"
    title = Text(zh="需要密钥", en="A key is needed")
    message = Text(
        zh="此操作需要密钥，权限至少为{role}；可用 Authorization、X-API-Key 或参数 apikey 给出。",
        en="This needs a key with the role {role} at least; give it by Authorization, X-API-Key or "
        "the parameter apikey.",
    )


class WrongKey(Unauthenticated):
    """A key that is malformed, unknown, expired or revoked, or whose user is disabled."""

    code = "wrong-key"
    title = Text(zh="密钥无效", en="Wrong key")
    message = Text(
        zh="密钥无效：不存在、已过期、已撤销，或其用户已停用。",
        en="The key is not valid: it is unknown, expired or revoked, or its user is disabled.",
    )


class TooManyAttempts(GeoserviceError):
    """Too many wrong keys from one address."""

    code = "too-many-attempts"
    title = Text(zh="错误密钥过多", en="Too many wrong keys")
    message = Text(
        zh="此地址给出的错误密钥过多；请在 {retry_after_s} 秒后再试。",
        en="Too many wrong keys came from this address; try again in {retry_after_s} s.",
    )


class UnsupportedMediaType(GeoserviceError):
    """A body in a form that is not read here."""

    code = "unsupported-media-type"
    title = Text(zh="不支持的内容类型", en="Unsupported media type")
    message = Text(
        zh="不支持内容类型“{value}”；可用：{allowed}。",
        en="A body of type “{value}” is not read here; allowed: {allowed}.",
    )


class TooLarge(GeoserviceError):
    """More than a limit allows."""

    code = "too-large"
    title = Text(zh="超出上限", en="Too large")
    message = Text(
        zh="{limit_name} 为 {actual}，上限 {limit}。",
        en="{limit_name} is {actual}; the limit is {limit}.",
    )


class UrlTooLong(TooLarge):
    """A request line beyond the limit."""

    code = "url-too-long"
    title = Text(zh="网址过长", en="URL too long")


class Rejected(GeoserviceError):
    """The data breaks rules of the register."""

    code = "rejected"
    title = Text(zh="数据不符合规则", en="Data rejected")
    message = Text(zh="{reason}", en="{reason}")


class RejectedFeature(Rejected):
    """One feature breaks a rule."""

    code = "rejected-feature"
    title = Text(zh="要素不符合规则", en="Feature rejected")
    message = Text(
        zh="{collection}：字段 {field} 的值“{value}”不符合规则：{reason}",
        en="{collection}: field {field} with value “{value}” breaks a rule: {reason}",
    )


class UnknownFeatureType(Rejected):
    """A new feature of a type that does not exist."""

    code = "unknown-feature-type"
    title = Text(zh="未知要素类型", en="Unknown feature type")
    message = Text(
        zh="没有要素类型“{value}”；命名空间 {namespace} 中有：{allowed}。",
        en="There is no feature type “{value}”; in the namespace {namespace} there are: {allowed}.",
    )


class RejectedFile(Rejected):
    """A file with rows that break rules; nothing was stored."""

    code = "rejected-file"
    title = Text(zh="文件未通过检查", en="File rejected")
    message = Text(
        zh="{file}：{rejected} 行未通过检查，未写入任何数据（{summary}）。",
        en="{file}: {rejected} rows were rejected and nothing was stored ({summary}).",
    )


class UnreadableFile(Rejected):
    """A file that cannot be read as any allowed format."""

    code = "unreadable-file"
    title = Text(zh="文件无法读取", en="Unreadable file")
    message = Text(zh="无法读取 {file}：{reason}", en="{file} cannot be read: {reason}")


class LedgerRule(Rejected):
    """An entry of the quota ledger, or one of its accounts, that breaks a rule of the ledger."""

    code = "ledger-rule"
    title = Text(zh="不符合台账规则", en="Against the rules of the ledger")
    message = Text(zh="{entry_type}：{reason}", en="{entry_type}: {reason}")


class ChargedArea(Rejected):
    """A parcel that would be charged with another area than it measures."""

    code = "charged-area"
    title = Text(zh="记账面积与实测面积不符", en="Charged area is not the measured one")
    message = Text(
        zh="地块 {parcel} 记账 {charged_m2} m²，实测 {measured_m2} m²；允许相差 {tolerance_m2} m²。",
        en="Parcel {parcel} would be charged {charged_m2} m² and measures {measured_m2} m²; "
        "they may differ by {tolerance_m2} m².",
    )


class KeyReused(Rejected):
    """An idempotency key that came with another request before."""

    code = "key-reused"
    title = Text(zh="幂等键已用于其他请求", en="Idempotency key reused")
    message = Text(
        zh="Idempotency-Key“{value}”已用于另一个请求；新的请求须用新的键。",
        en="Idempotency-Key “{value}” came with another request before; a new request needs a new key.",
    )


class Conflict(GeoserviceError):
    """The store is in another state than the request needs."""

    code = "conflict"
    title = Text(zh="冲突", en="Conflict")
    message = Text(zh="{reason}", en="{reason}")


class AlreadyExists(Conflict):
    """The id is taken."""

    code = "already-exists"
    title = Text(zh="已存在", en="Already exists")
    message = Text(zh="“{value}”已存在。", en="“{value}” exists already.")


class QuestionChanged(Conflict):
    """A saved answer whose question has other columns by now."""

    code = "question-changed"
    title = Text(zh="问题的列已改变", en="The question has changed")
    message = Text(
        zh="问题 {question} 现在的列与已存回答“{value}”不同，不能刷新；请以同名重新保存（replace=true）。",
        en="The question {question} has other columns now than the saved answer “{value}”, which cannot be "
        "refreshed; save it anew under the same name (replace=true).",
    )


class Overdraft(Conflict):
    """A quota account that does not have what is to be taken from it."""

    code = "overdraft"
    title = Text(zh="指标余额不足", en="Quota overdrawn")
    message = Text(
        zh="账户 {account} 在 {day} 日终可用 {available_m2} m²，不足 {asked_m2} m²。",
        en="Account {account} has {available_m2} m² at the end of {day}, and {asked_m2} m² are asked for.",
    )


class NotHeld(Conflict):
    """A parcel for which less quota is held than is to be used or released."""

    code = "not-held"
    title = Text(zh="占用的指标不足", en="Not held")
    message = Text(
        zh="账户 {account} 在 {day} 日终为地块 {parcel} 占用 {held_m2} m²，不足 {asked_m2} m²。",
        en="Account {account} holds {held_m2} m² for parcel {parcel} at the end of {day}, and "
        "{asked_m2} m² are asked for.",
    )


class DoubleCharge(Conflict):
    """A parcel that is charged to this kind of quota already."""

    code = "double-charge"
    title = Text(zh="地块重复使用指标", en="Parcel charged twice")
    message = Text(
        zh="地块 {parcel} 已使用 {year} 年度 {quota_kind} {charged_m2} m²（凭证 {posting}）。",
        en="Parcel {parcel} is charged with {charged_m2} m² of {quota_kind} of {year} already "
        "(posting {posting}).",
    )


class OverlappingCharge(Conflict):
    """A parcel that overlaps another which is charged to this kind of quota already."""

    code = "overlapping-charge"
    title = Text(zh="同一土地重复使用指标", en="Land charged twice")
    message = Text(
        zh="地块 {parcel} 与已使用 {quota_kind} 的地块 {other} 重叠 {overlap_m2} m²。",
        en="Parcel {parcel} overlaps parcel {other}, which is charged to {quota_kind}, by "
        "{overlap_m2} m².",
    )


class ReservationShort(Conflict):
    """Quota that must stay with the city until it is reserved."""

    code = "reservation-short"
    title = Text(zh="预留指标不足", en="Reservation short")
    message = Text(
        zh="按规则 {rule}，{day} 应预留 {required_m2} m²，已预留 {reserved_m2} m²，尚缺 {shortfall_m2} m²；"
        "账户 {account} 至多可转出 {available_m2} m²，不足 {asked_m2} m²。",
        en="By rule {rule}, {required_m2} m² must be reserved on {day} and {reserved_m2} m² are, so that "
        "{shortfall_m2} m² are missing; {account} can give {available_m2} m², and {asked_m2} m² are asked for.",
    )


class AlreadyReversed(Conflict):
    """An entry of the ledger that is reversed already."""

    code = "already-reversed"
    title = Text(zh="分录已冲正", en="Already reversed")
    message = Text(
        zh="分录 {entry_no} 已由分录 {by} 冲正。", en="Entry {entry_no} is reversed by entry {by}."
    )


class AppendOnly(Conflict):
    """A change to what is posted, which only another entry can correct."""

    code = "append-only"
    title = Text(zh="台账只增不改", en="The ledger is append-only")
    message = Text(
        zh="台账分录不能修改或删除（{operation}）；请记冲正分录。",
        en="Entries of the ledger are never changed or deleted ({operation}); post a reversal.",
    )


class UserDisabled(Conflict):
    """A user who was disabled."""

    code = "user-disabled"
    title = Text(zh="用户已停用", en="User disabled")
    message = Text(zh="用户“{value}”已停用。", en="The user “{value}” is disabled.")


class ChangedMeanwhile(Conflict):
    """The feature is no longer the version that the caller had seen."""

    code = "changed-meanwhile"
    title = Text(zh="要素已被修改", en="Changed meanwhile")
    message = Text(
        zh="{collection} 的要素 {value} 现为第 {actual} 版，不是所给的 {expected}；请重新读取后再改。",
        en="Feature {value} of {collection} is at version {actual}, not {expected}; "
        "read it again before changing it.",
    )


class ConditionRequired(Conflict):
    """An edit that must say which version it changes, and does not."""

    code = "condition-required"
    title = Text(zh="须说明版本", en="Condition required")
    message = Text(
        zh="修改 {collection} 须用 If-Match 给出所见版本，或先锁定要素。",
        en="A change of {collection} must give the version seen with If-Match, or a lock on the feature.",
    )


class RequestInProgress(Conflict):
    """A request with the same idempotency key is being carried out."""

    code = "request-in-progress"
    title = Text(zh="相同请求正在处理", en="Request in progress")
    message = Text(
        zh="Idempotency-Key“{value}”的请求正在处理，请稍后再取结果。",
        en="A request with Idempotency-Key “{value}” is being carried out; ask again for its answer.",
    )


class FeatureLocked(Conflict):
    """A feature that somebody else has locked."""

    code = "feature-locked"
    title = Text(zh="要素已被锁定", en="Feature locked")
    message = Text(
        zh="{collection} 的要素 {value} 已被锁定，须给出该锁的 lockId。",
        en="Feature {value} of {collection} is locked; a change must give the lockId.",
    )


class FeatureNotLocked(Conflict):
    """A feature that is changed under a lock which does not hold it."""

    code = "feature-not-locked"
    title = Text(zh="要素未被该锁锁定", en="Feature not held by the lock")
    message = Text(
        zh="{collection} 的要素 {value} 不在所给的锁之内；凭锁修改只限于它锁定的要素。",
        en="Feature {value} of {collection} is not held by the lock that was given; "
        "under a lock, only what it holds may be changed.",
    )


class FeatureInUse(Conflict):
    """A feature that others refer to, and that is to be deleted."""

    code = "feature-in-use"
    title = Text(zh="要素仍被引用", en="Feature in use")
    message = Text(
        zh="{value} 仍被 {collection} 引用。", en="{value} is still used by {collection}."
    )


class UnknownLock(Conflict):
    """A lock that does not exist or belongs to somebody else."""

    code = "unknown-lock"
    title = Text(zh="未知的锁", en="Unknown lock")
    message = Text(zh="没有锁“{value}”。", en="There is no lock “{value}”.")


class LockExpired(Conflict):
    """A lock whose time is over."""

    code = "lock-expired"
    title = Text(zh="锁已过期", en="Lock expired")
    message = Text(zh="锁“{value}”已过期。", en="The lock “{value}” has expired.")


class CannotLock(Conflict):
    """Features that cannot all be locked."""

    code = "cannot-lock"
    title = Text(zh="无法全部锁定", en="Cannot lock all features")
    message = Text(zh="无法锁定：{reason}", en="They cannot be locked: {reason}")


class JobNotFinished(Conflict):
    """The result of a job that has none."""

    code = "job-not-finished"
    title = Text(zh="任务没有结果", en="No result of the job")
    message = Text(
        zh="任务“{value}”的状态是 {status}，没有结果。",
        en="The job “{value}” is {status}; there is no result.",
    )


class Unavailable(GeoserviceError):
    """A part that the service needs does not answer now."""

    code = "unavailable"
    title = Text(zh="暂时不可用", en="Unavailable")
    message = Text(zh="{reason}", en="{reason}")


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached."""

    code = "database-unavailable"
    title = Text(zh="数据库不可用", en="Database unavailable")
    message = Text(
        zh="数据库暂时无法访问：{reason}", en="The database cannot be reached now: {reason}"
    )


class Busy(Unavailable):
    """As many things of one kind are being made as may be made at once."""

    code = "busy"
    title = Text(zh="正忙", en="Busy")
    message = Text(
        zh="正在生成 {limit} 份 {what}，已达上限；请稍后再试。",
        en="{limit} {what}s are being made, the most at once; try again shortly.",
    )


class TooManyJobs(Unavailable):
    """As many jobs wait or run as may at once."""

    code = "too-many-jobs"
    title = Text(zh="任务过多", en="Too many jobs")
    message = Text(
        zh="未完成的任务已达上限（{limit_name}：{limit}）；请等其中一个完成，或取消一个。",
        en="As many jobs are unfinished as may be ({limit_name}: {limit}); wait for one, or cancel one.",
    )


class TooSlow(Unavailable):
    """The statement exceeded its time limit."""

    code = "too-slow"
    title = Text(zh="查询超时", en="Query took too long")
    message = Text(
        zh="查询超过 {limit} 秒上限；请缩小范围或加筛选条件。",
        en="The query exceeded its limit of {limit} s; narrow the area or add a filter.",
    )


class JobDied(Unavailable):
    """A job whose workers died, each of them."""

    code = "job-died"
    title = Text(zh="任务中断", en="Job died")
    message = Text(
        zh="执行任务的进程 {attempts} 次中断。",
        en="The processes that worked on the job died {attempts} times.",
    )


class SetupFailed(Unavailable):
    """The machine lacks something, with the command that mends it."""

    code = "setup-failed"
    title = Text(zh="环境未就绪", en="Setup failed")
    message = Text(zh="{reason}", en="{reason}")
