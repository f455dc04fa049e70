"""The background worker's application: `celery -A config worker`, `celery -A config beat`."""

import logging.config
import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gongji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_the_pages_do(**_of_celery):
    """Worker and beat write the lines that settings ask for, not Celery's own."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
