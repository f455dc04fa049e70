"""What every page asks, remembered for each person for some seconds, and no longer than until they act.

Whatever somebody does makes all of theirs anew: each is kept under the moment of their last act, so that what
another of their pages works out meanwhile from before that act is never read again.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from redis import RedisError

from office.models import Staff

SECONDS = 20
ACTS_KEPT = 24 * 3600
SAFE = ("GET", "HEAD", "OPTIONS")


def remembered(request, name: str, work_out: Callable[[], object]):
    """What `work_out` gives, asked once a page at most."""
    kept = request.__dict__.setdefault("remembered", {})
    if name not in kept:
        kept[name] = _shared(request, name, work_out)
    return kept[name]


def _shared(request, name: str, work_out):
    if request.method not in SAFE:
        return work_out()
    try:
        key = f"{_last_act(request.user)}:{name}"
        found = cache.get(key)
        if found is None:
            found = work_out()
            cache.set(key, found, SECONDS)
    except RedisError:  # pages are read while the broker is away
        return work_out()
    return found


def _last_act(staff: Staff) -> str:
    return f"{_acts_of(staff)}:{cache.get(_acts_of(staff), 0)}"


def _acts_of(staff: Staff) -> str:
    return f"acts:{settings.CITY}:{staff.pk}"


def has_acted(staff: Staff) -> None:
    """From now on nothing remembered of this person counts."""
    try:
        cache.set(_acts_of(staff), time.time_ns(), ACTS_KEPT)
    except RedisError:
        return
