from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.command_line import acting_staff, run_numbered
from office.models import Origin


class Command(BaseCommand):
    help = "Reverse a posted run: every transfer goes back, and the period may be run again."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", required=True, help="who reverses it")
        parser.add_argument("--reason", required=True)

    def handle(self, *, run, username, reason, **options):
        run, by = run_numbered(run), acting_staff(username)
        try:
            reversal = runs.reverse(run, by=by, origin=Origin.COMMAND_LINE, reason=reason)
            runs.post_chunks(reversal.pk)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        run.refresh_from_db()
        reversal.refresh_from_db()
        self.stdout.write(f"run {run.pk}: {run.state} by run {reversal.pk}  amount {reversal.amount}")
