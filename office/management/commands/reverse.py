from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.command_line import acting_staff, run_numbered, what_is_next
from office.models import Origin


class Command(BaseCommand):
    help = "Ask for the reversal of a posted run: a run of its own, which others approve and post."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", required=True, help="who asks for it")
        parser.add_argument("--reason", required=True)

    def handle(self, *, run, username, reason, **options):
        run, by = run_numbered(run), acting_staff(username)
        try:
            reversal = runs.reverse(run, by=by, origin=Origin.COMMAND_LINE, reason=reason)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"run {reversal.pk}: reversal of run {run.pk}  amount {reversal.amount}")
        self.stdout.write(what_is_next(reversal))
