"""From what a posted run owes to what the bank has paid: orders, bank files, returns, and nothing twice."""

import threading
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from accounts import applications
from accounts.applications import Payee
from accounts.models import Account, Transfer, TransferKind
from accounts.verify import verify_books
from accounts.vouchers import Move, account_of, post
from insured.endings import end
from office import imports, runs, uploads
from office.acting import acting
from office.models import ImportRow
from policies.month import Month
from settlement import bank_files, payment_orders
from settlement.models import BankFile, OrderState, PayeeKind, PaymentItem, PaymentOrder, Source
from tests import population
from tests.files import workbook
from tests.population import contract, fund, insure, member, select

MARCH = Month(2023, 3)
OF_MARCH = {"scheme": "310", "month": MARCH, "source": Source.PREPAYMENT}


def bank_details(facility, number="6222020200112233445"):
    facility.bank_holder, facility.bank_name = facility.name, "中国工商银行河源分行"
    facility.pay_into(number)
    facility.save()


def prepaid(*heads: int) -> list:
    """Facilities with so many people each, all prepaid for March; each with an account at the bank."""
    facilities = []
    for count in heads:
        facility = contract()
        bank_details(facility)
        for _person in range(count):
            select(insure(), facility, first="2023-01")
        facilities.append(facility)
    by = member("clerk", "run_clerk")
    run = runs.prepare(kind="prepayment", scheme="310", period=MARCH, by=by, origin="page")
    population.posted(runs.compute(run.pk))
    return facilities


@pytest.fixture
def hands():
    """Those whose hands an order passes."""
    return {
        "clerk": member("clerk"),
        "accountant": member("finance_accountant"),
        "reviewer": member("reviewer"),
        "cashier": member("finance_cashier"),
    }


def released(hands, **made) -> list[PaymentOrder]:
    orders = payment_orders.make(**(OF_MARCH | made), by=hands["clerk"])
    them = PaymentOrder.objects.filter(pk__in=[order.pk for order in orders])
    assert payment_orders.review(them, by=hands["accountant"]) == []
    assert payment_orders.release(them, by=hands["reviewer"]) == []
    return list(them.order_by("pk"))


def at_the_bank(hands, template="icbc") -> tuple[BankFile, bytes]:
    file = bank_files.make(scheme="310", template=template, by=hands["cashier"])
    bank_files.write(file.pk)
    return file, bank_files.take(file, by=hands["cashier"])


def returned(hands, *rows: dict):
    """A return file of the bank, checked."""
    file = imports.upload(
        layout="bank_returns",
        name="回盘.xlsx",
        content=[workbook(list(rows))],
        by=hands["accountant"],
        origin="page",
    )
    return imports.check(file)


def row(order, result="成功", **values) -> dict:
    return {"支付单号": order.number, "结果": result, **values}


def file_rows(file):
    return ImportRow.objects.filter(import_file=file).order_by("number")


def problems_of(file) -> list[str]:
    return [problem for found in file_rows(file) for problem in found.problems]


def owed(facility) -> Decimal:
    return Account.objects.get(facility=facility, kind="payable").balance


def balance(kind: str) -> Decimal:
    return Account.objects.get(kind=kind, scheme="310").shown_balance


def proven() -> bool:
    connection.check_constraints()
    return [finding for finding in verify_books() if finding.wrong] == []


