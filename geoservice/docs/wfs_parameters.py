"""What the parameters of the WFS mean, in both languages; the generated page lists them."""

from dataclasses import dataclass

from geoservice.editing.locks import MAX_MINUTES
from geoservice.languages import Text

_ALL = Text(zh="全部", en="all")
_READING = Text(zh="GetFeature、GetPropertyValue、加锁", en="GetFeature, GetPropertyValue, locking")


@dataclass(frozen=True)
class Parameter:
    """A parameter by the names that it has, where it means something, and what."""

    names: tuple[str, ...]
    where: Text
    meaning: Text
    is_own: bool = False


def _where(*operations: str) -> Text:
    return Text(zh="、".join(operations), en=", ".join(operations))


PARAMETERS = (
    Parameter(("service",), _ALL, Text(zh="`WFS`，必填", en="`WFS`; required")),
    Parameter(
        ("version",),
        _ALL,
        Text(zh="版本；GetCapabilities 可不给", en="the version; GetCapabilities may go without"),
    ),
    Parameter(("request",), _ALL, Text(zh="操作", en="the operation")),
    Parameter(
        ("acceptVersions",),
        _where("GetCapabilities"),
        Text(
            zh="客户端会的版本，取第一个服务也会的",
            en="versions that the client speaks; the first that the service speaks, too",
        ),
    ),
    Parameter(
        ("sections",),
        _where("GetCapabilities"),
        Text(zh="只要文档的某些部分", en="only some parts of the document"),
    ),
    Parameter(
        ("acceptFormats", "updateSequence"),
        _where("GetCapabilities"),
        Text(zh="接受，不起作用", en="taken, without effect"),
    ),
    Parameter(
        ("typeNames", "typeName"),
        _READING,
        Text(
            zh="要素类型；2.0.0 的几个查询写作 `(gs:a)(gs:b)`，1.x 写作 `gs:a,gs:b`",
            en="feature types; several queries are `(gs:a)(gs:b)` in 2.0.0, `gs:a,gs:b` in 1.x",
        ),
    ),
    Parameter(
        ("namespaces", "namespace"),
        _ALL,
        Text(
            zh="前缀：`xmlns(gs,urn:geoservice:collections)`；`gs` 不必声明",
            en="prefixes: `xmlns(gs,urn:geoservice:collections)`; `gs` need not be declared",
        ),
    ),
    Parameter(("aliases",), _READING, Text(zh="连接；拒绝", en="joins; refused")),
    Parameter(
        ("bbox",),
        _READING,
        Text(
            zh="4 或 6 个数，可跟坐标系名，轴序随之",
            en="4 or 6 numbers, perhaps a CRS, which says their order",
        ),
    ),
    Parameter(
        ("filter", "query"),
        _READING,
        Text(
            zh="筛选条件（XML）；几个查询写作 `(…)(…)`", en="a filter in XML; `(…)(…)` for several"
        ),
    ),
    Parameter(
        ("filter_language",),
        _READING,
        Text(zh="只有 OGC-FES:Filter", en="only OGC-FES:Filter"),
    ),
    Parameter(
        ("resourceId", "featureID"),
        _READING,
        Text(
            zh="要素编号 `类型.uuid`；与 bbox、filter 三者取一",
            en="feature ids, `type.uuid`; one of this, bbox and filter",
        ),
    ),
    Parameter(
        ("propertyName",),
        _READING,
        Text(
            zh="要返回的属性；必填属性总会返回",
            en="properties to return; those that are mandatory always come",
        ),
    ),
    Parameter(("sortBy",), _READING, Text(zh="排序：`gs:name DESC`", en="order: `gs:name DESC`")),
    Parameter(
        ("srsName",),
        _READING,
        Text(
            zh="返回的坐标系，名称决定轴序", en="CRS of the answer; the name says the order of axes"
        ),
    ),
    Parameter(
        ("count", "maxFeatures"),
        _READING,
        Text(
            zh="至多几个；不给时 2.0.0 为 CountDefault，1.x 为全部",
            en="how many at most; else CountDefault in 2.0.0, all in 1.x",
        ),
    ),
    Parameter(
        ("startIndex",),
        _READING,
        Text(
            zh="从第几个起，自 0 计；所有版本",
            en="from which one on, counted from 0; every version",
        ),
    ),
    Parameter(
        ("resultType",),
        _READING,
        Text(zh="`results` 或 `hits`（只要个数）", en="`results`, or `hits` for their number"),
    ),
    Parameter(
        ("outputFormat",),
        _where("DescribeFeatureType", "GetFeature", "GetPropertyValue"),
        Text(zh="格式，见下", en="the format, see below"),
    ),
    Parameter(
        ("valueReference",),
        _where("GetPropertyValue"),
        Text(zh="一个属性，或 `@gml:id`", en="one property, or `@gml:id`"),
    ),
    Parameter(("resolvePath",), _where("GetPropertyValue"), Text(zh="拒绝", en="refused")),
    Parameter(
        ("resolve",),
        _READING,
        Text(
            zh="`local` 或 `none`；从不取他处的资源",
            en="`local` or `none`; nothing is ever fetched",
        ),
    ),
    Parameter(
        ("resolveDepth", "resolveTimeout", "traverseXlinkDepth", "traverseXlinkExpiry"),
        _READING,
        Text(
            zh="接受，不起作用：要素中没有引用",
            en="taken, without effect: no feature has references",
        ),
    ),
    Parameter(
        ("storedQuery_id", "storedQueryId"),
        _where("GetFeature", "DescribeStoredQueries"),
        Text(zh="存储查询；其参数按名给出", en="a stored query; its parameters stand beside it"),
    ),
    Parameter(
        ("expiry",),
        _where("LockFeature", "GetFeatureWithLock"),
        Text(
            zh=f"锁的时长：2.0.0 以秒计，默认 5 分钟；1.x 以分钟计，默认 {MAX_MINUTES:.0f}",
            en=f"how long: seconds in 2.0.0 (else 5 minutes), minutes in 1.x (else {MAX_MINUTES:.0f})",
        ),
    ),
    Parameter(
        ("lockAction",),
        _where("LockFeature", "GetFeatureWithLock"),
        Text(
            zh="`ALL`：锁不全就不锁；`SOME`：能锁多少锁多少",
            en="`ALL`: all or none; `SOME`: those that can be had",
        ),
    ),
    Parameter(
        ("lockId",), _where("LockFeature"), Text(zh="给已有的锁续期", en="begin its time anew")
    ),
    Parameter(
        ("exceptions", "handle"), _ALL, Text(zh="接受，不起作用", en="taken, without effect")
    ),
    Parameter(
        ("map", "_", "_ts", "_dc"),
        _ALL,
        Text(zh="网关和浏览器所加；不起作用", en="what gateways and browsers add; without effect"),
    ),
    Parameter(
        ("language", "lang"),
        _ALL,
        Text(zh="`zh` 或 `en`：标题与错误的语言", en="`zh` or `en`: of titles and mistakes"),
        is_own=True,
    ),
    Parameter(
        ("as_of",),
        _where("GetFeature", "GetPropertyValue"),
        Text(zh="某日的情形（有效时间）", en="as things were on a day (valid time)"),
        is_own=True,
    ),
    Parameter(
        ("known_at",),
        _where("GetFeature", "GetPropertyValue"),
        Text(zh="台账在某一时刻的记载（记录时间）", en="as the register said at an instant"),
        is_own=True,
    ),
    Parameter(
        ("reason",),
        _where("Transaction"),
        Text(zh="修改的原因，记入历史", en="why; kept in the history"),
        is_own=True,
    ),
    Parameter(
        ("apikey",),
        _ALL,
        Text(
            zh="[密钥](../guides/keys.md)，若客户端不能在请求头中给出",
            en="the [key](../guides/keys.md), of a client that has no other way",
        ),
        is_own=True,
    ),
)
"""Every parameter of a query string; a test compares them with those that are known to the code."""
