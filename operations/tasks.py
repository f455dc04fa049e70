"""Background work that keeps the portal itself."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from operations.backup import back_up
from operations.models import Heartbeat

FORGOTTEN = timedelta(days=7)


@shared_task(bind=True)
def heartbeat(self) -> None:
    """Leave a sign that beat asks and that this worker does what it is asked."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(worker=self.request.hostname or "", defaults={"at": now})
    Heartbeat.objects.filter(at__lt=now - FORGOTTEN).delete()


@shared_task
def take_backup() -> None:
    back_up()
