"""Jobs: files that are written in the background, asked for as usual, fetched when they are ready.

A job keeps the request that it stands for; whoever works on it reads that request again, as the one
who sent it would have been answered. So nothing about formats or questions is told twice.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from geoservice.access.principal import Principal, Role
from geoservice.doors.http import bodies
from geoservice.doors.http.asked import CALLER, Asked, Caller, encoded
from geoservice.doors.http.downloads import (
    FILES,
    IN_BACKGROUND,
    Download,
    answer_crs,
    answer_download,
    collection_download,
)
from geoservice.doors.http.features import reading
from geoservice.doors.http.negotiation import HTML, JSON, chosen
from geoservice.doors.http.permission import require_analyst
from geoservice.doors.http.presentation import VARY, document, page
from geoservice.doors.http.problems import status_of_code
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.doors.http.service import Service
from geoservice.errors import (
    BadParameter,
    ForeignPage,
    JobNotFinished,
    MissingParameter,
    SetupFailed,
    UnknownJob,
    UrlTooLong,
)
from geoservice.jobs import Job, Progress, Result, Status, job_id
from geoservice.languages import Text
from geoservice.questions import question_called

PATH = "/jobs"
_RESULTS_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/results"
_OWN_PARAMETERS = ("f", "lang")
_LISTED = 200
_DOOR = "job"
_FORM = "application/x-www-form-urlencoded"
_POLL_S = 2
_STATUS_TITLES = {
    Status.ACCEPTED: Text(zh="等待", en="waiting"),
    Status.RUNNING: Text(zh="正在生成", en="being written"),
    Status.SUCCESSFUL: Text(zh="完成", en="ready"),
    Status.FAILED: Text(zh="失败", en="failed"),
    Status.DISMISSED: Text(zh="已取消", en="cancelled"),
}

# What may be asked for in the background, as the routes of these resources have it.
_WANTED = (
    re.compile(r"/collections/(?P<collection>[^/]+)/items"),
    re.compile(r"/questions/(?P<question>[^/]+)"),
)


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route(PATH, Resource(_jobs, _posted)),
        Route(PATH + "/{job}", Resource(_job, delete=_deleted)),
        Route(PATH + "/{job}/results", Resource(_results)),
    ]


def deferred(asked: Asked, download: Download) -> Response | None:
    """A job in place of a file, if the client prefers to wait elsewhere (RFC 7240, 4.1).

    None where it has no such wish, or where the first bytes come at once anyway.
    """
    if asked.method != "GET" or download.open is not None or not _prefers_a_job(asked):
        return None
    return _accepted(asked, _added(asked, asked, download))


def perform(service: Service, job: Job, folder: Path, progress: Progress) -> Result:
    """Write what a job wants into its folder."""
    asked = _asked_for(service, job.request, Principal(job.actor, Role[job.role]))
    download = _download(asked)
    download.write(folder / download.file_name, progress)
    return Result(download.file_name, download.media_type)


def _prefers_a_job(asked: Asked) -> bool:
    wishes = ",".join(asked.headers.getlist("prefer")).split(",")
    return any(wish.partition(";")[0].strip().lower() == "respond-async" for wish in wishes)


def _asked_for(service: Service, request: str, principal: Principal) -> Asked:
    """The request that a path with a query stands for. Raises `BadParameter` if it is no file's."""
    path, _, query = request.partition("?")
    found = next((match for each in _WANTED if (match := each.fullmatch(path))), None)
    if found is None:
        allowed = ("/collections/…/items?f=…", "/questions/…?f=…")
        raise BadParameter(name="request", value=request, allowed=allowed)
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "path_params": found.groupdict(),
        "headers": [],
        CALLER: Caller(principal, _DOOR),
    }
    return Asked(service, scope)


def _download(asked: Asked) -> Download:
    """The file that a request wants; it must name a format that is not sent while it is written."""
    if asked.parameters.get("f") not in IN_BACKGROUND:
        raise BadParameter(name="f", value=asked.parameters.get("f"), allowed=IN_BACKGROUND)
    representation = chosen(asked, FILES)
    if "collection" in asked.scope["path_params"]:
        collection = asked.collection(asked.path_parameter("collection"))
        wanted = reading.features_request(collection, asked.parameters, asked.service)
        return collection_download(asked, collection, wanted, representation)
    question = question_called(asked.path_parameter("question"), asked.service.region)
    own = {"f", "lang", "crs"}
    given = {name: value for name, value in asked.parameters.items() if name not in own}
    require_known(given, {each.name for each in question.description.parameters})
    return answer_download(asked, question, given, representation, crs=answer_crs(asked))


def _added(asked: Asked, wanted: Asked, download: Download) -> Job:
    """A job that stands for a request, in the role and language of whoever asks."""
    kept = encoded({"lang": asked.language, **wanted.parameters, "f": download.format})
    principal = asked.principal
    return asked.service.queue.add(
        f"{wanted.path}?{kept}", actor=principal.name, role=principal.role.name
    )


def _accepted(asked: Asked, job: Job) -> Response:
    headers = {
        "Location": asked.url(f"{PATH}/{job.id}"),
        "Preference-Applied": "respond-async",
        "Vary": f"{VARY}, Prefer",
    }
    answer = document(asked, _described(asked, job), JSON.media_type, headers)
    answer.status_code = 202
    return answer


async def _posted(asked: Asked, request: Request) -> Response:
    """A job for a request that is posted; a form of a page is led to the job's page."""
    require_known(asked.parameters, _OWN_PARAMETERS)
    limit = asked.service.limits.max_json_body
    is_form = request.headers.get("content-type", "").lower().startswith(_FORM)
    if is_form:
        form = await Request(request.scope, bodies.counted(request.receive, limit)).form()
        given: Mapping[str, Any] = dict(form)
    else:
        given = await bodies.json_object(request, limit)
    return await run_in_threadpool(_added_by_post, asked, given, is_form=is_form)


