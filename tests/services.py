"""A pytest plugin: throw-away services of our own, up before Django reads its settings."""

import atexit
import contextlib
import os
import tempfile

from config.embedded import DATABASE, temporary_services
from config.processes import LOCALE
from office.city_schema import set_up_city_schema

CITY = "441600"

_services = contextlib.ExitStack()
atexit.register(_services.close)
postgres, _broker = _services.enter_context(temporary_services())
set_up_city_schema(postgres.conninfo(), city=CITY, database=DATABASE, locale=LOCALE)
os.environ.update(
    CITY=CITY,
    DEMO="1",
    DATABASE_URL=postgres.url(f"c{CITY}_app", DATABASE),
    DATABASE_OWNER_URL=postgres.url(f"c{CITY}", DATABASE),
    REDIS_URL=_broker.url,
    DATA_DIR=_services.enter_context(tempfile.TemporaryDirectory(prefix="gongji-uploads-")),
    # A killed worker's task comes back within seconds, so that tests need not wait.
    CELERY_VISIBILITY_TIMEOUT="5",
    LOG_LEVEL="WARNING",
)
