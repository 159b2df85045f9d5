"""What goes wrong for a user of the client: one class for each thing that he would handle differently.

Knows no HTTP: `connection` reads the service's problem documents (RFC 9457) and hands their contents
here. Every error tells what is wrong and what is allowed in the user's language, names the nearest
valid names, and carries its parts for programs. The tree, by what the caller can do about it:

    GeoserviceError
    ├── BadRequest            the request itself is wrong: change it
    │   ├── BadParameter          a value that cannot be honoured
    │   │   ├── UnknownParameter, UnknownProperty, UnknownFormat, UnknownCrs
    │   │   ├── BadDatetime, BadGeometry, NotComparable
    │   │   └── BadFilter             with the place in its text, where that is known
    │   ├── Malformed             something that is not what it says it is
    │   └── BadAddress            an address that nothing can be asked at
    ├── NotFound              UnknownCollection, UnknownFeature, DeletedFeature, UnknownQuestion, UnknownAnswer
    ├── NotAllowed            Unauthenticated, Forbidden, TooManyAttempts
    ├── TooLarge              FilterTooLong, TooManyFeatures
    ├── Rejected              the data breaks rules: LedgerRule
    ├── Conflict              the service is in another state than the request needs
    │   ├── AlreadyExists, ChangedMeanwhile, Locked
    │   └── LedgerConflict        overdraft, double charge and the like
    ├── Unavailable           try again later: TooSlow
    ├── JobFailed             an export that ended without its file
    ├── ServiceFault          the service failed; tell its operator the request's id
    └── ConnectionFault       no whole answer came
        ├── ConnectionFailed, TimedOut, InterruptedStream
        └── NotAGeoservice        something else answers at the address
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

Codes = tuple[str, ...]
"""The codes of the service that a class stands for; the first is its own."""

_SHOWN_CHARACTERS = 200
_SHOWN_NAMES = 40
_NEAREST = 3
_COLUMNS_AROUND_CARET = 60


@dataclass(frozen=True)
class Problem:
    """What a service says of a mistake (RFC 9457)."""

    title: str
    detail: str
    code: str
    status: int
    parts: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    retry_after_s: float | None = None


class GeoserviceError(Exception):
    """Something went wrong; the classes below say what.

    Attributes:
        title: the kind of mistake, in the user's language.
        detail: what is wrong and what is allowed, in the user's language.
        code: identifies the mistake for programs; the service's code where the service refused.
        status: the service's HTTP status; None where the client itself refused.
        parts: the offending value (`value`), what is `allowed`, and the like, by name.
        request_id: what the service's operator finds the request by; None where none was answered.
        retry_after_s: after how long the service wants to be asked again; None if it did not say.
        nearest: valid names that look most like the offending one, best first.
    """

    codes: ClassVar[Codes] = ("error",)
    heading: ClassVar[Text] = Text(zh="出错", en="Error")
    message: ClassVar[Text] = Text(zh="{reason}", en="{reason}")

    def __init__(
        self,
        language: Language = DEFAULT_LANGUAGE,
        *,
        problem: Problem | None = None,
        **parts: object,
    ) -> None:
        self.language = language
        self.problem = problem
        self.parts: Mapping[str, Any] = problem.parts if problem else parts
        self.status = problem.status if problem else None
        self.request_id = problem.request_id if problem else None
        self.retry_after_s = problem.retry_after_s if problem else None
        self.code = problem.code if problem else self.codes[0]
        self.title = problem.title if problem else self.heading.spoken(language)
        self.detail = problem.detail if problem else self._filled()
        super().__init__(self.detail)

    @property
    def nearest(self) -> list[str]:
        """Valid names that look most like the offending one; what the service suggests comes first."""
        close = nearest_names(self._offending(), _names(self.parts.get("allowed")))
        suggestion = self.parts.get("suggestion")
        found = [suggestion, *close] if isinstance(suggestion, str) else close
        return list(dict.fromkeys(found))

    def _offending(self) -> object:
        return self.parts.get("value")

    def _filled(self) -> str:
        shown = {name: _shown(part, self.language) for name, part in self.parts.items()}
        return self.message.spoken(self.language).format_map(shown)

    def _lines(self) -> Iterable[str]:
        yield self.detail or self.title
        if self.nearest:
            meant = Text(zh="您是否要用：{names}？", en="Did you mean {names}?").spoken(
                self.language
            )
            joint = Text(zh="、", en=" or ").spoken(self.language)
            yield meant.format(names=joint.join(self.nearest))
        if self.request_id is not None and (self.status or 0) >= 500:
            yield f"request_id: {self.request_id}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.language, self.problem, dict(self.parts))


def _rebuilt(
    kind: type[GeoserviceError],
    language: Language,
    problem: Problem | None,
    parts: Mapping[str, Any],
) -> GeoserviceError:
    return kind(language, problem=problem) if problem else kind(language, **parts)


class BadRequest(GeoserviceError):
    """The request itself is wrong."""

    codes: ClassVar[Codes] = ("bad-request", "several-keys", "method-not-allowed", "not-acceptable")
    heading = Text(zh="请求无效", en="Bad request")


class BadParameter(BadRequest):
    """A parameter whose value cannot be honoured."""

    codes: ClassVar[Codes] = (
        "bad-parameter",
        "out-of-range",
        "repeated-parameter",
        "missing-parameter",
        "bad-cursor",
        "bad-sort",
        "unknown-town",
        "version-negotiation-failed",
        "unsupported-operation",
        "unsupported-option",
    )
    heading = Text(zh="参数值无效", en="Invalid parameter value")
    message = Text(
        zh="参数 {name} 的值“{value}”无效；允许：{allowed}。",
        en="Parameter {name} cannot be “{value}”; allowed: {allowed}.",
    )


class UnknownParameter(BadParameter):
    """A parameter that the question or resource does not have."""

    codes: ClassVar[Codes] = ("unknown-parameter",)
    heading = Text(zh="未知参数", en="Unknown parameter")
    message = Text(
        zh="没有名为“{name}”的参数；可用：{allowed}。",
        en="There is no parameter “{name}”; allowed: {allowed}.",
    )

    def _offending(self) -> object:
        return self.parts.get("name", self.parts.get("parameter"))


class UnknownProperty(BadParameter):
    """A field that the collection does not have."""

    codes: ClassVar[Codes] = ("unknown-property",)
    heading = Text(zh="未知字段", en="Unknown field")
    message = Text(
        zh="{collection} 没有字段“{value}”；可用：{allowed}。",
        en="{collection} has no field “{value}”; available: {allowed}.",
    )


class UnknownFormat(BadParameter):
    """A format that is not offered for this resource."""

    codes: ClassVar[Codes] = ("unknown-format",)
    heading = Text(zh="未知格式", en="Unknown format")
    message = Text(
        zh="此处没有格式“{value}”；可用：{allowed}。",
        en="There is no format “{value}” here; allowed: {allowed}.",
    )


class UnknownCrs(BadParameter):
    """A coordinate reference system that is missing, not offered, or cannot be trusted."""

    codes: ClassVar[Codes] = ("unknown-crs", "refused-crs", "missing-crs")
    heading = Text(zh="坐标系不可用", en="Coordinate reference system not available")
    message = Text(
        zh="坐标系“{value}”不可用；允许：{allowed}。",
        en="The coordinate reference system “{value}” is not offered; allowed: {allowed}.",
    )


class BadDatetime(BadParameter):
    """A date, instant or interval that cannot be understood."""

    codes: ClassVar[Codes] = ("bad-datetime",)
    heading = Text(zh="时间无效", en="Invalid date or time")
    message = Text(
        zh="{name} 的值“{value}”无效；允许：{allowed}。",
        en="{name} cannot be “{value}”; allowed: {allowed}.",
    )


class BadGeometry(BadParameter):
    """A geometry or box that cannot be read, is not valid, or is too complex."""

    codes: ClassVar[Codes] = ("bad-geometry", "bad-bbox")
    heading = Text(zh="几何无效", en="Invalid geometry")
    message = Text(zh="{name}：{reason}", en="{name}: {reason}")


class NotComparable(BadParameter):
    """Two saved answers that have no rows in common by which they could be compared."""

    codes: ClassVar[Codes] = ("not-comparable",)
    heading = Text(zh="无法比较", en="Not comparable")


class BadFilter(BadParameter):
    """A filter that is not CQL2, or asks what this collection cannot answer.

    Its text shows the filter with a caret under the place, where that is known.
    """

    codes: ClassVar[Codes] = (
        "bad-filter",
        "filter-too-complex",
        "unknown-function",
        "bad-feature-id",
    )
    heading = Text(zh="筛选条件无效", en="Invalid filter")
    message = Text(zh="{reason}", en="{reason}")

    @property
    def position(self) -> int | None:
        """The place of the mistake in the filter's text, in characters from 1; None if not known."""
        position = self.parts.get("position")
        return position if isinstance(position, int) and position > 0 else None

    def _lines(self) -> Iterable[str]:
        yield from super()._lines()
        text = self.parts.get("filter")
        if isinstance(text, str) and self.position is not None:
            yield from _with_caret(text, self.position)


