"""From what is proposed, a temporary table filled by a statement, to a run's lines and exceptions."""

from django.db import connection

from accounts.models import AccountKind
from accounts.posting import CHUNK_SIZE, clear_lines, cut_into_chunks, totals_of
from accounts.vouchers import account_of
from office.kinds import Computed
from office.models import Run
from office.policy import notices_of
from office.statements import execute


def compute(run: Run, statement: str, parameters: dict) -> Computed:
    """Make the run's lines and exceptions of what the statement, given the parameters, proposes."""
    clear_lines(run)
    for source in (AccountKind.POOL, AccountKind.CONTRIBUTION):
        account_of(None, scheme=run.scheme, kind=source)  # opened when first asked for
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists proposed")
    execute(statement, **parameters)
    execute("accounts/proposed_accounts", scheme=run.scheme)
    execute("accounts/proposed_lines", run=run.pk, scheme=run.scheme, chunk_size=CHUNK_SIZE)
    execute("accounts/proposed_exceptions", run=run.pk)
    cut_into_chunks(run)
    return Computed(totals=totals_of(run), notices=notices_of(run, section="accounts"))
