"""Nanchang 28: nobody is credited while resettled elsewhere, where the option says so."""

from datetime import date
from decimal import Decimal

from accounts.late_news import differences
from accounts.models import LumpCredit
from accounts.verify import verify_books
from insured.models import Filing
from policies.month import Month
from tests.accounts.test_credit_run import balance, prepared
from tests.accounts.test_verify_books import as_superuser
from tests.cities import rules_of
from tests.population import insure, member, posted

MARCH, APRIL, MAY = (Month(2023, 3) + months for months in range(3))
OPTION = (
    '{from: 2023-01, article: "28", value: false}',
    '{from: 2023-01, article: "28", value: false}\n        - {from: 2023-04, article: "28", value: true}',
)


def resettle(person, first: date, last: date | None = None, kind: str = "resettled") -> Filing:
    told = {"ended_because": "返回" if last else "", "evidence": "备案表"}
    return Filing.objects.create(
        person=person, kind=kind, destination="上海", first_day=first, last_day=last, **told
    )


def wrong() -> list[str]:
    return [finding.wrong for finding in verify_books() if finding.wrong]


def test_credits_stop_in_every_month_of_the_filing_and_late_news_takes_them_back(committed):
    rules_of("nanchang", change=OPTION)
    clerk, away, working, late, back = member("clerk"), insure(), insure(), insure(), insure()
    resettle(away, date(2023, 2, 1))
    resettle(working, date(2023, 2, 1), kind="stationed")
    resettle(back, date(2023, 1, 10), date(2023, 4, 30))
    march = posted(prepared(clerk, period=MARCH))  # the option is not yet taken
    assert (march.rows, march.exceptions.count()) == (4, 0)
    april = posted(prepared(clerk, period=APRIL))
    assert {e.person_id: (e.code, e.article) for e in april.exceptions.all()} == {
        person.pk: ("resettled", "28") for person in (away, back)
    }
    LumpCredit.objects.create(person=away, scheme="310", kind="back_paid", covers=MAY, base=Decimal("5000"))
    lump = prepared(clerk, kind="lump_credit", period=APRIL)
    assert [(e.code, e.article) for e in lump.exceptions.all()] == [("resettled", "28")]
    posted(prepared(clerk, period=MAY))
    assert [balance(person) for person in (away, working, late, back)] == [100, 300, 300, 200]
    assert differences(scheme="310") == []
    resettle(late, date(2023, 4, 30))
    news = differences(scheme="310")
    assert [(d.person_id, d.month, d.adjustment) for d in news] == [
        (late.pk, month, Decimal("-100.00")) for month in (APRIL, MAY)
    ]
    posted(prepared(clerk, kind="adjustment", period=MAY))
    assert balance(late) == 100
    assert wrong() == []
    with as_superuser():  # untold: nobody's history says that this filing came later
        filing = resettle(working, date(2023, 5, 31))
        [told] = wrong()
    assert f"credited for 2023-05 while resettled elsewhere, by filing {filing.pk}" in told
