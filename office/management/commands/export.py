from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from office.command_line import add_period_arguments, chosen_period, chosen_scheme
from office.kinds import kind_of
from office.models import YEARLY_KINDS, Run, RunKindName, RunState
from office.runs import LIVE
from office.tables import WRITERS

TABLES = {
    "credit_roll": RunKindName.CREDIT,
    "prepayments": RunKindName.PREPAYMENT,
    "clearing": RunKindName.CLEARING,
    "year_end": RunKindName.YEAR_END,
    "carry_over": RunKindName.CARRY_OVER,
}


class Command(BaseCommand):
    help = "Write the table of a period's run to a file: posted, or as far as the run has come."

    def add_arguments(self, parser):
        parser.add_argument("table", choices=TABLES)
        add_period_arguments(parser)
        parser.add_argument("--output", type=Path, required=True, help="FILE.xlsx or FILE.csv")

    def handle(self, *, table, scheme, month, year, output, **options):
        kind = TABLES[table]
        write = WRITERS.get(output.suffix.lower().lstrip("."))
        if write is None:
            raise CommandError("--output takes a file that ends in .xlsx or .csv.")
        period = chosen_period(kind in YEARLY_KINDS, month=month, year=year)
        run = Run.objects.filter(LIVE, kind=kind, scheme=chosen_scheme(scheme), period=period).first()
        if run is None or run.state == RunState.DRAFT:
            raise CommandError(f"There is no computed {kind} run of {month or year}.")
        try:
            with output.open("wb") as file:
                rows = write(kind_of(run).export(run), file)
        except OSError as error:
            raise CommandError(f"Cannot write {output}: {error.strerror}") from None
        self.stdout.write(f"run {run.pk} ({run.state}): {rows} rows written to {output}")
