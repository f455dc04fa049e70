"""What digests do not tell: adjustments and interest that never were what they should have been."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from accounts import applications
from accounts.applications import Payee
from accounts.models import Account, Application, RunLine
from accounts.proving import prove_books
from insured import merging, spells
from insured.endings import end
from insured.models import PersonChangeKind
from insured.recording import undo
from office import periods, runs
from office.models import Run
from policies.month import Month
from tests.accounts.test_accounts_model import STATED, UNSTATED
from tests.accounts.test_applications import CARD, EMIGRATION
from tests.accounts.test_verify_books import as_superuser, wrong
from tests.cities import rules_of
from tests.population import insure, member, posted

BY = {"by": None, "reason": "材料"}
# What is changed, and what must be said of it.
TAMPERINGS = {
    "update accounts_runline set credited = 1 where id = {line}": "{named} was credited 100.00",
    "update accounts_runline set status = 'retired' where id = {line}": "{named}: 40.00 from contribution",
    "update accounts_runline set base = 2050 where id = {line}": "{named}: 40.00 from contribution",
    "update accounts_runline set amount = 61 where id = {line}": "{named}: 39.00 from contribution",
    "update accounts_transfer set amount = 199 where run_id = {first}": "was paid 0.32 of interest",
    "update accounts_runline set amount = 9 where run_id = {interest}": "was paid 9.00 of interest",
    "delete from accounts_runline where run_id = {interest}": "was paid 0 of interest",
    "update accounts_transfer set amount = 1 where kind = 'closing_interest'": "{closing}: it paid 1.00",
    "update accounts_application set done_on = done_on - 30": "{closing}: it paid",
    "update accounts_account set person_id = {dropped} where person_id = {kept}": "moved to {kept}",
}


@pytest.fixture
def books(committed):
    """2023: two months credited, one adjusted, a year's interest; somebody left, and closed the account."""
    rules_of("heyuan", change=(UNSTATED, UNSTATED + STATED))
    clerk, finance = member("clerk"), member("finance_accountant")

    def run(kind: str, month: Month):
        prepared = runs.prepare(kind=kind, scheme="310", period=month, by=clerk, origin="page")
        return posted(runs.compute(prepared.pk))

    paid_less, leaves, twice = (insure(first="2023-11") for _each in range(3))
    run("credit", Month(2023, 11)), run("credit", Month(2023, 12))
    spells.change(paid_less, month=Month(2023, 12), base=Decimal("2000.00"), **BY)
    run("adjustment", Month(2023, 12))
    periods.close(Month(2023, 12), by=finance, origin="page")
    # 100.00 × 31 days, then 140.00 or 200.00 × 1 day, at 3.60 %: 0.324 and 0.33
    interest = run("interest", Month(2023, 1))
    amounts = (
        RunLine.objects.filter(run_id=interest.pk).order_by("credit_id").values_list("amount", flat=True)
    )
    assert list(amounts) == [Decimal("0.32"), Decimal("0.33"), Decimal("0.33")]
    for person in (leaves, twice):
        end(person, kind=PersonChangeKind.EMIGRATED, day=date(2023, 12, 5), **BY)
    asked = applications.apply(
        Account.objects.get(person=leaves),
        kind="emigration",
        way="person",
        evidence=EMIGRATION,
        payees=[Payee(name=leaves.name, bank_name="工商银行", bank_account=CARD)],
        by=clerk,
    )
    applications.sign(applications.sign(asked, by=member("reviewer")), by=finance)
    return twice


def test_wrong_adjustments_interest_and_owners_are_found(books):
    dropped, kept = books, insure(first="2024-06")
    account = Account.objects.get(person=dropped)
    assert prove_books(origin="schedule").wrong == 0
    merging.merge(kept=kept, dropped=dropped, **BY)
    account.refresh_from_db()
    assert account.person == kept
    assert wrong() == []
    undo(kept.changes.get(kind="merged"), **BY)
    account.refresh_from_db()
    assert account.person == dropped
    assert wrong() == []
    merging.merge(kept=kept, dropped=dropped, **BY)
    line, closing = RunLine.objects.get(kind="adjustment"), Application.objects.get()
    fill = {
        "line": line.pk,
        "named": f"run {line.run_id}, line {line.pk}: 2023-12",
        "first": Run.objects.get(kind="credit", period=Month(2023, 11)).pk,
        "interest": Run.objects.get(kind="interest").pk,
        "closing": f"application {closing.pk}",
        "kept": kept.pk,
        "dropped": dropped.pk,
    }
    missed = {}
    with as_superuser() as cursor:
        for tampering, named in TAMPERINGS.items():
            with transaction.atomic():
                cursor.execute(tampering.format(**fill))
                found = wrong()
                transaction.set_rollback(True)
            if not any(named.format(**fill) in text for text in found):
                missed[tampering] = found
    assert not missed
    assert wrong() == []
