"""One line for each page served, and the number of the request in it and in the response.

Pages are named by their route, never by the address asked for: addresses carry what people search for.
"""

import logging
import re
import time
import uuid

from django.conf import settings
from django.db import Error

from operations.logs import request_id

logger = logging.getLogger("gongji.page")
A_PROXYS = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


class RequestLogMiddleware:
    """Numbers each request, or takes the proxy's number where a proxy is configured."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        number = given if A_PROXYS.fullmatch(given) else uuid.uuid4().hex
        before, began = request_id.set(number), time.monotonic()
        try:
            response = self.get_response(request)
            if not request.path_info.startswith(settings.STATIC_URL):
                _log(request, response, seconds=time.monotonic() - began)
        finally:
            request_id.reset(before)
        response.headers["X-Request-ID"] = number
        return response


def _log(request, response, *, seconds: float) -> None:
    match = request.resolver_match
    route = match.route if match else "(no such page)"
    fields = {"route": route, "status": response.status_code, "seconds": round(seconds, 4)}
    if staff := _staff(request):
        fields["staff"] = staff
    record = str(match.kwargs.get("object_id", "")) if match else ""
    if record.isdecimal() and len(record) < 11:
        fields["record"] = int(record)
    logger.info("%s /%s", request.method, route, extra={"fields": fields})


def _staff(request) -> int | None:
    """Who asked, by number; unknown when the database could not say."""
    try:
        return getattr(getattr(request, "user", None), "pk", None)
    except Error:
        return None
