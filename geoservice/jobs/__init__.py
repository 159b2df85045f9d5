"""Files that are written in the background: asked for now, fetched later.

A queue in the database, which every process of the service shares, and workers, which write into a
folder. What a job's request means is told to them by the door; they know no HTTP and no format.
"""

from geoservice.jobs.job import Job, Progress, Result, Status
from geoservice.jobs.queue import Queue, QueueLimits, job_id
from geoservice.jobs.results import Results
from geoservice.jobs.worker import Worker

__all__ = [
    "Job",
    "Progress",
    "Queue",
    "QueueLimits",
    "Result",
    "Results",
    "Status",
    "Worker",
    "job_id",
]
