"""Interest of personal accounts: the documents' method by hand, and the run's one statement against it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import applications
from accounts.interest import interest_due, stretches_of_year
from accounts.models import Account, RunLine, Transfer
from accounts.verify import verify_books
from accounts.vouchers import account_of
from office import periods, runs
from office.chunks import post_chunks
from office.models import Run
from office.refusal import RunRefused
from policies.interest import CARRIED_OVER, CURRENT, DayRate, Movement, interest_of, stretches
from policies.month import Month
from policies.pack import FOLDER
from tests.accounts.test_accounts_model import STATED, UNSTATED
from tests.accounts.test_applications import agreed, emigrates
from tests.cities import rules_of
from tests.population import approved, insure, member, posted, released

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = 2024
NEW_YEAR = date(YEAR, 1, 1)


def days_at(current: int, carried_over: int, *, first=NEW_YEAR, last=date(YEAR, 12, 31)) -> list[DayRate]:
    return [DayRate(first + timedelta(days=n), current, carried_over) for n in range((last - first).days + 1)]


def test_the_product_method_by_hand():
    """1000.00 carried over at 1.10 %; 200.00 come on 1 April, 300.00 are spent on 1 July; 2024 has 366 days.

    Carried over: 1000.00 × 182 days + 700.00 × 184 = 310 800.00 at 1.10 %
    Of the year: 200.00 × 275 days = 55 000.00 at 0.35 %
    (310 800.00 × 1.10 + 55 000.00 × 0.35) / 36 000 = 9.4966… + 0.5347… = 10.0313…
    """
    movements = [Movement(date(YEAR, 4, 1), 20_000, 0), Movement(date(YEAR, 7, 1), -30_000, 30_000)]
    asked = {"opening": 100_000, "movements": movements, "rates": days_at(3_500, 11_000)}
    found = stretches(**asked, first_taken=CARRIED_OVER)
    assert [(s.first, s.last, s.sort, s.balance, s.days, s.product) for s in found] == [
        (NEW_YEAR, date(YEAR, 6, 30), CARRIED_OVER, 100_000, 182, 18_200_000),
        (date(YEAR, 4, 1), date(YEAR, 12, 31), CURRENT, 20_000, 275, 5_500_000),
        (date(YEAR, 7, 1), date(YEAR, 12, 31), CARRIED_OVER, 70_000, 184, 12_880_000),
    ]
    assert interest_of(found) == Decimal("10.03")
    # The year's money first: 900.00 stay of what was carried over, 1000.00 × 182 + 900.00 × 184 = 347 600.00.
    other = stretches(**asked, first_taken=CURRENT)
    assert interest_of(other) == Decimal("10.80")  # 10.6211… + 200.00 × 91 × 0.35 % / 360 = 0.1769…


def test_half_a_fen_is_rounded_up_once():
    """18.00 for one day at 10 %: 18.00 × 10 / 36 000 = 0.005; two such days together are 0.01, not 0.02."""
    one = stretches(
        opening=0,
        movements=[Movement(NEW_YEAR, 1_800, 0)],
        rates=days_at(100_000, 0, last=NEW_YEAR),
        first_taken=CARRIED_OVER,
    )
    assert interest_of(one) == Decimal("0.01")
    two = stretches(
        opening=0,
        movements=[Movement(NEW_YEAR, 1_800, 0)],
        rates=days_at(100_000, 0, last=date(YEAR, 1, 2)),
        first_taken=CARRIED_OVER,
    )
    assert interest_of(two) == Decimal("0.01")


def move(own: Account, other: Account, amount: Decimal, *, kind: str, day: date, reverses: int | None = None):
    """A transfer as if posted on a day gone by: to the account where above zero."""
    sides = (other.pk, own.pk) if amount > 0 else (own.pk, other.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt,"
            " voucher_id, reverses_id, created_at)"
            " values (%s, %s, %s, %s, %s, %s, 0, 1, %s, %s) returning id",
            [
                *sides,
                abs(amount),
                kind,
                day.replace(day=1),
                day.replace(day=1),
                reverses,
                datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI),
            ],
        )
        number = cursor.fetchone()[0]
        for account, sum_ in ((own, amount), (other, -amount)):
            cursor.execute(
                "update accounts_account set balance = balance + %s where id = %s", [sum_, account.pk]
            )
    return number


STEP = st.tuples(
    st.dates(date(YEAR - 1, 11, 1), date(YEAR + 1, 2, 28)),
    st.integers(1, 500_000),
    st.sampled_from(["transfer_in", "spending", "reversal", "refund", "closing_interest"]),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(
    lives=st.lists(st.lists(STEP, max_size=8), min_size=1, max_size=6),
    rates=st.lists(st.integers(0, 40_000), min_size=4, max_size=4),
    first_taken=st.sampled_from([CARRIED_OVER, CURRENT]),
)
def test_the_run_pays_what_the_days_give(lives, rates, first_taken):
    """Whatever happened on accounts, the statement over all of them and the days of each one agree."""
    with transaction.atomic():
        _rules_with(rates, first_taken)
        accounts = [_account_with(steps) for steps in lives]
        clerk = member("clerk")
        periods.close(Month(YEAR, 12), by=member("finance_accountant"), origin="page")
        run = runs.prepare(kind="interest", scheme="310", period=Month(YEAR, 1), by=clerk, origin="page")
        if any(rates):
            runs.compute(run.pk)
            lines = dict(RunLine.objects.filter(run_id=run.pk).values_list("credit_id", "amount"))
            by_days = {account.pk: interest_of(stretches_of_year(account, YEAR)) for account in accounts}
            assert {number: amount for number, amount in by_days.items() if amount} == lines
        else:
            with pytest.raises(RunRefused, match="interest_rate"):
                runs.compute(run.pk)
        transaction.set_rollback(True)


def _rules_with(rates, first_taken):
    """A rate for each sort of money, changing in the middle of the year."""
    text = (FOLDER / "heyuan.yaml").read_text(encoding="utf-8")
    stated = text[text.index("    interest_rate:") : text.index("\n  credits:")]
    values = [_value("spending_takes_first", "choice", f"value: {first_taken}", "")]
    values[0] = values[0].replace("unit: choice", "unit: choice, choices: [carried_over, current_year]")
    for name, halves in (("interest_rate", rates[:2]), ("interest_rate_carried_over", rates[2:])):
        dated = "".join(
            f', {{from: {YEAR}-{month:02d}, article: "11", value: {Decimal(rate).scaleb(-4):f}}}'
            for month, rate in zip((1, 7), halves, strict=True)
        )
        values.append(_value(name, "percent", "optional: true", dated))
    rules_of("heyuan", change=(stated, "\n".join(values)))


def _value(name: str, unit: str, first: str, rest: str) -> str:
    return f'    {name}: {{unit: {unit}, values: [{{from: 2022-08, article: "11", {first}}}{rest}]}}'


def _account_with(steps) -> Account:
    own = account_of(insure(), scheme="310")
    bank = account_of(None, scheme="310", kind="bank")
    balance, earlier = Decimal(0), []
    for day, fen, kind in sorted(steps):
        amount = Decimal(fen).scaleb(-2)
        if kind == "spending":
            amount = -min(amount, balance)
        reverses = None
        if kind == "reversal":
            if not earlier:
                continue
            reverses, taken = earlier.pop()
            amount = -taken
        if not amount or balance + amount < 0:
            continue
        number = move(own, bank, amount, kind=kind, day=day, reverses=reverses)
        if reverses is None:
            earlier.append((number, amount))
        balance += amount
    return own


@pytest.mark.django_db
def test_a_year_of_interest_is_posted_once_and_a_closed_account_had_its_own():
    """1000.00 of the year before at 1.10 % for 365 days: 1000 × 365 × 1.10 / 36 000 = 11.1527… → 11.15."""
    clerk = member("clerk")
    rules_of("nanchang")
    saver, spender = (account_of(insure(), scheme="310") for _each in range(2))
    bank = account_of(None, scheme="310", kind="bank")
    for own in (saver, spender):
        move(own, bank, Decimal(1000), kind="transfer_in", day=date(2022, 11, 5))
    move(spender, bank, Decimal("-1000"), kind="payout", day=date(2023, 3, 1))
    with pytest.raises(RunRefused, match="2023-12"):
        _computed(clerk)
    periods.close(Month(2023, 12), by=member("finance_accountant"), origin="page")
    assert interest_due(saver, through=date(2023, 12, 31)) == Decimal("11.15")
    # 1000.00 × 59 days × 1.10 / 36 000 = 1.8027…
    assert interest_due(spender, through=date(2023, 2, 28)) == Decimal("1.80")
    run = posted(_computed(clerk))
    assert dict(RunLine.objects.values_list("credit_id", "amount")) == {
        saver.pk: Decimal("11.15"),
        spender.pk: Decimal("1.80"),
    }
    assert (run.booked_in, run.amount) == (Month(2024, 1), Decimal("12.95"))
    assert Account.objects.get(kind="interest").balance == Decimal("-12.95")
    assert interest_due(saver, through=date(2023, 12, 31)) == Decimal(0)
    assert set(Transfer.objects.filter(kind="interest").values_list("covers", flat=True)) == {Month(2023, 12)}
    assert not [f.wrong for f in verify_books() if "seal" in f.wrong or "run" in f.wrong.split(":")[0]]


def _computed(clerk):
    run = runs.Run.objects.filter(kind="interest", scheme="310").first() or runs.prepare(
        kind="interest", scheme="310", period=Month(2023, 1), by=clerk, origin="page"
    )
    return runs.compute(run.pk)


@pytest.mark.django_db
def test_a_closing_undone_after_the_years_run_costs_nobody_the_years_interest():
    """Closed before a year's interest was posted and opened after it: the run has passed the account by."""
    rules_of(
        "heyuan", change=(UNSTATED, UNSTATED + STATED), approved_at=datetime(2023, 1, 1, tzinfo=SHANGHAI)
    )
    office = {role: member(role) for role in ("clerk", "reviewer", "auditor", "finance_accountant")}
    stayed, left = insure(first="2023-11"), insure(first="2023-11", last="2023-12")
    credit = runs.prepare(
        kind="credit", scheme="310", period=Month(2023, 11), by=office["clerk"], origin="page"
    )
    posted(runs.compute(credit.pk))
    account = account_of(left, scheme="310")
    until = timezone.localdate() - timedelta(days=1)
    due = interest_due(account, through=until)
    assert due > interest_due(account, through=date(2023, 12, 31)) > 0
    closing = agreed(emigrates(account, office, name=left.name), office)
    assert (closing.balance, closing.interest) == (Decimal("100.00"), due)

    periods.close(Month(2023, 12), by=office["finance_accountant"], origin="page")
    run = _computed(office["clerk"])
    undoing = applications.sign(
        applications.undo(closing, reason="误办", by=office["clerk"]), by=office["auditor"]
    )
    approved(run)
    posting = Run.objects.filter(pk=run.pk)
    with transaction.atomic():
        released(run)
        with pytest.raises(ValidationError, match=f"#{run.pk}"):  # while it is posted nothing opens
            applications.sign(undoing, by=office["finance_accountant"])
        transaction.set_rollback(True)
    with transaction.atomic():
        applications.sign(undoing, by=office["finance_accountant"])
        with pytest.raises(RunRefused, match="恢复"):  # computed without this account
            released(posting.get())
        transaction.set_rollback(True)

    post_chunks(released(posting.get()).pk)
    applications.sign(undoing, by=office["finance_accountant"])
    assert Account.objects.get(pk=account.pk).balance == Decimal("100.00") + due
    assert interest_due(account, through=until) == 0
    assert paid_by(run) == [stayed.pk]
    # The year reversed and computed again: what the closing paid is paid.
    posted(runs.reverse(posting.get(), by=office["reviewer"], origin="page", reason="试算"))
    again = runs.prepare(
        kind="interest", scheme="310", period=Month(2023, 1), by=office["clerk"], origin="page"
    )
    posted(runs.compute(again.pk))
    assert list(RunLine.objects.filter(run_id=again.pk).values_list("credit__person", flat=True)) == [
        stayed.pk
    ]
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def paid_by(run) -> list[int]:
    return list(RunLine.objects.filter(run_id=run.pk).values_list("credit__person", flat=True))