def test_a_posted_prepayment_is_paid_to_the_last_cent(db, hands):
    facilities = prepaid(3, 2)
    due = {facility.pk: owed(facility) for facility in facilities}
    [told] = payment_orders.payable()
    assert (told.payees, told.transfers, told.amount) == (2, 2, sum(due.values()))

    orders = released(hands)
    assert {order.facility_id: order.amount for order in orders} == due
    assert payment_orders.payable() == []
    assert payment_orders.make(**OF_MARCH, by=hands["clerk"]) == []
    assert orders[0].account_number == "6222020200112233445"

    file, content = at_the_bank(hands)
    assert (file.rows, file.amount) == (2, sum(due.values()))
    assert orders[0].number in content.decode("gbk")

    imported = returned(hands, *(row(order, 支付日期=f"{timezone.localdate()}") for order in orders))
    assert imported.counts["rejected"] == 0
    imports.apply(imported, by=hands["accountant"])
    assert {order.state for order in PaymentOrder.objects.all()} == {OrderState.PAID}
    assert [owed(facility) for facility in facilities] == [0, 0]
    assert balance("bank") == -sum(due.values())
    assert proven()

    again = returned(hands, *map(row, orders))
    assert again.counts["rejected"] == 2
    assert {problem.split(":")[1] for problem in problems_of(again)} == {"paid_already"}
    with pytest.raises(imports.Refused):
        imports.apply(again, by=hands["accountant"])
    assert Transfer.objects.filter(kind="payment").count() == 2


def test_what_failed_stays_owed_until_it_is_issued_again_and_paid(db, hands):
    good, bad = prepaid(1, 2)
    orders = {order.facility_id: order for order in released(hands)}
    at_the_bank(hands)
    failed = orders[bad.pk]
    imports.apply(
        returned(hands, row(orders[good.pk]), row(failed, "失败", 失败原因="账号户名不符")),
        by=hands["accountant"],
    )
    failed.refresh_from_db()
    assert (failed.state, failed.reason, owed(good)) == (OrderState.FAILED, "账号户名不符", 0)
    assert owed(bad) == failed.amount
    assert payment_orders.make(**OF_MARCH, by=hands["clerk"]) == []

    bank_details(bad, number="6222020200998877665")
    again = payment_orders.reissue(failed, by=hands["clerk"])
    assert (again.reissues, again.amount, again.account_number) == (
        failed,
        failed.amount,
        "6222020200998877665",
    )
    with pytest.raises(ValidationError):
        payment_orders.reissue(failed, by=hands["clerk"])
    them = PaymentOrder.objects.filter(pk=again.pk)
    payment_orders.review(them, by=hands["accountant"])
    payment_orders.release(them, by=hands["reviewer"])
    at_the_bank(hands)
    imports.apply(returned(hands, row(again)), by=hands["accountant"])
    assert (owed(bad), owed(good)) == (0, 0)
    assert proven()


def test_a_return_file_is_refused_row_by_row(db, hands):
    prepaid(1, 1, 1, 1)
    orders = released(hands)
    never_taken = row(orders[0])
    assert problems_of(returned(hands, never_taken)) == ["order_number:not_at_the_bank"]
    at_the_bank(hands)
    tomorrow, yesterday = (timezone.localdate() + timedelta(days=days) for days in (1, -1))
    rows = [
        row(orders[0], 金额=f"{orders[0].amount + 1}"),
        row(orders[1]),
        row(orders[1]),
        {"支付单号": "ZF9999999999", "结果": "成功"},
        row(orders[2], 支付日期=f"{tomorrow}"),
        row(orders[3], "失败"),
        row(orders[3], 支付日期=f"{yesterday}"),
    ]
    told = [problem.split(":")[1] for problem in problems_of(returned(hands, *rows))]
    assert Counter(told) == {
        "returned_twice": 4,
        "other_amount": 1,
        "unknown_order": 1,
        "paid_in_the_future": 1,
        "failed_without_reason": 1,
        "paid_before_it_was_taken": 1,
    }
    clerk = member("clerk", "another")
    with pytest.raises(imports.Refused):
        imports.upload(layout="bank_returns", name="a", content=[b""], by=clerk, origin="page")


