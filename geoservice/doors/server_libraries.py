"""Whether this installation has the server, or the client alone: `pip install geoservice`.

Looks for libraries without importing them; what needs them is imported only where they are there.
"""

from importlib.util import find_spec

INSTALL = 'pip install "geoservice[server]"'
"""What adds them."""

NAMES = (
    "adbc_driver_postgresql",
    "alembic",
    "argon2",
    "cql2",
    "fastapi",
    "geoalchemy2",
    "jinja2",
    "lxml",
    "openpyxl",
    "orjson",
    "psycopg",
    "psycopg_pool",
    "pydantic_settings",
    "python_multipart",
    "rasterio",
    "sqlalchemy",
    "swagger_ui_bundle",
    "uvicorn",
    "weasyprint",
)
"""The modules of the extra `server` that the client does not have of its own."""


def missing() -> tuple[str, ...]:
    """Those that are not installed."""
    return tuple(name for name in NAMES if find_spec(name) is None)
