"""Accounts used by many at once: nothing below zero, no yuan lost, nobody waiting in a circle."""

import contextlib
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Sum

from accounts.models import Account, AccountUse, Transfer, UseRefund
from accounts.refunds import refund, reverse
from accounts.verify import verify_books
from office import runs
from office.chunks import post_chunks
from policies.month import Month
from tests.accounts.test_uses import balance, holder, linked, used
from tests.population import approved, contract, crowd, fund, insure, member, released

bills = itertools.count(1)


def at_once(*works, threads: int):
    """What each of the works gave, or raised, all begun at the same moment on connections of their own."""
    together = threading.Barrier(threads)

    def alone(work):
        try:
            together.wait(10)
            return work()
        except ValidationError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(alone, works))


def buy(person, amount, facility):
    number = f"Z{next(bills)}"
    return lambda: used(person, amount, facility=facility, bill_number=number)


def books_are_clean() -> bool:
    return [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_fifty_at_once_spend_one_account_to_zero_and_lose_nothing(committed):
    patient, facility = holder("100.00"), contract()
    found = at_once(*(buy(patient, "3.33", facility) for _each in range(50)), threads=50)
    paid = AccountUse.objects.aggregate(own=Sum("own_part"), cash=Sum("cash_part"))
    assert len(found) == 50 == AccountUse.objects.count()
    assert (paid["own"], paid["cash"]) == (Decimal("100.00"), Decimal("66.50"))
    assert balance(patient) == 0
    assert Account.objects.get(facility=facility).balance == Decimal("100.00")
    assert books_are_clean()


def test_of_a_reversal_and_refunds_at_once_exactly_one_kind_wins(committed):
    patient, facility = holder("100.00"), contract()
    for _round in range(3):
        use = buy(patient, "30.00", facility)()
        works = [lambda use=use: reverse(use, reason="退费", by=None)] * 3
        works += [lambda use=use: refund(use, amount=Decimal("20.00"), reason="退费", by=None)] * 3
        won = [r for r in at_once(*works, threads=6) if not isinstance(r, ValidationError)]
        use.refresh_from_db()
        assert len(won) == 1 == UseRefund.objects.filter(use=use).count()
        assert use.refunded == won[0].amount
        assert balance(patient) == Decimal("70.00") + won[0].amount
        if not won[0].whole:
            refund(use, amount=Decimal("10.00"), reason="退费", by=None)
    assert books_are_clean()


def test_two_accounts_paying_for_each_other_do_not_wait_in_a_circle(committed):
    one, other = holder("60.00"), holder("60.00")
    linked(one, other), linked(other, one)
    facility, shop = contract(), contract()
    works = [buy(*pair) for pair in ((one, "7.00", facility), (other, "7.00", shop)) * 12]
    found = at_once(*works, threads=24)
    assert [each for each in found if isinstance(each, Exception)] == []
    sums = AccountUse.objects.aggregate(
        **{n: Sum(n) for n in ("amount", "own_part", "family_part", "cash_part")}
    )
    assert sums["own_part"] + sums["family_part"] == Decimal("120.00")
    assert sums["cash_part"] == sums["amount"] - Decimal("120.00")
    assert [balance(one), balance(other)] == [0, 0]
    assert books_are_clean()


def test_spending_goes_on_while_a_month_is_credited(committed):
    """Accounts are opened and their people entered in opposite orders, and granted crosswise."""
    crowd(3000)
    people = [insure() for _each in range(12)]
    for person in reversed(people):
        fund(person, "40.00")
    for one, other in zip(people, people[1:] + people[:1], strict=True):
        linked(one, other)
    facility = contract()
    clerk = member("clerk")
    run = runs.prepare(kind="credit", scheme="310", period=Month(2023, 3), by=clerk, origin="page")
    run = released(approved(runs.compute(run.pk)))
    works = [buy(person, "55.00", facility) for person in reversed(people)]

    def credit():
        with contextlib.suppress(OperationalError):  # in a circle with a use: the sweeper asks again
            post_chunks(run.pk)

    found = at_once(credit, credit, *works, threads=14)
    post_chunks(run.pk)
    run.refresh_from_db()
    assert [each for each in found if isinstance(each, Exception)] == []
    assert run.state == "posted"
    spent = AccountUse.objects.aggregate(own=Sum("own_part"), family=Sum("family_part"))
    left = Account.objects.filter(person__in=people).aggregate(left=Sum("balance"))["left"]
    # 40.00 brought and 100.00 credited to each
    assert left == 12 * Decimal("140.00") - spent["own"] - spent["family"]
    assert Transfer.objects.filter(kind="credit").count() == 3012
    assert books_are_clean()


def test_who_meets_a_chunk_in_a_circle_lets_go_and_goes_on(committed):
    """The chunk has the second of two accounts, then wants the first, which the use has by then."""
    patient, spouse = holder("10.00"), holder("50.00")
    linked(spouse, patient)
    first, second = Account.objects.filter(kind="person").order_by("pk")
    facility, has_it = contract(), threading.Event()

    def chunk():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("update accounts_account set balance = balance + 1 where id = %s", [second.pk])
            has_it.set()
            while not Account.objects.raw("select 1 as id from pg_locks where not granted"):
                pass
            time.sleep(0.5)  # so that the server finds the circle at the one who waits longer, the use
            cursor.execute("update accounts_account set balance = balance - 1 where id = %s", [first.pk])
            cursor.execute("update accounts_account set balance = balance + 1 where id = %s", [first.pk])
            cursor.execute("update accounts_account set balance = balance - 1 where id = %s", [second.pk])

    def use():
        has_it.wait(10)
        return used(patient, "55.00", facility=facility, bill_number="A1")

    _chunk, made = at_once(chunk, use, threads=2)
    assert (made.own_part, made.family_part) == (Decimal("10.00"), Decimal("45.00"))
    assert [balance(patient), balance(spouse)] == [0, Decimal("5.00")]
    assert books_are_clean()
