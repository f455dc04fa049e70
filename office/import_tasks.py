"""Background work on imports; carries the import's number only."""

from celery import shared_task

from office import imports
from office.models import ImportFile


@shared_task
def check_import(import_id: int) -> None:
    imports.check(ImportFile.objects.get(pk=import_id))