def _added_by_post(asked: Asked, given: Mapping[str, Any], *, is_form: bool) -> Response:
    _require_own_page(asked)
    require_known(given, ("request",))
    request = given.get("request")
    if not isinstance(request, str):
        raise MissingParameter(name="request", allowed="/collections/…/items?f=gpkg")
    limit = asked.service.limits.max_url_bytes
    if len(request.encode("utf-8", "replace")) > limit:
        raise UrlTooLong(limit_name="max_url_bytes", limit=limit, actual=len(request))
    wanted = _asked_for(asked.service, request.removeprefix(asked.base), asked.principal)
    job = _added(asked, wanted, _download(wanted))  # what is wrong with it is told now
    if is_form:
        address = asked.url(f"{PATH}/{job.id}", f=HTML.id, lang=asked.parameters.get("lang"))
        return Response(status_code=303, headers={"Location": address})
    return _accepted(asked, job)


def _require_own_page(asked: Asked) -> None:
    if asked.foreign_page is not None:
        raise ForeignPage(value=asked.foreign_page)


def _jobs(asked: Asked) -> Response:
    """The newest jobs of everybody."""
    require_analyst(asked)
    require_known(asked.parameters, _OWN_PARAMETERS)
    found = [_described(asked, job) for job in asked.service.queue.newest(_LISTED)]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "jobs.html", jobs=found)
    content = {"jobs": found, "links": [_link("self", asked.this_url(), JSON.media_type)]}
    return document(asked, content, JSON.media_type)


def _job(asked: Asked) -> Response:
    """One job: how far it is, and where its result is."""
    require_known(asked.parameters, _OWN_PARAMETERS)
    job = _seen(asked)
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(
            asked,
            "job.html",
            job=_described(asked, job),
            status=_STATUS_TITLES[job.status],
            is_finished=job.is_finished,
            poll_s=_POLL_S,
        )
    headers = {"Cache-Control": "no-store"}
    if not job.is_finished:
        headers["Retry-After"] = str(_POLL_S)
    return document(asked, _described(asked, job), JSON.media_type, headers)


def _seen(asked: Asked) -> Job:
    """The job of the path, if whoever asks may see what it holds."""
    text = asked.path_parameter("job")
    job = asked.service.queue.job(job_id(text))
    if Principal(job.actor, Role[job.role]).sees_private and not asked.principal.sees_private:
        raise UnknownJob(value=text)
    return job


def _results(asked: Asked) -> Response:
    """The file, or any part of it (RFC 9110, 14.2)."""
    require_known(asked.parameters, ("lang",))
    job = _seen(asked)
    if job.status is not Status.SUCCESSFUL or job.file_name is None:
        status = _STATUS_TITLES[job.status]
        raise JobNotFinished(value=str(job.id), status=status)
    path = asked.service.results.of(job.id) / job.file_name
    if not path.is_file():
        if job.place != asked.service.results.place:
            raise SetupFailed(
                reason=Text(
                    zh="结果在另一台服务器的文件夹里；各进程须共用 GEOSERVICE_DATA_DIR。",
                    en="The result is in the folder of another server; all processes must share "
                    "GEOSERVICE_DATA_DIR.",
                )
            )
        raise UnknownJob(value=str(job.id))
    headers = {
        "Content-Disposition": f'attachment; filename="{job.file_name}"',
        "Vary": VARY,
    }
    return FileResponse(path, media_type=job.media_type, headers=headers)


async def _deleted(asked: Asked, _request: Request) -> Response:
    """Cancel a job, or remove one that is finished with its result."""
    return await run_in_threadpool(_dismissed, asked)


def _dismissed(asked: Asked) -> Response:
    _require_own_page(asked)
    require_known(asked.parameters, _OWN_PARAMETERS)
    job = _seen(asked)
    service = asked.service
    if job.is_finished:
        service.queue.remove(job.id)
        service.results.remove(job.id)
        return Response(status_code=204)
    return document(asked, _described(asked, service.queue.dismiss(job.id)), JSON.media_type)


def _described(asked: Asked, job: Job) -> dict[str, Any]:
    own = f"{PATH}/{job.id}"
    links = [
        _link("self", asked.url(own), JSON.media_type),
        _link("alternate", asked.url(own, f=HTML.id), HTML.bare_type),
    ]
    if job.status is Status.SUCCESSFUL and job.media_type is not None:
        address = asked.url(f"{own}/results")
        links += [_link(rel, address, job.media_type) for rel in ("results", _RESULTS_RELATION)]
    return {
        "id": str(job.id),
        "status": job.status.value,
        "request": job.request,
        "progress": job.progress,
        "rows": job.rows,
        "total_rows": job.total_rows,
        "created": _instant(job.created_at),
        "started": _instant(job.started_at),
        "finished": _instant(job.finished_at),
        "expires": _instant(job.expires_at),
        "bytes": job.bytes,
        "problem": _problem(asked, job.problem),
        "links": links,
    }


def _problem(asked: Asked, problem: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Why it failed, as the answer to the request would have told it (RFC 9457)."""
    if problem is None:
        return None
    code = problem["code"]
    return {
        "type": f"{asked.base}/docs/errors/{code}",
        "title": problem["title"][asked.language],
        "status": status_of_code(code),
        "detail": problem["detail"][asked.language],
        "code": code,
        "lang": asked.language,
    }


def _link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "type": media_type.partition(";")[0], "href": href}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
