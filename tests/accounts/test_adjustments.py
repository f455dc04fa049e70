"""Late news becomes entries of the open month: what is due is credited, what was too much taken back."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.late_news import differences
from accounts.models import Account, RunLine, Transfer
from accounts.verify import verify_books
from insured import endings, spells
from office import periods, runs, versions
from office.kinds import kind_of
from office.models import County
from office.refusal import RunRefused
from policies.month import Month
from tests.accounts.test_credit_run import balance, prepared
from tests.cities import rules_of
from tests.population import approved, insure, member, posted, released, spend

pytestmark = pytest.mark.django_db
BY = {"by": None, "reason": "证明材料"}
NOVEMBER, DECEMBER, JANUARY, FEBRUARY = (Month(2023, 11) + months for months in range(4))


@pytest.fixture
def clerk():
    return member("clerk")


def credited(clerk, *months: Month) -> None:
    for month in months:
        posted(prepared(clerk, period=month))


def adjusted(clerk, month: Month = FEBRUARY):
    return prepared(clerk, kind="adjustment", period=month)


def entries(person) -> list[tuple]:
    """The adjustments of a person: for which month, from or to which account, how much."""
    moved = Transfer.objects.filter(kind="adjustment").select_related("debit", "credit").order_by("id")
    return [
        (str(t.covers), t.debit.kind, str(t.amount))
        if t.credit.person_id
        else (str(t.covers), t.credit.kind, f"-{t.amount}")
        for t in moved
        if person.pk in (t.credit.person_id, t.debit.person_id)
    ]


def clean() -> bool:
    return not [finding for finding in verify_books() if finding.wrong]


def test_news_over_a_year_end_is_settled_in_the_open_month_and_only_once(clerk):
    retiring, dying, raised, late, moved = (insure(first="2023-01") for _each in range(5))
    late.enrolments.update(first_month=FEBRUARY)
    credited(clerk, NOVEMBER, DECEMBER, JANUARY)
    spells.retire(retiring, completed=DECEMBER, group="enterprise", **BY)
    endings.end(dying, kind="died", day=date(2023, 12, 1), **BY)
    spells.change(raised, month=DECEMBER, last=DECEMBER, base=Decimal("6000"), **BY)
    late.enrolments.update(first_month=DECEMBER)
    elsewhere = County.objects.get(code="441621")
    spells.change(moved, month=DECEMBER, county=elsewhere, **BY)  # another county, the same credit

    run = adjusted(clerk)
    shown = kind_of(run).page(run, 0, 50)
    assert [(row[1], row[2], str(row[7]), row[8].split()[-1]) for row in shown.rows][:3] == [
        (retiring.name, "2024-01", "-100.00", "2024-01"),
        (retiring.name, "2024-01", "102.79", "2024-01"),
        (dying.name, "2024-01", "-100.00", "2023-12-01"),
    ]
    posted(run)
    assert run.rows == 6
    assert entries(retiring) == [("2024-01", "contribution", "-100.00"), ("2024-01", "pool", "102.79")]
    assert entries(dying) == [("2024-01", "contribution", "-100.00")]  # December, the month of death, stays
    assert entries(raised) == [("2023-12", "contribution", "20.00")]
    assert entries(late) == [("2023-12", "contribution", "100.00"), ("2024-01", "contribution", "100.00")]
    assert entries(moved) == []
    assert {t.month for t in Transfer.objects.filter(kind="adjustment")} == {FEBRUARY}
    assert (balance(retiring), balance(dying)) == (Decimal("302.79"), Decimal("200.00"))
    assert differences(scheme="310") == []
    credited(clerk, FEBRUARY)
    again = adjusted(clerk, FEBRUARY + 1)
    assert (again.rows, again.exceptions.count()) == (0, 0)
    assert (balance(raised), balance(late)) == (Decimal("420.00"), Decimal("300.00"))
    assert clean()


def test_what_the_account_no_longer_holds_becomes_a_receivable_and_may_be_given_back(clerk):
    person = insure(first="2023-01")
    credited(clerk, NOVEMBER, DECEMBER)
    spend(person, "170.00")
    endings.end(person, kind="died", day=date(2023, 11, 1), **BY)
    run = posted(adjusted(clerk))
    receivable = Account.objects.get(kind="receivable", person=person)
    assert (balance(person), receivable.shown_balance) == (Decimal("0.00"), Decimal("70.00"))
    assert differences(scheme="310") == []
    assert clean()
    posted(runs.reverse(run, by=member("reviewer"), origin="page", reason="死亡日期有误"))
    receivable.refresh_from_db()
    assert (balance(person), receivable.shown_balance) == (Decimal("30.00"), Decimal("0.00"))
    [news] = differences(scheme="310")
    assert (str(news.month), news.adjustment) == ("2023-12", Decimal("-100.00"))
    assert clean()


def test_a_figure_entered_late_is_adjusted_and_what_the_rules_cannot_tell_is_held(clerk):
    officer = member("policy_officer")
    rules_of("shijiazhuang")
    retired = insure(status="retired", base=None, group="enterprise")
    unknown = insure(base="4000.00")
    credited(clerk, NOVEMBER, DECEMBER)
    unknown.enrolments.update(base=None)
    version = versions.enter_figure(
        scheme="310",
        value="retired_monthly_credit",
        first_month=DECEMBER,
        article="5",
        figure={"enterprise": Decimal("84.50"), "institution": Decimal("101.25")},
        source="notice",
        by=officer,
    )
    versions.submit(version, by=officer)
    versions.approve(version, by=member("reviewer"))
    run = posted(adjusted(clerk))
    assert entries(retired) == [("2023-12", "pool", "84.50")]
    held = run.exceptions.values_list("code", "person_id", "article")
    assert list(held) == [("no_base", unknown.pk, "4")] * 2


def test_a_month_closed_without_credits_is_made_up_and_its_run_comes_no_more(clerk):
    person = insure(first="2023-01")
    finance = member("finance_accountant")
    periods.close(DECEMBER, by=finance, origin="page")
    run = posted(adjusted(clerk))
    assert entries(person) == [("2023-12", "contribution", "100.00")]
    periods.reopen(DECEMBER, by=finance, origin="page", reason="补记")
    with pytest.raises(RunRefused, match=f"#{run.pk} "):
        prepared(clerk, period=DECEMBER)


def test_a_credit_run_is_not_reversed_under_its_adjustments(clerk):
    person, reviewer = insure(first="2023-01"), member("reviewer")
    run = posted(prepared(clerk, period=DECEMBER))
    spells.change(person, month=DECEMBER, base=Decimal("6000"), **BY)
    first = posted(adjusted(clerk))
    with pytest.raises(RunRefused, match=f"#{first.pk} "):
        runs.reverse(run, by=reviewer, origin="page", reason="重算")
    spells.change(person, month=DECEMBER, base=Decimal("7000"), **BY)
    second = posted(adjusted(clerk, FEBRUARY + 1))
    with pytest.raises(RunRefused, match=f"#{second.pk} "):
        runs.reverse(first, by=reviewer, origin="page", reason="重算")
    for mistaken in (second, first, run):
        posted(runs.reverse(mistaken, by=reviewer, origin="page", reason="重算"))
    assert balance(person) == Decimal("0.00")
    posted(prepared(clerk, period=DECEMBER))
    assert balance(person) == Decimal("140.00")
    assert clean()


def test_an_adjustment_that_no_longer_holds_is_not_posted(clerk):
    person = insure(first="2023-01")
    credited(clerk, DECEMBER)
    spells.change(person, month=DECEMBER, base=Decimal("6000"), **BY)
    run = approved(adjusted(clerk))
    spells.change(person, month=DECEMBER, base=Decimal("5000"), **BY)
    with pytest.raises(RunRefused):
        released(run)
    assert RunLine.objects.filter(run_id=run.pk).count() == 1
