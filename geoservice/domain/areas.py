"""The areas of a parcel, a plan or a zone: what its register declares beside what the shape measures.

The database computes what is measured (`Computed`) from `geom`; nothing here knows how. The two
measures differ by at most 6 in 100 000 within a zone, so a report says which of them it adds up.
"""

from decimal import Decimal

from geoservice.description.collection import (
    SQUARE_METRE,
    Computed,
    Field,
    FieldType,
    Measure,
)
from geoservice.languages import Text

_ELLIPSOID = Field(
    name="area_ellipsoid_m2",
    type=FieldType.NUMBER,
    title=Text(zh="椭球面积", en="Area on the ellipsoid"),
    description=Text(
        zh="由图形在 CGCS2000 椭球上计算，只读", en="Measured of the shape on CGCS2000; read-only"
    ),
    unit=SQUARE_METRE,
    computed=Computed(Measure.ELLIPSOID_AREA),
)

_PLANE = Field(
    name="area_plane_m2",
    type=FieldType.NUMBER,
    title=Text(zh="平面面积", en="Area in the plane"),
    description=Text(
        zh="由图形在所在 3 度高斯-克吕格带内计算，只读；范围在中国之外时为空",
        en="Measured of the shape in its 3° Gauss-Krüger zone; read-only, empty outside China",
    ),
    unit=SQUARE_METRE,
    computed=Computed(Measure.PLANE_AREA),
)

MEASURED: tuple[Field, ...] = (_ELLIPSOID, _PLANE)
"""The areas measured of the shape, for registers that declare none."""

AREAS: tuple[Field, ...] = (
    Field(
        name="area_declared_m2",
        type=FieldType.DECIMAL,
        digits=(14, 2),
        title=Text(zh="申报面积", en="Area as declared"),
        description=Text(
            zh="登记资料所载面积；与图形面积并存，互不改写",
            en="What the register says; it stands beside the measured areas, neither overwrites the other",
        ),
        unit=SQUARE_METRE,
        minimum=Decimal(0),
        aliases=("TBMJ", "图斑面积", "用地面积", "申报面积"),
    ),
    *MEASURED,
    Field(
        name="area_difference_m2",
        type=FieldType.NUMBER,
        title=Text(zh="面积差", en="Difference of areas"),
        description=Text(
            zh="申报面积减椭球面积，只读；正值表示申报大于图形",
            en="The declared area less that on the ellipsoid; read-only, positive where more is declared",
        ),
        unit=SQUARE_METRE,
        computed=Computed(Measure.ELLIPSOID_AREA, subtracted_from="area_declared_m2"),
    ),
)
"""The declared area, the measured ones, and by how much the declaration is larger."""
