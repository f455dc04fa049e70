"""`manage.py backup`: take a backup now."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.backup import BackupFailed, back_up


class Command(BaseCommand):
    help = "Back up the tables and the uploads into a new folder; the oldest beyond BACKUP_KEEP are removed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="where to put it (default: BACKUP_DIR)")

    def handle(self, *, to: Path | None, **options) -> None:
        """Raises CommandError with the reason when there is no backup."""
        try:
            backup = back_up(to=to)
        except BackupFailed as error:
            raise CommandError(f"There is no backup: {error}") from error
        self.stdout.write(
            f"{backup.place}/{backup.name}\n"
            f"  {backup.rows} rows, {backup.files} uploads, {backup.size / 2**20:.1f} MB, "
            f"{'encrypted' if backup.encrypted else 'not encrypted: BACKUP_KEY is not set'}"
        )
