"""A line when a task starts and one when it ends, under the number of the request that asked for it."""

import inspect
import logging
import time

from celery.signals import before_task_publish, task_postrun, task_prerun

from operations.logs import request_id

logger = logging.getLogger("gongji.task")


def listen() -> None:
    """Connect to Celery's signals; called once, when the portal starts."""
    before_task_publish.connect(_send_number)
    task_prerun.connect(_started)
    task_postrun.connect(_ended)


def _send_number(*, headers: dict, **_rest) -> None:
    headers["request_number"] = request_id.get()


def _started(*, task_id: str, task, args: list, kwargs: dict, **_rest) -> None:
    request_id.set(task.request.get("request_number") or task_id)
    task.request.began = time.monotonic()
    logger.info("started %s", task.name, extra={"fields": _fields(task, args, kwargs)})


def _ended(*, task, args: list, kwargs: dict, state: str, **_rest) -> None:
    seconds = round(time.monotonic() - task.request.began, 4)
    ending = {"state": state, "seconds": seconds}
    logger.info("ended %s", task.name, extra={"fields": _fields(task, args, kwargs) | ending})
    request_id.set("")


def _fields(task, args: list, kwargs: dict) -> dict:
    """The task and the numbers it was given: `run_id=12` becomes run 12."""
    given = inspect.signature(task.run).bind_partial(*args, **kwargs).arguments
    numbers = {name.removesuffix("_id"): value for name, value in given.items() if isinstance(value, int)}
    return {"task": task.name} | numbers
