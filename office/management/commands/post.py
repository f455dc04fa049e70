from django.core.management.base import BaseCommand, CommandError

from office import runs
from office.chunks import post_chunks
from office.command_line import acting_staff, run_numbered, somebody_to_release
from office.models import Origin, RunState


class Command(BaseCommand):
    help = "Post an approved run, or go on posting one that was interrupted, and seal it."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--as", dest="username", help="who releases and posts it")

    def handle(self, *, run, username, **options):
        run = run_numbered(run)
        by = acting_staff(username) if username else somebody_to_release(run)
        try:
            if run.state != RunState.POSTING:
                runs.start_posting(run, by=by, origin=Origin.COMMAND_LINE)
            elif run.error:
                runs.try_again(run, by=by, origin=Origin.COMMAND_LINE)
            post_chunks(run.pk)
        except runs.RunRefused as refusal:
            raise CommandError(str(refusal)) from None
        run.refresh_from_db()
        if run.state == RunState.POSTING:
            raise CommandError(f"Run {run.pk} is being posted by another process, which will seal it.")
        self.stdout.write(f"run {run.pk}: {run.state}  rows {run.rows}  amount {run.amount}  seal {run.seal}")