def test_four_people_take_an_order_to_the_bank(db, hands, settings):
    prepaid(1)
    orders = payment_orders.make(**OF_MARCH, by=hands["accountant"])
    them = PaymentOrder.objects.filter(pk=orders[0].pk)
    assert "自己" in payment_orders.review(them, by=hands["accountant"])[0]
    other = member("finance_accountant", "other")
    payment_orders.review(them, by=other)
    for nobody in (hands["accountant"], other):
        assert "自己" in payment_orders.release(them, by=nobody)[0]
    # Past the code the database holds the same.
    for values in (
        {"state": "released", "released_by": other},
        {"state": "released", "released_by": hands["clerk"]},
        {"state": "in_transit"},
        {"state": "paid", "paid_on": timezone.localdate(), "payment_id": 1},
        {"amount": 1, "owed": 1},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            them.update(**values)
    page = {"staff": hands["clerk"], "origin": "page", "role": settings.PAGES_ROLE}
    with pytest.raises(DatabaseError), transaction.atomic(), acting(**page):
        them.update(state="released", released_by=hands["reviewer"])
    payment_orders.release(them, by=hands["reviewer"])
    for somebody in (other, hands["reviewer"]):
        with pytest.raises((ValidationError, DatabaseError)), transaction.atomic():
            bank_files.make(scheme="310", template="icbc", by=somebody)
    with pytest.raises(DatabaseError), transaction.atomic():
        them.delete()


def test_money_is_on_one_order_and_in_one_file(db, hands):
    prepaid(1)
    [order] = payment_orders.make(**OF_MARCH, by=hands["clerk"])
    item = order.items.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentItem.objects.create(order=order, transfer_id=item.transfer_id)
    payment_orders.withdraw(order, reason="金额有误")
    [anew] = payment_orders.make(**OF_MARCH, by=hands["clerk"])
    assert anew.items.get().transfer_id == item.transfer_id
    them = PaymentOrder.objects.filter(pk=anew.pk)
    payment_orders.review(them, by=hands["accountant"])
    payment_orders.release(them, by=hands["reviewer"])

    file = bank_files.make(scheme="310", template="icbc", by=hands["cashier"])
    with pytest.raises(ValidationError):
        bank_files.make(scheme="310", template="icbc", by=hands["cashier"])
    bank_files.write(file.pk)
    file.refresh_from_db()
    assert uploads.path_of(file.stored_as).exists()
    bank_files.withdraw(file, reason="改用其他银行")
    file, content = at_the_bank(hands, "ccb")
    assert anew.number in content.decode("gbk")
    with pytest.raises(ValidationError):
        bank_files.withdraw(file, reason="已送银行")


def test_what_is_taken_back_after_the_release_goes_to_no_bank(db, hands):
    [facility] = prepaid(1)
    [order] = released(hands)
    payable = account_of(facility, scheme="310", kind="payable")
    pool = account_of(None, scheme="310", kind="pool")
    back = Move(debit=payable, credit=pool, amount=Decimal("0.01"), kind=TransferKind.REFUND)
    post([back], source=facility)
    with pytest.raises(ValidationError, match=order.number):
        bank_files.make(scheme="310", template="icbc", by=hands["cashier"])
    payment_orders.send_back(order, reason="已扣回")
    payment_orders.withdraw(order, reason="重开")
    [anew] = released(hands)
    assert (anew.withheld, anew.amount) == (Decimal("0.01"), order.amount - Decimal("0.01"))
    at_the_bank(hands)
    imports.apply(returned(hands, row(anew, "失败", 失败原因="户名不符")), by=hands["accountant"])
    anew.refresh_from_db()
    again = payment_orders.reissue(anew, by=hands["clerk"])
    payment_orders.withdraw(again, reason="机构撤销")
    assert [told.amount for told in payment_orders.payable()] == [order.owed]
    assert proven()


def test_what_a_facility_owes_and_what_was_taken_back_is_not_paid(db, hands):
    facility, reversed_one = prepaid(2, 1)
    payable = account_of(facility, scheme="310", kind="payable")
    receivable = account_of(facility, scheme="310", kind="receivable")
    pool = account_of(None, scheme="310", kind="pool")
    recovery = Move(debit=receivable, credit=pool, amount=Decimal("5.00"), kind=TransferKind.RECOVERY)
    post([recovery], source=facility)
    back = Move(debit=payable, credit=pool, amount=Decimal("1.00"), kind=TransferKind.REFUND)
    post([back], source=facility)
    orders = {order.facility_id: order for order in payment_orders.make(**OF_MARCH, by=hands["clerk"])}
    order = orders[facility.pk]
    assert (order.withheld, order.recovered, order.amount) == (1, 5, order.owed - 6)

    # Taken back after the order was made: it may not go.
    account = account_of(reversed_one, scheme="310", kind="payable")
    everything = Move(debit=account, credit=pool, amount=owed(reversed_one), kind=TransferKind.REFUND)
    post([everything], source=reversed_one)
    them = PaymentOrder.objects.all()
    payment_orders.review(them, by=hands["accountant"])
    [refused] = payment_orders.release(them, by=hands["reviewer"])
    assert orders[reversed_one.pk].number in refused
    order.refresh_from_db()
    assert order.state == OrderState.RELEASED
    at_the_bank(hands)
    imports.apply(returned(hands, row(order)), by=hands["accountant"])
    receivable.refresh_from_db()
    assert (owed(facility), receivable.balance) == (0, 0)
    assert proven()


def test_purchases_of_a_month_go_together_and_people_wait_for_a_bank_account(db, hands):
    facility, person = contract(), insure()
    fund(person, "100.00")
    own = account_of(person, scheme="310")
    payable = account_of(facility, scheme="310", kind="payable")
    owed_to = account_of(person, scheme="310", kind="owed")
    for amount in ("10.00", "15.50"):
        move = Move(debit=own, credit=payable, amount=Decimal(amount), kind=TransferKind.SPENDING)
        post([move], source=person)
    payout = Move(debit=own, credit=owed_to, amount=Decimal("20.00"), kind=TransferKind.PAYOUT)
    post([payout], source=person)
    pool = account_of(None, scheme="310", kind="pool")
    late = Move(debit=pool, credit=owed_to, amount=Decimal("7.00"), kind=TransferKind.ADJUSTMENT)
    post([late], source=person)  # as news of a closed account are settled
    moving = account_of(None, scheme="310", kind="moving")
    post(
        [Move(debit=own, credit=moving, amount=Decimal("5.00"), kind=TransferKind.TRANSFER_OUT)],
        source=person,
    )
    month = Month.of(timezone.localdate())
    found = {told.source: told.amount for told in payment_orders.payable()}
    assert found == {
        Source.CLEARING: Decimal("25.50"),
        Source.CLOSURE: Decimal("27.00"),
        Source.MOVED_AWAY: Decimal("5.00"),
    }

    given = {"scheme": "310", "month": month, "by": hands["clerk"]}
    [purchases] = payment_orders.make(**given, source=Source.CLEARING)
    closure, late = payment_orders.make(**given, source=Source.CLOSURE)
    assert (purchases.items.count(), purchases.amount) == (2, Decimal("25.50"))
    [moved] = payment_orders.make(**given, source=Source.MOVED_AWAY)
    assert (moved.payee_kind, moved.person) == (PayeeKind.AGENCY, person)
    payment_orders.withdraw(moved, reason="未转移")
    assert purchases.held
    assert closure.held and late.held
    live = PaymentOrder.objects.exclude(state=OrderState.WITHDRAWN)
    assert len(payment_orders.review(live, by=hands["accountant"])) == 3
    bank_details(facility)
    payment_orders.take_bank_details(PaymentOrder.objects.get(pk=purchases.pk))
    for order in (closure, late):
        payment_orders.enter_bank_details(order, name="李四", bank="中国银行", account="6217000011112222")
    assert payment_orders.review(live, by=hands["accountant"]) == []
    closure.refresh_from_db()
    assert closure.account_number == "6217000011112222"
    assert b"6217000011112222" not in bytes(closure.account_sealed)


def test_each_heir_is_paid_into_the_account_given_with_the_application(db, hands):
    """Heyuan 11(4): an order for each payee of a document; what failed for one is issued again for them."""
    person = insure(first="2023-01")
    fund(person, "100.01")
    end(person, kind="died", day=date(2023, 1, 1), reason="死亡证明", by=hands["clerk"])
    account = account_of(person, scheme="310")
    heirs = [
        Payee(name=name, parts=parts, bank_name="中国银行", bank_account=number)
        for name, parts, number in (("张一", 2, "6217000011112222"), ("张二", 1, "6217000011113333"))
    ]
    shown = ("application", "death_certificate", "heir_identity", "heir_proof", "bank_card")
    asked = applications.apply(
        Account.objects.select_related("person").get(pk=account.pk),
        kind="death",
        way="heirs",
        evidence={code: ("第1号", date(2023, 1, 5)) for code in shown},
        payees=heirs,
        by=hands["clerk"],
    )
    for role in ("reviewer", "accountant"):
        asked = applications.sign(asked, by=hands[role])
    [told] = payment_orders.payable()
    assert (told.payees, told.amount) == (2, asked.paid)
    given = {"scheme": "310", "month": told.month, "source": Source.CLOSURE, "by": hands["clerk"]}
    orders = payment_orders.make(**given)
    assert [(order.payee_name, order.account_number, order.held) for order in orders] == [
        ("张一", "6217000011112222", False),
        ("张二", "6217000011113333", False),
    ]
    assert [order.amount for order in orders] == [share.amount for share in asked.shares.all()]
    assert [order.items.count() for order in orders] == [1, 1]
    with pytest.raises(IntegrityError, match="for good"), transaction.atomic():
        PaymentOrder.objects.filter(pk=orders[0].pk).update(share=orders[1].share)
    payment_orders.withdraw(orders[1], reason="误办")
    [again] = payment_orders.make(**given)
    assert (again.payee_name, again.amount) == ("张二", orders[1].amount)
    assert payment_orders.make(**given) == []
    them = PaymentOrder.objects.exclude(state=OrderState.WITHDRAWN)
    assert payment_orders.review(them, by=hands["accountant"]) == []
    assert payment_orders.release(them, by=hands["reviewer"]) == []
    at_the_bank(hands)
    imports.apply(
        returned(hands, row(orders[0]), row(again, "失败", 失败原因="账户状态异常")), by=hands["accountant"]
    )
    again.refresh_from_db()
    reissued = payment_orders.reissue(again, by=hands["clerk"])
    assert (reissued.payee_name, reissued.account_number) == ("张二", "6217000011113333")
    assert proven()


def test_two_clerks_make_orders_at_once_and_money_is_on_one(committed):
    prepaid(1, 1, 1)
    clerks = [member("clerk", name) for name in ("one", "two", "three")]
    made, start = [], threading.Barrier(len(clerks))

    def make(clerk):
        try:
            start.wait()
            made.append(len(payment_orders.make(**OF_MARCH, by=clerk)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make, args=(clerk,)) for clerk in clerks]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(made) == [0, 0, 3]


def test_what_is_owed_is_found_without_reading_a_voucher_for_each_of_its_transfers(db, hands):
    """The purchases of a settled chunk are thousands in one voucher; the planner may join as it likes."""
    purchases = 60
    facility, person = contract(), insure()
    fund(person, "100.00")
    ends = {
        "debit": account_of(person, scheme="310"),
        "credit": account_of(facility, scheme="310", kind="payable"),
    }
    bought = [Move(**ends, amount=Decimal("1.00"), kind=TransferKind.SPENDING)] * purchases
    post(bought, source=person)
    read = (
        "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0) from pg_stat_xact_user_tables"
        " where relname = 'accounts_transfer'"
    )
    with connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
        cursor.execute(read)
        [(before,)] = cursor.fetchall()
        [told] = payment_orders.payable()
        cursor.execute(read)
        [(after,)] = cursor.fetchall()
    assert told.transfers == purchases
    assert after - before < 10 * purchases
