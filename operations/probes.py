"""What monitors ask. Answered before everything else, so that neither the database, a redirect to HTTPS nor
the name they ask by stands in the way; and without sign-in, so that nothing worth knowing is in it.
"""

import hmac

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import never_cache

from operations.health import Status, examine, serves
from operations.metrics import exposition


@never_cache
def live(request):
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": Status.OK})


@never_cache
def health(request):
    """How each part is, in a word. 503 while pages cannot be served."""
    parts = examine()
    ready = serves(parts)
    well = all(part.status == Status.OK for part in parts.values())
    return JsonResponse(
        {
            "status": Status.OK if well else Status.LATE if ready else Status.DOWN,
            "parts": {name: part.status for name, part in parts.items()},
        },
        status=200 if ready else 503,
    )


@never_cache
def metrics(request):
    """Figures for Prometheus, for who knows METRICS_TOKEN; without one there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound()
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


PROBES = {"/health/live": live, "/health/": health, "/health": health, "/metrics": metrics}


class ProbesMiddleware:
    """Answers the probes; must be the first."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)
