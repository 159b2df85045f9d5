"""The mistake of writing where one may not."""

from geoservice.description.collection import Collection
from geoservice.errors import Forbidden
from geoservice.languages import Text


def not_own(collection: Collection, town: object) -> Forbidden:
    """The refusal to write in a town; None: the feature, or its collection, is in none."""
    if town is None:
        reason = Text(
            zh=f"{collection.id} 的要素不属于某一镇街，只有可编辑全部镇街的人员才能修改。",
            en=f"a feature of {collection.id} without a town may be changed only by "
            "those who may edit everywhere.",
        )
    else:
        reason = Text(
            zh=f"不能修改镇街 {town} 的要素。", en=f"features of town {town} may not be changed."
        )
    return Forbidden(collection=collection.id, town=town, reason=reason)


def out_of_towns(collection: Collection) -> Forbidden:
    """The refusal of the database, which does not say which town it is about."""
    reason = Text(
        zh="要素现在或修改后不在可编辑的镇街之内。",
        en="the feature is, or would be, outside the towns that may be edited.",
    )
    return Forbidden(collection=collection.id, reason=reason)