class Malformed(BadRequest):
    """Something that is not what its type says, or that cannot be read at all."""

    codes: ClassVar[Codes] = ("malformed", "unsupported-media-type")
    heading = Text(zh="内容无法解析", en="Malformed content")


class BadAddress(BadRequest):
    """An address that nothing can be asked at, or that carries what does not belong in it."""

    codes: ClassVar[Codes] = ("bad-address",)
    heading = Text(zh="地址无效", en="Invalid address")
    message = Text(zh="“{value}”：{reason}", en="“{value}”: {reason}")


class NotFound(GeoserviceError):
    """The thing asked for does not exist."""

    codes: ClassVar[Codes] = (
        "not-found",
        "unknown-version",
        "unknown-change",
        "unknown-import",
        "unknown-job",
        "unknown-user",
        "unknown-key",
        "unknown-account",
        "unknown-entry",
        "unknown-posting",
        "unknown-style",
        "unknown-tile",
        "unknown-tile-matrix-set",
        "no-tiles",
    )
    heading = Text(zh="不存在", en="Not found")
    message = Text(zh="{value} 不存在。", en="{value} does not exist.")


class UnknownCollection(NotFound):
    """No collection has this id."""

    codes: ClassVar[Codes] = ("unknown-collection",)
    heading = Text(zh="未知图层", en="Unknown collection")
    message = Text(
        zh="没有图层“{value}”；可用：{allowed}。",
        en="There is no collection “{value}”; available: {allowed}.",
    )


