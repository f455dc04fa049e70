"""Bring everything that is sealed under an older key under the current one."""

from django.conf import settings
from django.core.management.base import BaseCommand

from office import rotation
from office.sealing import current_key


class Command(BaseCommand):
    help = (
        "Reseal values and stored files under the first key of FIELD_KEYS, in batches. It may be stopped and"
        " repeated; an older key may go when nothing is left under it. See docs/keys.md."
    )

    def add_arguments(self, parser):
        parser.add_argument("--batch", type=int, default=5000, help="Rows in one transaction.")

    def handle(self, *, batch, **options):
        for column, row in settings.SEALED_COLUMNS.items():
            resealed = 0
            for rows in rotation.reseal(column, row=row, batch=batch):
                resealed += rows
                self.stdout.write(f"{column}: {resealed} resealed")
        files = rotation.reseal_uploads()
        again = rotation.check_waiting_imports()
        self.stdout.write(f"stored files: {files} resealed; imports checked again: {again}")
        left = {column: rotation.left_behind(column) for column in settings.SEALED_COLUMNS}
        for column, rows in left.items():
            if rows:
                self.stdout.write(f"{column}: {rows} still under an older key; repeat the command")
        if not any(left.values()):
            self.stdout.write(f"Everything is under key {current_key()}.")
