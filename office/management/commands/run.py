from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import get_language

from office import runs
from office.command_line import acting_staff, add_period_arguments, chosen_period, chosen_scheme
from office.models import YEARLY_KINDS, Origin, RunKindName
from office.policy import NoPolicy


class Command(BaseCommand):
    help = "Prepare and compute a run; prints its number and totals. It then waits for review."

    def add_arguments(self, parser):
        parser.add_argument(
            "kind", choices=[kind for kind in RunKindName.values if kind != RunKindName.REVERSAL]
        )
        add_period_arguments(parser)
        parser.add_argument("--as", dest="username", help="who prepares it (else nobody is named)")

    def handle(self, *, kind, scheme, month, year, username, **options):
        period = chosen_period(kind in YEARLY_KINDS, month=month, year=year)
        by = acting_staff(username) if username else None
        try:
            run = runs.prepare(
                kind=kind, scheme=chosen_scheme(scheme), period=period, by=by, origin=Origin.COMMAND_LINE
            )
            run = runs.compute(run.pk)
        except (runs.RunRefused, NoPolicy) as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"run {run.pk}: {run.kind} {run.scheme} {run.period_label}")
        self.stdout.write(f"rows {run.rows}  amount {run.amount}  exceptions {run.exceptions.count()}")
        for dimension, rows in run.totals.items():
            for key, count, amount in rows:
                self.stdout.write(f"  {dimension} {key}: {count} rows, {amount}")
        for notice in run.notices:
            text = notice["zh" if get_language().startswith("zh") else "en"]
            self.stdout.write(f"notice ({notice['article']}): {text}")
