"""The part of the OpenAPI document about jobs."""

from functools import partial

from geoservice.doors.http.openapi.operations import changing, get, refs
from geoservice.doors.http.openapi.parts import Node
from geoservice.languages import Language, Text

JOBS = "/jobs"
JOB = "/jobs/{jobId}"

_DOCUMENT: Node = {"application/json": {"schema": {"type": "object"}}}
_FILE: Node = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def job_paths(language: Language) -> dict[str, Node]:
    """The paths of jobs with their methods."""
    method = partial(changing, language)
    added = {"202": {"description": "Accepted", "content": _DOCUMENT}}
    listed = get(language, "jobs", Text(zh="后台任务（分析人员）", en="Jobs (for analysts)"))
    listed["post"] = method(
        "add_job",
        Text(
            zh="后台生成文件：{'request': '/collections/…/items?f=gpkg'}",
            en="Write a file in the background: {'request': '/collections/…/items?f=gpkg'}",
        ),
        ("lang",),
        done={**added, "303": {"description": "See Other"}},
        body=("application/json", "application/x-www-form-urlencoded"),
    )
    one = get(language, "job", Text(zh="任务的进度", en="How far a job is"), refs(["jobId"]))
    one["delete"] = method(
        "dismiss_job",
        Text(zh="取消任务，或删除已完成的", en="Cancel a job, or remove a finished one"),
        ("jobId", "lang"),
        done={
            "200": {"description": "OK", "content": _DOCUMENT},
            "204": {"description": "No Content"},
        },
    )
    results = get(
        language,
        "job_results",
        Text(zh="任务的结果文件（可分段）", en="The file of a job, or a range of it"),
        refs(["jobId"]),
        content=_FILE,
    )
    results["get"]["responses"]["206"] = {"description": "Partial Content", "content": _FILE}
    return {JOBS: listed, JOB: one, f"{JOB}/results": results}
