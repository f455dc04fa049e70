from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.command_line import acting_staff, run_numbered
from office.models import Origin


class Command(BaseCommand):
    help = "Give a run up before any of it is posted; its period may then be run anew."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", required=True, help="who gives it up")
        parser.add_argument("--reason", required=True)

    def handle(self, *, run, username, reason, **options):
        run, by = run_numbered(run), acting_staff(username)
        try:
            runs.cancel(run, by=by, origin=Origin.COMMAND_LINE, reason=reason)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"run {run.pk}: {run.state}")
