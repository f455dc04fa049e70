from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from office import heads as daily
from office.models import HistoryHead


class Command(BaseCommand):
    help = "Recompute the daily heads of the history and name the first day that is not what was sealed."

    def add_arguments(self, parser):
        parser.add_argument("--heads", type=Path, help="a copy of the file of heads that was kept elsewhere")

    def handle(self, *, heads: Path | None, **options):
        problems = self.problems(heads)
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"The history was tampered with: {problems[0]}", returncode=1)
        last = HistoryHead.objects.order_by("number").last()
        self.stdout.write(
            f"The history is as it was sealed, until {last.day}." if last else "Nothing sealed yet."
        )

    def problems(self, kept: Path | None) -> list[str]:
        try:
            return list(daily.problems(kept))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
