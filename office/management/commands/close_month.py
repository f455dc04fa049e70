from django.core.management.base import BaseCommand, CommandError

from office import periods
from office.command_line import acting_staff
from office.models import Origin
from office.refusal import PeriodRefused
from policies.month import Month


class Command(BaseCommand):
    help = "Close the books of a month, or open the month closed last again."

    def add_arguments(self, parser):
        parser.add_argument("--month", required=True, help="YYYY-MM")
        parser.add_argument("--as", dest="username", required=True, help="who closes it")
        parser.add_argument("--reopen", action="store_true", help="open it again instead; needs --reason")
        parser.add_argument("--reason", default="")

    def handle(self, *, month, username, reopen, reason, **options):
        by = acting_staff(username)
        try:
            month = Month.parse(month)
            if reopen:
                periods.reopen(month, by=by, origin=Origin.COMMAND_LINE, reason=reason)
            else:
                periods.close(month, by=by, origin=Origin.COMMAND_LINE)
        except (PeriodRefused, ValueError) as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"books closed through {periods.closed_through()}")
