from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.command_line import acting_staff, run_numbered, what_is_next
from office.models import Origin


class Command(BaseCommand):
    help = "Sign the step a computed run waits for (review, audit), or send it back to who prepared it."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", required=True, help="who signs")
        parser.add_argument("--send-back", action="store_true")
        parser.add_argument("--reason", default="", help="needed to send back")

    def handle(self, *, run, username, send_back, reason, **options):
        run, by = run_numbered(run), acting_staff(username)
        try:
            if send_back:
                runs.send_back(run, by=by, origin=Origin.COMMAND_LINE, reason=reason)
            else:
                runs.approve(run, by=by, origin=Origin.COMMAND_LINE)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"run {run.pk}: {run.state}  {what_is_next(run)}".rstrip())