class UnknownFeature(NotFound):
    """The collection has no feature with this id."""

    codes: ClassVar[Codes] = ("unknown-feature",)
    heading = Text(zh="未知要素", en="Unknown feature")
    message = Text(
        zh="{collection} 中没有要素“{value}”。", en="{collection} has no feature “{value}”."
    )


class DeletedFeature(UnknownFeature):
    """The feature was there and is deleted; its history stays."""

    codes: ClassVar[Codes] = ("deleted-feature",)
    heading = Text(zh="要素已删除", en="Feature deleted")


class UnknownQuestion(NotFound, AttributeError):
    """The service has no question with this name; `hasattr(city.questions, …)` understands it, too."""

    codes: ClassVar[Codes] = ("unknown-question",)
    heading = Text(zh="未知问题", en="Unknown question")
    message = Text(
        zh="没有问题“{value}”；可用：{allowed}。",
        en="There is no question “{value}”; available: {allowed}.",
    )


class UnknownAnswer(NotFound):
    """No answer is saved under this name."""

    codes: ClassVar[Codes] = ("unknown-answer",)
    heading = Text(zh="未知的已存回答", en="Unknown saved answer")
    message = Text(
        zh="没有名为“{value}”的已存回答；可用：{allowed}。",
        en="No answer is saved as “{value}”; available: {allowed}.",
    )


