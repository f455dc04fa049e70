"""What the schedule asks of this room."""

from celery import shared_task

from facilities.placements import show_this_month


@shared_task
def show_placements() -> None:
    """Placements entered for a later month are shown once it has come."""
    show_this_month()
