"""How Celery uses the broker, wherever that runs: a killed worker's task is done again, soon and once.

No broker setting makes a delivery exactly one, so runs do not rely on it: the database decides.
"""

import os
from urllib.parse import urlsplit

BROKER_OPTIONS = {
    # A task not acknowledged for so long is handed to another worker: longer than the longest task.
    "visibility_timeout": int(os.environ.get("CELERY_VISIBILITY_TIMEOUT", "3600")),
    # Look for such tasks every few seconds: kombu's own pace is a minute and a half.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}


def broker_url(redis_url: str) -> str:
    """Celery's form of a REDIS_URL: the two libraries write Unix sockets differently."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    return f"redis+socket://{parts.path}?{parts.query.replace('db=', 'virtual_host=')}"