class NotAllowed(GeoserviceError):
    """Whoever asks may not do this."""

    codes: ClassVar[Codes] = ("not-allowed",)
    heading = Text(zh="不允许", en="Not allowed")


class Unauthenticated(NotAllowed):
    """A key is needed, or the one given is not valid; see `Client.login`."""

    codes: ClassVar[Codes] = ("unauthenticated", "key-needed", "wrong-key")
    heading = Text(zh="需要密钥", en="A key is needed")

    def _lines(self) -> Iterable[str]:
        yield from super()._lines()
        way = Text(
            zh="在这里用 login() 输入密钥，或设置环境变量 GEOSERVICE_KEY。",
            en="Here, give it with login(), or by the environment variable GEOSERVICE_KEY.",
        )
        yield way.spoken(self.language)


class Forbidden(NotAllowed):
    """The key does not allow this."""

    codes: ClassVar[Codes] = (
        "forbidden",
        "role-needed",
        "all-towns-needed",
        "not-own-answer",
        "foreign-page",
    )
    heading = Text(zh="权限不足", en="Forbidden")


class TooManyAttempts(NotAllowed):
    """Too many wrong keys came from here; `parts["retry_after_s"]` says when to try again."""

    codes: ClassVar[Codes] = ("too-many-attempts",)
    heading = Text(zh="错误密钥过多", en="Too many wrong keys")


class TooLarge(GeoserviceError):
    """More than a limit allows."""

    codes: ClassVar[Codes] = ("too-large", "url-too-long")
    heading = Text(zh="超出上限", en="Too large")
    message = Text(
        zh="{limit_name} 为 {actual}，上限 {limit}。",
        en="{limit_name} is {actual}; the limit is {limit}.",
    )


class FilterTooLong(TooLarge):
    """A filter that fits no request; nothing was left out to make it fit."""

    codes: ClassVar[Codes] = ("filter-too-long",)
    heading = Text(zh="筛选条件过长", en="Filter too long")
    message = Text(
        zh="筛选条件有 {actual} 字节，上限 {limit}。可以：先用 simplify() 简化范围；或按外包矩形 "
        "intersecting(area.total_bounds) 读取后用 geopandas 精确筛选；或把长列表分几次查询。",
        en="The filter has {actual} bytes; the limit is {limit}. Simplify the area first with simplify(); or "
        "read its box, intersecting(area.total_bounds), and select exactly with geopandas; or ask for a "
        "long list in parts.",
    )


class TooManyFeatures(TooLarge):
    """More features match than were to be fetched into memory; nothing was fetched."""

    codes: ClassVar[Codes] = ("too-many-features",)
    heading = Text(zh="要素过多", en="Too many features")
    message = Text(
        zh="符合条件的要素有 {matched} 个，超过 max_features={limit}。可以：用 within()、where() 缩小范围；"
        "用 iter_batches() 分批读取或 to_file() 写入文件；或者调大 to_gdf(max_features=…)。",
        en="{matched} features match, more than max_features={limit}. Narrow the query with within() or "
        "where(); read it in parts with iter_batches() or write it with to_file(); or raise "
        "to_gdf(max_features=…).",
    )


class Rejected(GeoserviceError):
    """The data breaks rules of the register; nothing was stored."""

    codes: ClassVar[Codes] = (
        "rejected",
        "rejected-feature",
        "unknown-feature-type",
        "rejected-file",
        "unreadable-file",
        "key-reused",
    )
    heading = Text(zh="数据不符合规则", en="Data rejected")


