"""What taking a column gives: its values, and of which rows something is to be said."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geoservice.files.findings import Kind, Mask, error, info, warning

BAD_TYPE = error("bad-type", "不是该字段类型的值", "not a value of the field's type")
NOT_FINITE = error("not-finite", "不是有限数值", "not a finite number")
OUT_OF_BOUNDS = error("out-of-bounds", "超出允许范围", "outside the allowed range")
TOO_LONG = error("too-long", "超过最大长度", "longer than allowed")
UNKNOWN_CODE = error("unknown-code", "代码不在代码表中", "not a code of the field's code list")
CODE_FROM_TITLE = info(
    "code-from-title", "按代码含义换成了代码", "the meaning of a code was given; its code is stored"
)
CONTROL_CHARACTERS = error("control-characters", "含控制字符", "it holds control characters")
MOJIBAKE_SUSPECTED = warning(
    "mojibake",
    "疑似乱码，请检查编码（encoding）",
    "it looks decoded with the wrong encoding; check `encoding`",
)


@dataclass
class Taken:
    """The values of a column, null where there is none or it could not be taken; and why."""

    values: pa.Array
    faults: list[tuple[Kind, Mask]] = field(default_factory=list)

    def fault(self, kind: Kind, mask: pa.Array | Mask) -> None:
        """Note rows that something is to be said of."""
        flags = mask if isinstance(mask, np.ndarray) else np.asarray(pc.fill_null(mask, False))
        if flags.any():
            self.faults.append((kind, flags))


def as_text(column: pa.Array) -> pa.Array:
    """Any column as text; whole numbers without a point, as a code in a DBF is often a double."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))
        integers = pc.if_else(whole, column, None).cast(pa.int64()).cast(pa.string())
        return pc.if_else(pc.fill_null(whole, False), integers, column.cast(pa.string()))
    if pa.types.is_binary(column.type):
        return pa.array(
            [value.hex() if value else None for value in column.to_pylist()], pa.string()
        )
    return column.cast(pa.string())
