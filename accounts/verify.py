"""Proof of the books: everything the ledger promises, computed again from the transfers alone.

Each check names the first thing that is wrong; an edit made behind the portal's back, by whomever, shows in
one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from office.chunks import seal_of
from office.models import Run
from office.runs import many_rows
from office.statements import fetch

STATEMENTS = {
    "accounts/verify_balances": _("Every balance equals its transfers"),
    "accounts/verify_negative": _("No personal account is below zero"),
    "accounts/verify_reversals": _("Every reversal mirrors its transfer"),
    "accounts/verify_credited_once": _("Every month is credited at most once"),
    "accounts/verify_runs_of_transfers": _("Every transfer belongs to a run that was posted"),
    "accounts/verify_months": _("Every transfer is in its run's month, and came before it was closed"),
    "accounts/verify_chunks": _("Every posted chunk is as it was posted"),
    "accounts/verify_totals": _("Every run's totals equal its chunks"),
}


@dataclass(frozen=True)
class Finding:
    """One check: `wrong` is empty when it holds, else names the first thing that is wrong."""

    check: str
    wrong: str


def verify_books() -> Iterator[Finding]:
    """Run all checks, yielding each one's finding as it is known."""
    for name, check in STATEMENTS.items():
        with transaction.atomic(), many_rows():
            rows = fetch(name)
        yield Finding(str(check), rows[0][0] if rows else "")
    yield Finding(str(_("The seals of all runs form one chain")), _broken_seal())


def _broken_seal() -> str:
    previous = ""
    for number, run in enumerate(Run.objects.exclude(seal="").order_by("seal_number"), start=1):
        if run.seal_number != number:
            return f"run {run.pk}: seal number {run.seal_number} follows {number - 1}"
        if run.seal != seal_of(run, previous=previous):
            return f"run {run.pk}: seal {run.seal_number} does not match what it seals"
        previous = run.seal
    return ""
