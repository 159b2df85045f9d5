"""What differs between deployments: the environment (`GEOSERVICE_…`) and the region file, typed.

Read by the doors only; everything below gets values as arguments. `docs/` lists the settings from
this file, so a setting without a description fails the docs test.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class Limits(BaseSettings):
    """The limits by name; every one is on the limits page and has a test at the limit and beyond."""

    model_config = SettingsConfigDict(env_prefix="GEOSERVICE_", extra="ignore", frozen=True)

    max_url_bytes: Annotated[int, Field(ge=1024, description="Longest request line, bytes")] = (
        65_536
    )
    max_json_body: Annotated[int, Field(ge=1024, description="Largest JSON body, bytes")] = (
        10 * 2**20
    )
    max_xml_body: Annotated[int, Field(ge=1024, description="Largest XML body, bytes")] = 10 * 2**20
    max_upload: Annotated[int, Field(ge=1024, description="Largest uploaded file, bytes")] = (
        512 * 2**20
    )
    max_unpacked: Annotated[int, Field(ge=1024, description="Largest unpacked archive, bytes")] = (
        2 * 2**30
    )
    max_filter_bytes: Annotated[int, Field(ge=64, description="Longest CQL2 text, bytes")] = 8_192
    max_filter_json_bytes: Annotated[int, Field(ge=64, description="Longest CQL2 JSON, bytes")] = (
        65_536
    )
    max_filter_depth: Annotated[
        int, Field(ge=1, le=64, description="Deepest nesting of a filter")
    ] = 32
    max_filter_ops: Annotated[int, Field(ge=1, description="Most operators in a filter")] = 256
    max_in_items: Annotated[int, Field(ge=1, description="Most items of one IN list")] = 1_000
    max_filter_vertices: Annotated[
        int, Field(ge=4, description="Most vertices of geometry in a filter")
    ] = 10_000
    limit_default: Annotated[
        int, Field(ge=1, description="Features in a page when limit is not given")
    ] = 5_000
    limit_maximum: Annotated[
        int, Field(ge=1, description="Most features in a page; more is clamped")
    ] = 10_000
    max_offset: Annotated[
        int, Field(ge=0, description="Largest offset; next links have no limit")
    ] = 100_000
    max_geom_vertices: Annotated[int, Field(ge=4, description="Most vertices of one feature")] = (
        200_000
    )
    max_check_file: Annotated[
        int, Field(ge=1024, description="Largest file that is checked, bytes")
    ] = 20 * 2**20
    max_check_features: Annotated[
        int, Field(ge=1, description="Most features of a file that are checked at once")
    ] = 100
    max_tx_operations: Annotated[
        int, Field(ge=1, description="Most operations of one transaction")
    ] = 1_000
    max_tx_features: Annotated[
        int, Field(ge=1, description="Most features that one transaction changes or locks")
    ] = 10_000
    read_timeout_s: Annotated[
        float, Field(gt=0, description="Time limit of a reading statement, seconds")
    ] = 10
    write_timeout_s: Annotated[
        float, Field(gt=0, description="Time limit of a writing statement, seconds")
    ] = 15
    export_timeout_s: Annotated[
        float, Field(gt=0, description="Time limit of an export, seconds")
    ] = 1_800
    max_jobs: Annotated[
        int,
        Field(ge=1, description="Most files that wait or are written in the background at once"),
    ] = 100
    max_own_jobs: Annotated[
        int, Field(ge=1, description="Most of them for one user; all without a key are one")
    ] = 10
    max_job_bytes: Annotated[
        int, Field(ge=1024, description="Largest file written in the background, bytes")
    ] = 4 * 2**30
    job_hours: Annotated[
        float, Field(gt=0, description="How long files written in the background are kept, hours")
    ] = 24
    count_limit: Annotated[
        int, Field(ge=1, description="Matches counted exactly; more are estimated")
    ] = 10_000
    max_answer_rows: Annotated[
        int, Field(ge=1, description="Most rows of an answer that is saved as a layer")
    ] = 1_000_000
    max_tile_features: Annotated[
        int, Field(ge=1, description="Most features in a vector tile; of more the largest are kept")
    ] = 50_000
    max_tile_bytes: Annotated[
        int, Field(ge=1024, description="Largest vector tile, bytes; of a larger one less is kept")
    ] = 2 * 2**20


class Settings(BaseSettings):
    """Where the service lives and whom it serves."""

    model_config = SettingsConfigDict(env_prefix="GEOSERVICE_", extra="ignore", frozen=True)

    database_url: Annotated[
        str | None, Field(description="PostGIS server to use; unset: the embedded cluster")
    ] = None
    data_dir: Annotated[
        Path | None,
        Field(
            description="Folder of the embedded cluster and of files; unset: the user's data folder"
        ),
    ] = None
    host: Annotated[str, Field(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port to listen on")] = 8000
    workers: Annotated[int, Field(ge=1, le=64, description="Server processes")] = 1
    public_url: Annotated[
        HttpUrl | None,
        Field(description="Address under which users reach the service; links start with it"),
    ] = None
    anonymous_role: Annotated[
        Literal["public", "analyst", "editor"],
        Field(
            description="Role of whoever has no key; above public only in a closed network, "
            "where public_url must give the host name if users reach the service by one"
        ),
    ] = "public"
    lock_required: Annotated[
        str,
        Field(
            description="Collections, comma separated, or * for all, whose features are changed only "
            "by who says which version he has seen (If-Match), or has locked them"
        ),
    ] = ""
    region: Annotated[
        Path | None, Field(description="TOML file that describes the region; unset: Dongguan")
    ] = None
