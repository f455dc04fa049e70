from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.command_line import acting_staff, run_numbered
from office.models import Origin


class Command(BaseCommand):
    help = "Compute a draft again: one that was sent back, or was refused when it was prepared."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", help="who has it computed (else nobody is named)")

    def handle(self, *, run, username, **options):
        run = run_numbered(run)
        by = acting_staff(username) if username else None
        try:
            runs.compute_again(run, by=by, origin=Origin.COMMAND_LINE)
            run = runs.compute(run.pk)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"run {run.pk}: {run.state}  rows {run.rows}  amount {run.amount}")