class LedgerRule(Rejected):
    """An entry that breaks a rule of the quota ledger; nothing was posted."""

    codes: ClassVar[Codes] = ("ledger-rule", "charged-area")
    heading = Text(zh="不符合台账规则", en="Against the rules of the ledger")


class Conflict(GeoserviceError):
    """The service is in another state than the request needs."""

    codes: ClassVar[Codes] = (
        "conflict",
        "condition-required",
        "request-in-progress",
        "user-disabled",
        "question-changed",
        "feature-in-use",
        "job-not-finished",
    )
    heading = Text(zh="冲突", en="Conflict")


class AlreadyExists(Conflict):
    """The name is taken."""

    codes: ClassVar[Codes] = ("already-exists",)
    heading = Text(zh="已存在", en="Already exists")
    message = Text(zh="“{value}”已存在。", en="“{value}” exists already.")


class ChangedMeanwhile(Conflict):
    """A feature is no longer the version that was read; read it again before changing it."""

    codes: ClassVar[Codes] = ("changed-meanwhile",)
    heading = Text(zh="要素已被修改", en="Changed meanwhile")
    message = Text(
        zh="{collection} 的要素 {value} 已被更改 {actual} 修改，读到的数据只到更改 {expected}；请重新读取后再改。",
        en="Feature {value} of {collection} was changed by {actual}, and was read as of change {expected}; "
        "read it again before changing it.",
    )


class Locked(Conflict):
    """A feature that somebody else has locked, or a lock that does not hold what it should."""

    codes: ClassVar[Codes] = (
        "feature-locked",
        "feature-not-locked",
        "unknown-lock",
        "lock-expired",
        "cannot-lock",
    )
    heading = Text(zh="要素已被锁定", en="Locked")


class LedgerConflict(Conflict):
    """The balances or charges of the quota ledger do not allow an entry; nothing was posted."""

    codes: ClassVar[Codes] = (
        "ledger-conflict",
        "overdraft",
        "not-held",
        "double-charge",
        "overlapping-charge",
        "reservation-short",
        "already-reversed",
        "append-only",
    )
    heading = Text(zh="与台账冲突", en="Against the state of the ledger")


class Unavailable(GeoserviceError):
    """The service, or a part that it needs, does not answer now; try again later."""

    codes: ClassVar[Codes] = (
        "unavailable",
        "database-unavailable",
        "busy",
        "setup-failed",
        "too-many-jobs",
        "job-died",
    )
    heading = Text(zh="暂时不可用", en="Unavailable")


class TooSlow(Unavailable):
    """The query took longer than the service allows; narrow it."""

    codes: ClassVar[Codes] = ("too-slow",)
    heading = Text(zh="查询超时", en="Query took too long")


class JobFailed(GeoserviceError):
    """An export that ended without its file, because the service or somebody stopped it."""

    codes: ClassVar[Codes] = ("job-failed",)
    heading = Text(zh="导出未完成", en="Export not finished")
    message = Text(
        zh="导出任务 {job} 的状态为 {state}。", en="The export {job} has ended as {state}."
    )


class ServiceFault(GeoserviceError):
    """The service failed; its operator finds out why by the request's id."""

    codes: ClassVar[Codes] = ("internal",)
    heading = Text(zh="服务出错", en="The service failed")


class ConnectionFault(GeoserviceError):
    """No whole answer came."""

    codes: ClassVar[Codes] = ("connection-fault",)
    heading = Text(zh="连接出错", en="Connection fault")
    message = Text(zh="{address}：{reason}", en="{address}: {reason}")


class ConnectionFailed(ConnectionFault):
    """Nothing answers at the address, or the connection broke before an answer began."""

    codes: ClassVar[Codes] = ("connection-failed",)
    heading = Text(zh="无法连接", en="Cannot connect")


