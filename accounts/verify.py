"""Proof of the books: everything the ledger promises, computed again from the transfers alone.

Each check names the first thing that is wrong; an edit made behind the portal's back, by whomever, shows in
one of them.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import account_seals, voucher_seals
from accounts.models import AccountSeal, BooksCheck, Voucher, VoucherSeal
from accounts.verify_adjustments import first_wrong_adjustment
from accounts.verify_credits import first_wrong_credit
from accounts.verify_interest import first_wrong_interest
from office.chunks import seal_of
from office.models import PolicyVersion, Run
from office.policy import sha256_of as sha256_of_text
from office.runs import many_rows, sha256_of, take_memory
from office.statements import fetch


@dataclass(frozen=True)
class Finding:
    """One check: `wrong` is empty when it holds, else names the first thing that is wrong; what it took."""

    check: str
    wrong: str
    seconds: float


def verify_books() -> Iterator[Finding]:
    """Run all checks, yielding each one's finding as it is known."""
    for label, first_wrong in CHECKS:
        started = time.perf_counter()
        with transaction.atomic(), many_rows():
            take_memory()
            wrong = first_wrong()
        yield Finding(str(label), wrong, round(time.perf_counter() - started, 2))


def _named(statement: str) -> str:
    rows = fetch(statement)
    return rows[0][0] if rows else ""


def _of_chunks(statement: str) -> str:
    """The first chunk that is wrong and, where one can be told, the first wrong row in it."""
    rows = fetch(statement)
    if not rows:
        return ""
    [(wrong, run, chunk)] = rows
    row = fetch("accounts/first_wrong_of_chunk", run=run, chunk=chunk)
    return f"{wrong}; first {row[0][0]}" if row else wrong


def _broken_chain() -> str:
    previous = ""
    for number, run in enumerate(Run.objects.exclude(seal="").order_by("seal_number"), start=1):
        if run.seal_number != number:
            return f"run {run.pk}: seal number {run.seal_number} follows {number - 1}"
        if run.seal != seal_of(run, previous=previous):
            return f"run {run.pk}: seal {run.seal_number} does not match what it seals"
        previous = run.seal
    return ""


def _other_inputs() -> str:
    """What a run was computed from: its rules, its lines, and what its totals say of them."""
    for version in PolicyVersion.objects.order_by("pk"):
        if sha256_of_text(version.document) != version.sha256:
            return f"policy version {version.pk}: its text is not the one its hash was taken of"
    runs = {run.pk: run for run in Run.objects.exclude(seal="").select_related("policy").order_by("pk")}
    for run in runs.values():
        digests = run.chunks.order_by("number").values_list("digest", flat=True)
        if run.input_hash != sha256_of(run.policy.sha256, *digests):
            return f"run {run.pk}: its rules or lines are not those it was computed from"
    found: dict[tuple[int, str], list] = {}
    for number, dimension, key, rows, amount in fetch("accounts/lines_by_totals"):
        found.setdefault((number, dimension), []).append([key, rows, str(amount)])
    for (number, dimension), rows in sorted(found.items()):
        if number in runs and sorted(runs[number].totals.get(dimension, [])) != sorted(rows):
            return f"run {number}: its totals by {dimension} are not those of its lines"
    return ""


def _lost_source() -> str:
    for source in Voucher.objects.order_by("source").values_list("source", flat=True).distinct():
        try:
            known = apps.get_model(source).objects.values("pk")
        except (LookupError, ValueError):
            known = Voucher.objects.none().values("pk")
        lost = Voucher.objects.filter(source=source).exclude(source_id__in=known).order_by("pk").first()
        if lost is not None:
            return f"voucher {lost.pk}: {source} {lost.source_id} is not there"
    return ""


def _lost_seals() -> str:
    """The end of a chain can be cut off without a trace in it: earlier checks have noted how far it went."""
    for check in BooksCheck.objects.order_by("pk"):
        if check.run_seal and not Run.objects.filter(seal=check.run_seal).exists():
            return f"the last seal of a run noted by check {check.pk} is not there any more"
        if check.voucher_seal and not VoucherSeal.objects.filter(digest=check.voucher_seal).exists():
            return f"the last seal of vouchers noted by check {check.pk} is not there any more"
        if check.account_seal and not AccountSeal.objects.filter(digest=check.account_seal).exists():
            return f"the last seal of accounts noted by check {check.pk} is not there any more"
    return ""


CHECKS: list[tuple[str, Callable[[], str]]] = [
    (_("Every balance equals its transfers"), partial(_named, "accounts/verify_balances")),
    (_("No personal account is below zero"), partial(_named, "accounts/verify_negative")),
    (_("Nothing moved on an account after it was closed"), partial(_named, "accounts/verify_closed")),
    (_("Every reversal mirrors its transfer"), partial(_named, "accounts/verify_reversals")),
    (_("Every month is credited at most once"), partial(_named, "accounts/verify_credited_once")),
    (_("Every credit is what the rules give"), first_wrong_credit),
    (_("Every adjustment is what was due, less what was credited"), first_wrong_adjustment),
    (_("All interest is what the days of the account give"), first_wrong_interest),
    (
        _("Every transfer belongs to a run that was posted"),
        partial(_named, "accounts/verify_runs_of_transfers"),
    ),
    (
        _("Every transfer is in its run's month, and came before it was closed"),
        partial(_named, "accounts/verify_months"),
    ),
    (_("Every posted chunk is as it was posted"), partial(_of_chunks, "accounts/verify_chunks")),
    (
        _("Every chunk was posted when its transfers were"),
        partial(_named, "accounts/verify_chunk_times"),
    ),
    (
        _("The lines of posted runs are those that were approved"),
        partial(_of_chunks, "accounts/verify_lines"),
    ),
    (_("Every run's totals equal its chunks"), partial(_named, "accounts/verify_totals")),
    (_("Every run was computed from the rules and lines it names"), _other_inputs),
    (_("Every reversed run has its reversal"), partial(_named, "accounts/verify_reversed")),
    (_("The seals of all runs form one chain"), _broken_chain),
    (_("Every voucher is what its transfers are"), partial(_named, "accounts/verify_vouchers")),
    (
        _("Every receipt of the fund is booked as it was agreed to"),
        partial(_named, "accounts/verify_receipts"),
    ),
    (_("What every voucher belongs to is there"), _lost_source),
    (_("The seals of all vouchers form one chain"), voucher_seals.first_broken_seal),
    (_("Accounts moved with merged records alone"), partial(_named, "accounts/verify_moved_accounts")),
    (_("Every account is whose it was when it was sealed"), account_seals.first_broken_seal),
    (_("No seal noted by an earlier check is missing"), _lost_seals),
]
