"""How the lines of a run become transfers: the one way money moves in bulk."""

from django.utils.translation import gettext as _

from office.models import Run, RunChunk
from office.refusal import RunRefused
from office.statements import execute, fetch

# People per chunk: a transaction of a few hundred milliseconds, so that a killed worker loses little.
CHUNK_SIZE = 50_000


def clear_lines(run: Run) -> None:
    """Forget the lines of a draft, before it is computed again."""
    execute("accounts/clear_lines", run=run.pk)


def cut_into_chunks(run: Run) -> None:
    """Give a run's lines their chunk rows, each with the digest that binds posting to what was computed."""
    execute("accounts/chunks", run=run.pk)


def totals_of(run: Run) -> dict:
    """The run's lines by county and by status: {dimension: [[key, rows, yuan], …]}."""
    totals: dict[str, list] = {}
    for dimension, key, rows, amount in fetch("accounts/totals", run=run.pk):
        totals.setdefault(dimension, []).append([key, rows, str(amount)])
    return totals


def totals_by_level(run: Run) -> dict:
    """The lines of a run that pays facilities by their level, in the same form."""
    rows = fetch("accounts/totals_by_level", run=run.pk)
    return {"level": [[level, count, str(amount)] for level, count, amount in rows]}


def post_chunk(run: Run, chunk: RunChunk, *, statement: str = "accounts/post_chunk") -> str:
    """Insert a chunk's transfers and move the balances; return the digest of what was posted, and when.

    `statement` is another one for lines of a plainer kind.

    Raises RunRefused, and so posts nothing, when the lines are no longer those that were computed or name an
    account that is not there.
    """
    [(digest, posted_digest, accounts, amounts)] = fetch(
        statement,
        run=run.pk,
        chunk=chunk.number,
        first_line=chunk.first_line,
        last_line=chunk.last_line,
        month=run.booked_in.first_day,
    )
    if digest != chunk.digest:
        raise RunRefused(
            _("Chunk %(chunk)s of run %(run)s is not what was reviewed: its lines were changed.")
            % {"chunk": chunk.number, "run": run}
        )
    shared = accounts or []
    if execute("accounts/move_fund_balances", accounts=shared, amounts=amounts or []) != len(shared):
        raise RunRefused(_("Run %(run)s names an account that is not there.") % {"run": run})
    return posted_digest


def chunk_digest(run: Run, chunk: RunChunk) -> str:
    """The digest of everything a chunk has posted, as `verify_books` computes it again."""
    [(digest,)] = fetch("accounts/chunk_digest", run=run.pk, chunk=chunk.number)
    return digest
