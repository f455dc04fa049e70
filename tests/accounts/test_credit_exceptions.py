"""What is listed before a month's credits are posted: who is left out, and who has become something else."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.late_news import differences
from insured import endings, spells
from office import runs
from office.models import Threshold
from office.refusal import RunRefused
from policies.month import Month
from tests.accounts.test_credit_run import balance, prepared
from tests.cities import rules_of
from tests.population import insure, member, posted

pytestmark = pytest.mark.django_db
BY = {"by": None, "reason": "证明材料"}
DECEMBER, JANUARY, FEBRUARY, MARCH = (Month(2022, 12) + months for months in range(4))


def listed(run) -> dict:
    return {e.person_id: " ".join(filter(None, (e.code, e.detail, e.article))) for e in run.exceptions.all()}


def test_who_is_left_out_or_has_become_something_else_since_the_month_before():
    clerk = member("clerk")
    suspended, died, ended, raised, slightly, freed, hurt, never = (insure() for _each in range(8))
    never.enrolments.update(status="inpatient_only")
    spells.suspend(suspended, month=MARCH, **BY)
    endings.end(died, kind="died", day=date(2023, 2, 1), **BY)
    endings.end(ended, kind="conscripted", day=date(2023, 2, 9), **BY)
    spells.change(raised, month=MARCH, base=Decimal("9000"), **BY)
    spells.change(slightly, month=MARCH, base=Decimal("5900"), **BY)
    spells.change(freed, month=MARCH, status="inpatient_only", **BY)
    spells.change(hurt, month=MARCH, status="injury_paid", **BY)
    posted(prepared(clerk, period=FEBRUARY))
    told = {
        suspended.pk: "suspended",
        died.pk: "died",
        ended.pk: "suspended",
        freed.pk: "no_account active → inpatient_only 7(4)",
        hurt.pk: "status_changed active → injury_paid 7(2)",
    }
    run = prepared(clerk, period=MARCH)
    assert listed(run) == told | {raised.pk: "base_changed 5000.00 → 9000.00 7(1)"}
    Threshold.objects.filter(kind="credit", dimension="base").update(percent=None)
    runs.send_back(run, by=member("reviewer"), origin="page", reason="重算")
    assert listed(runs.compute(run.pk)) == told
    # What was listed is credited all the same where there is something to credit, and told once.
    posted(run)
    assert (balance(raised), balance(hurt)) == (Decimal("280.00"), Decimal("200.00"))
    assert listed(prepared(clerk, period=MARCH + 1)) == {}


def test_who_retires_in_december_is_credited_as_retired_from_january_by_itself():
    clerk, person = member("clerk"), insure(first="2022-08")
    spells.retire(person, completed=DECEMBER, group="enterprise", **BY)
    posted(prepared(clerk, period=DECEMBER))
    january = posted(prepared(clerk, period=JANUARY))
    assert listed(january) == {person.pk: "status_changed active → retired 7(3)"}
    assert balance(person) == Decimal("202.79")
    assert listed(posted(prepared(clerk, period=FEBRUARY))) == {}


def test_of_two_schemes_each_credits_and_adjusts_its_own_months():
    clerk, person = member("clerk"), insure()
    rules_of("shaoguan")  # residents, who have no accounts
    posted(prepared(clerk, period=FEBRUARY))
    spells.suspend(person, month=FEBRUARY, **BY)
    person.enrolments.create(scheme="390", status="resident", county=person.county, first_month=FEBRUARY)
    assert listed(prepared(clerk, period=MARCH)) == {}
    assert [(str(row.month), row.adjustment) for row in differences(scheme="310")] == [
        ("2023-02", Decimal("-100.00"))
    ]
    assert differences(scheme="390") == []
    for kind in ("credit", "adjustment"):
        with pytest.raises(RunRefused):
            prepared(clerk, kind=kind, period=MARCH, scheme="390")
    posted(prepared(clerk, kind="adjustment", period=MARCH))
    assert balance(person) == Decimal("0.00")
