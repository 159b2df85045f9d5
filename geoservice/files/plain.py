"""Arrow types as few as the importer needs: no dictionaries, nothing nested."""

import json

import pyarrow as pa


def plain_type(type: pa.DataType) -> pa.DataType:
    """The type without a dictionary around it; a nested value becomes JSON text."""
    if isinstance(type, pa.BaseExtensionType):
        return plain_type(type.storage_type)
    if pa.types.is_dictionary(type):
        return plain_type(type.value_type)
    if pa.types.is_nested(type):
        return pa.string()
    if pa.types.is_large_string(type) or pa.types.is_string_view(type):
        return pa.string()
    return type


def plain(column: pa.Array, type: pa.DataType) -> pa.Array:
    """A column in its plain type."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_nested(column.type):
        texts = (
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in column.to_pylist()
        )
        return pa.array(texts, pa.string())
    return column.cast(type)
