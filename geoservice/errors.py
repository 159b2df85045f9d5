"""Every mistake that a user can be told of: one class for one mistake, in both languages.

Knows neither HTTP nor OGC: `doors.http.problems` maps classes to statuses and codes, the command
line maps them to exit codes. The tree, by what the caller can do about it:

    GeoserviceError
    ├── BadRequest          the request itself is wrong: change it
    │   ├── BadParameter        a value that cannot be honoured
    │   │   ├── UnknownParameter, RepeatedParameter, UnknownProperty, UnknownCrs, RefusedCrs, MissingCrs
    │   │   ├── BadBbox, BadDatetime, BadCursor, BadSort, BadGeometry, OutOfRange, UnknownFormat
    │   │   └── BadFilter       the filter; with the position where it is known
    │   └── Malformed           a body that is not what its media type says
    ├── NotFound            UnknownCollection, UnknownFeature, UnknownQuestion, UnknownImport
    ├── NotAcceptable       no representation that the caller accepts
    ├── MethodNotAllowed    the resource has no such method
    ├── UnsupportedMediaType  a body in a form that is not read here
    ├── Forbidden           the caller may not do this
    ├── TooLarge            a limit by name, its value and what was sent: UrlTooLong
    ├── Rejected            the data breaks rules: RejectedFeature, RejectedFile, UnreadableFile
    ├── Conflict            the store is in another state: AlreadyExists, StillUsed
    └── Unavailable         try again later: DatabaseUnavailable, TooSlow, SetupFailed
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

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
        return self.message.spoken(language).format_map(shown)

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


class Malformed(BadRequest):
    """A body or query string that cannot be read at all."""

    code = "malformed"
    title = Text(zh="内容无法解析", en="Malformed content")
    message = Text(zh="无法解析 {name}：{reason}", en="{name} cannot be read: {reason}")


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


class UnknownQuestion(NotFound):
    """No question has this id."""

    code = "unknown-question"
    title = Text(zh="未知问题", en="Unknown question")
    message = Text(
        zh="没有问题“{value}”；可用：{allowed}。",
        en="There is no question “{value}”; available: {allowed}.",
    )


class UnknownImport(NotFound):
    """No import has this id."""

    code = "unknown-import"
    title = Text(zh="未知导入任务", en="Unknown import")
    message = Text(zh="没有导入任务“{value}”。", en="There is no import “{value}”.")


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


class TooSlow(Unavailable):
    """The statement exceeded its time limit."""

    code = "too-slow"
    title = Text(zh="查询超时", en="Query took too long")
    message = Text(
        zh="查询超过 {limit} 秒上限；请缩小范围或加筛选条件。",
        en="The query exceeded its limit of {limit} s; narrow the area or add a filter.",
    )


class SetupFailed(Unavailable):
    """The machine lacks something, with the command that mends it."""

    code = "setup-failed"
    title = Text(zh="环境未就绪", en="Setup failed")
    message = Text(zh="{reason}", en="{reason}")
