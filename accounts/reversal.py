"""Giving back what a run posted, transfer by transfer; what was spent meanwhile becomes a receivable."""

from django.utils.translation import gettext as _

from accounts.models import Account, RunLine
from accounts.posting import chunk_digest, clear_lines, cut_into_chunks, post_chunk, totals_of
from accounts.run_lines import lines_page
from office.kinds import Computed, RunKind
from office.models import Run, RunChunk, RunKindName
from office.refusal import RunRefused
from office.statements import execute


def compute(run: Run) -> Computed:
    """The mirrored lines of the run that is reversed. Raises RunRefused where an account is closed."""
    clear_lines(run)
    execute("accounts/reversal_lines", run=run.pk, reversed=run.reverses_id)
    _demand_open(run)
    cut_into_chunks(run)
    return Computed(totals=totals_of(run))


def _demand_open(run: Run) -> None:
    taken_from = RunLine.objects.filter(run_id=run.pk).values("debit_id")
    closed = (
        Account.objects.filter(closed_on__isnull=False, pk__in=taken_from).select_related("person").first()
    )
    if closed is not None:
        raise RunRefused(
            _("The account of %(person)s was closed since, on %(day)s: undo its closing first.")
            % {"person": closed.person, "day": closed.closed_on}
        )


def post(run: Run, chunk: RunChunk) -> str:
    """Post a chunk of the mirror, after booking what cannot be taken back as recoverable.

    The accounts are held first: what is spent while the reversal runs must not slip between the two.
    """
    lines = {"run": run.pk, "first_line": chunk.first_line, "last_line": chunk.last_line}
    execute("accounts/lock_people", **lines)
    execute("accounts/open_receivables", **lines)
    execute("accounts/recover_spent", chunk=chunk.number, month=run.booked_in.first_day, **lines)
    post_chunk(run, chunk)
    return chunk_digest(run, chunk)


REVERSAL = RunKind(name=RunKindName.REVERSAL, compute=compute, post_chunk=post, page=lines_page)
