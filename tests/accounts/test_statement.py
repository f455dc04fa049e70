"""What an account's owner is told of a year, and what came to and left all accounts by county."""

from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from accounts.income import balance_after, income_table, sums_of, totals
from accounts.models import Account
from accounts.statement import statement_of, statement_table
from accounts.vouchers import account_of
from insured.models import Enrolment
from office import runs
from office.models import County
from office.periods import month_to_post
from policies.month import Month
from tests.population import insure, member, posted, spend

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH, APRIL = Month(2023, 2), Month(2023, 3), Month(2023, 4)


@pytest.fixture
def year():
    """Two people credited for three months, the last of them reversed; one moved county in March."""
    clerk, reviewer = member("clerk"), member("reviewer")
    moved, stays = insure(base="5000", last="2023-02"), insure(base="4000")
    Enrolment.objects.create(
        person=moved,
        scheme="310",
        status="active",
        base=Decimal(5000),
        county=County.objects.get(code="441621"),
        first_month=MARCH,
    )
    for month in (FEBRUARY, MARCH, APRIL):
        run = posted(
            runs.compute(runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page").pk)
        )
    posted(runs.reverse(run, by=reviewer, origin="page", reason="费率有误"))
    spend(stays, "30.00")
    return moved, stays


def test_a_year_from_its_opening_to_its_closing_balance(year):
    own = account_of(year[1], scheme="310")
    told = statement_of(own, 2023)
    assert (told.opening, told.came, told.went, told.closing) == tuple(map(Decimal, (0, 160, 0, 160)))
    assert {kind.value: str(amount) for kind, amount in told.income.items()} == {
        "credit": "240.00",
        "reversal": "-80.00",
    }
    assert [str(entry.balance) for entry in told.entries] == ["80.00", "160.00", "240.00", "160.00"]
    now = statement_of(own)  # spending is of the books that are open today
    assert (now.year, now.opening, now.went, now.closing) == (
        month_to_post().year,
        Decimal(160),
        Decimal(30),
        Decimal(130),
    )
    assert [row[5:] for row in statement_table(now).rows] == [
        (None, None, Decimal(160)),
        (None, Decimal(30), Decimal(130)),
        (Decimal(0), Decimal(30), Decimal(130)),
    ]


def test_income_and_expenditure_add_up_to_the_ledger_by_county(year):
    last = month_to_post()
    sums = sums_of(scheme="310", first=FEBRUARY, last=last)
    assert {
        (str(month), code): (str(income), str(expense))
        for (month, code), (income, expense) in totals(sums, "month", "code").items()
    } == {
        ("2023-02", "441602"): ("180.00", "0.00"),
        ("2023-03", "441602"): ("80.00", "0.00"),
        ("2023-03", "441621"): ("100.00", "0.00"),
        ("2023-04", "441602"): ("0.00", "0.00"),
        ("2023-04", "441621"): ("0.00", "0.00"),
        (str(last), "441602"): ("0.00", "30.00"),
    }
    [(income, expense)] = totals(sums).values()
    ledger = Account.objects.filter(kind="person").aggregate(sum=Sum("balance"))["sum"]
    assert income - expense == ledger == balance_after(last, scheme="310")
    assert balance_after(MARCH, scheme="310") == Decimal("360.00")
    assert (
        sum(row[6] for row in income_table(sums, period="x").rows if row[3] in ("Income", "收入")) == income
    )


def test_pages_show_no_more_than_the_counties_of_who_asks(year):
    moved, stays = (account_of(person, scheme="310") for person in year)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(member("auditor", "of a county", counties=("441602",)))
    assert client.get(reverse("account_statement", args=[moved.pk])).status_code == 404
    page = client.get(reverse("account_statement", args=[stays.pk]), {"year": "2023"})
    assert (page.status_code, page.context["told"].closing) == (200, Decimal(160))
    file = client.get(reverse("account_statement_file", args=[stays.pk, "xlsx"]))
    assert file["Content-Disposition"].endswith(".xlsx")
    month = client.get(reverse("income"), {"month": "2023-03"})
    by_county = next(panel for panel in month.context["panels"] if len(panel.columns) == 4 and panel.note)
    assert [row[1] for row in by_county.rows] == [Decimal("80.00")]