class TimedOut(ConnectionFault):
    """The service did not answer in time; see `timeout_s`."""

    codes: ClassVar[Codes] = ("timed-out",)
    heading = Text(zh="连接超时", en="Timed out")
    message = Text(
        zh="{address} 在 {timeout_s} 秒内没有应答；可调大 timeout_s。",
        en="{address} did not answer within {timeout_s} s; a larger timeout_s waits longer.",
    )


class InterruptedStream(ConnectionFault):
    """An answer that was cut off on its way; what had come of it was thrown away."""

    codes: ClassVar[Codes] = ("interrupted-stream",)
    heading = Text(zh="传输中断", en="Interrupted")
    message = Text(
        zh="{address} 的应答不完整（{reason}）；已收到的部分不作数，请重试。",
        en="The answer of {address} is not whole ({reason}); what came of it does not count. Try again.",
    )


class NotAGeoservice(ConnectionFault):
    """Something else than this service answers at the address, or sends its callers elsewhere."""

    codes: ClassVar[Codes] = ("not-a-geoservice",)
    heading = Text(zh="不是本服务", en="Not this service")


def _classes(root: type[GeoserviceError]) -> Iterable[type[GeoserviceError]]:
    yield root
    for branch in root.__subclasses__():
        yield from _classes(branch)


_BY_STATUS: Mapping[int, type[GeoserviceError]] = {
    400: BadRequest, 401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict,
    412: ChangedMeanwhile, 413: TooLarge, 414: TooLarge, 415: Malformed, 422: Rejected, 423: Locked,
    428: Conflict, 429: Unavailable, 502: Unavailable, 503: Unavailable, 504: Unavailable,
}  # fmt: skip


def error_of(problem: Problem, language: Language) -> GeoserviceError:
    """The typed error of what a service says; by its code, or by its status if the code is new to us."""
    by_code = {code: kind for kind in _classes(GeoserviceError) for code in kind.codes}
    general = ServiceFault if problem.status >= 500 else BadRequest
    kind = by_code.get(problem.code) or _BY_STATUS.get(problem.status, general)
    return kind(language, problem=problem)


def nearest_names(given: object, valid: Iterable[str]) -> list[str]:
    """The valid names that look most like what was given, best first; empty if none does."""
    if not isinstance(given, str):
        return []
    by_folded = {name.casefold(): name for name in valid}
    close = difflib.get_close_matches(given.casefold(), by_folded, n=_NEAREST)
    return [by_folded[name] for name in close if by_folded[name] != given]


def _names(allowed: object) -> Sequence[str]:
    """The names in what is allowed; the service words some of them as one text."""
    if isinstance(allowed, str):
        return [name.strip() for name in allowed.split(",")] if "," in allowed else [allowed]
    if isinstance(allowed, Iterable):
        return [name for name in allowed if isinstance(name, str)]
    return []


def _shown(part: object, language: Language) -> str:
    if isinstance(part, Text):
        return part.spoken(language)
    if isinstance(part, str):
        return part if len(part) <= _SHOWN_CHARACTERS else part[:_SHOWN_CHARACTERS] + "…"
    if isinstance(part, Iterable) and not isinstance(part, Mapping):
        shown = [_shown(each, language) for each in part]
        return ", ".join([*shown[:_SHOWN_NAMES], *(["…"] if len(shown) > _SHOWN_NAMES else [])])
    return str(part)


def _with_caret(text: str, position: int) -> Iterable[str]:
    """The line of a text in which a place is, and a caret under it.

    Chinese characters are two columns wide, which the spaces before the caret allow for.
    """
    before = text[: position - 1]
    start = before.rfind("\n") + 1
    end = text.find("\n", position - 1)
    line = text[start : len(text) if end < 0 else end]
    column = position - 1 - start
    cut = max(0, column - _COLUMNS_AROUND_CARET)
    shown = line[cut : column + _COLUMNS_AROUND_CARET]
    ahead = "".join("　" if ord(each) > 0x2E7F else " " for each in line[cut:column])
    yield f"  {shown}"
    yield f"  {ahead}^"
