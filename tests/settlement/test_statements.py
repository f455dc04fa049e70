"""Statements: what a facility's month comes to, agreed, signed, owed and paid; what is recovered later."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.models import Account
from accounts.verify import verify_books
from policies.month import Month
from settlement import payment_orders, statements, visit_recoveries
from settlement.batches import settle, take_back
from settlement.models import PaymentOrder, Source, Statement, StatementLine, Visit, VisitBatch
from tests.cities import rules_of
from tests.files import applied
from tests.population import contract, fund, insure, member, reported, select

MARCH, APRIL = Month(2023, 3), Month(2023, 4)
YUAN = Decimal


def visited(person, facility, bill: str, cost: str, day: str = "2023-03-10", **values: str) -> Visit:
    """A visit of a file of its own, settled, whose whole cost is eligible."""
    row = {
        "单据号": bill,
        "机构代码": facility.code,
        "证件号码": person.document_number,
        "就诊时间": f"{day} 09:00",
        "医疗类别": "普通门诊",
        "总费用": cost,
        "政策范围内": cost,
    } | values
    for batch in VisitBatch.objects.filter(import_file=applied([row], name="费用.xlsx", kind="visits")):
        settle(batch.pk)
        assert not batch.chunks.exclude(error="").exists(), batch.chunks.get().error
    return Visit.objects.get(facility=facility, bill=bill)


def refunded(visit: Visit, *, by) -> Visit:
    refund = take_back(visit, by=by, reason="重复收费")
    settle(refund.batch_id)
    visit.refresh_from_db()
    return refund


@pytest.fixture
def hands():
    """Those whose hands a statement passes."""
    roles = ("clerk", "reviewer", "auditor", "finance_accountant", "finance_cashier")
    return {role: member(role) for role in roles}


def confirmed(statement: Statement) -> Statement:
    statements.send(statement)
    statements.confirm(statement, name="张院长", day=timezone.localdate(), reference="JS-2023-03")
    reported(statement.facility, statement.month, scheme=statement.scheme)
    return statement


def signed(statement: Statement, hands, *roles: str) -> Statement:
    for role in roles or ("reviewer", "auditor", "finance_accountant"):
        statement = statements.sign(statement, by=hands[role])
    return statement


def drawn(facility, month: Month = MARCH, *, hands, scheme: str = "310") -> Statement:
    [statement] = statements.draw_up(scheme=scheme, month=month, facility=facility, by=hands["clerk"])
    return statement


def refused(act, *arguments, **values) -> str:
    with pytest.raises(ValidationError) as refusal:
        act(*arguments, **values)
    return " ".join(refusal.value.messages)


def balance(kind: str, facility=None, person=None) -> Decimal:
    account = Account.objects.filter(kind=kind, facility=facility, person=person).first()
    return account.shown_balance if account else YUAN(0)


def assert_proven() -> None:
    connection.check_constraints()
    assert [finding for finding in verify_books() if finding.wrong] == []


@pytest.mark.django_db
def test_by_item_a_month_is_stated_deducted_signed_posted_and_paid(hands):
    """Shijiazhuang pays by item: 100 a year deductible, then 60 %."""
    rules_of("shijiazhuang")
    person, other, clinic = insure(), insure(), contract()
    fund(person, "50.00")
    first = visited(person, clinic, "B1", "600.00")
    visited(other, clinic, "B2", "100.01")
    other_clinic = contract()
    visited(other, other_clinic, "C1", "200.00")

    drafts = statements.draw_up(scheme="310", month=MARCH, by=hands["clerk"])
    assert [draft.facility for draft in drafts] == [clinic, other_clinic]
    statement = drafts[0]
    assert (statement.visits, statement.refunds, statement.total) == (2, 0, YUAN("700.01"))
    assert (statement.fund, statement.account, statement.cash) == (YUAN("300.01"), 50, YUAN("350.00"))
    assert (statement.in_quota, statement.payable) == (0, YUAN("300.01"))

    def deduct(visit, amount, by="clerk"):
        statements.deduct(statement, visit=visit, kind="10", amount=YUAN(amount), reason="超量", by=hands[by])

    assert "300.00" in refused(deduct, first, "300.01")
    deduct(first, "299.99")
    assert "0.01" in refused(deduct, first, "0.02")
    deduct(None, "0.01")
    assert "0.01" in refused(deduct, None, "0.02")
    statement.refresh_from_db()
    assert (statement.deducted, statement.payable) == (YUAN("300.00"), YUAN("0.01"))
    statements.take_off_deduction(statement, number=statement.deductions.get(visit=first).pk)
    deduct(first, "100.00")
    assert statements.draw_up(scheme="310", month=MARCH, by=hands["clerk"])[0].payable == YUAN("200.00")

    statement = confirmed(drawn(clinic, hands=hands))
    assert refused(deduct, first, "1.00")
    assert refused(statements.sign, statement, by=hands["auditor"])
    statement = signed(statement, hands, "reviewer")
    assert refused(statements.sign, statement, by=hands["reviewer"])
    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(payable=1, deducted=YUAN("299.01"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(state="posted")
    pay = {"scheme": "310", "month": Month.of(timezone.localdate()), "source": Source.CLEARING}
    assert len(payment_orders.make(**pay, by=hands["clerk"])) == 1  # the purchase with the account alone
    statement = signed(statement, hands, "auditor", "finance_accountant")
    assert statement.state == "posted"
    assert balance("payable", clinic) == YUAN("250.00")
    assert_proven()

    statements.ask_to_undo(statement, reason="扣款有误", by=hands["clerk"])
    [order] = payment_orders.make(**pay, by=hands["clerk"])
    assert (order.amount, order.voucher_id is not None) == (YUAN("200.00"), True)
    assert refused(statements.undo, statement, by=hands["finance_accountant"])
    payment_orders.withdraw(order, reason="扣款有误")
    assert refused(statements.undo, statement, by=hands["clerk"])
    statements.undo(statement, by=hands["finance_accountant"])
    assert balance("payable", clinic) == YUAN("50.00")
    assert payment_orders.make(**pay, by=hands["clerk"]) == []
    assert drawn(clinic, hands=hands).payable == YUAN("300.01")
    assert_proven()


@pytest.mark.django_db
def test_in_a_quota_visits_are_shown_and_others_paid(hands):
    """Heyuan 12: those who selected are paid by capitation, with the stations; emergencies by item."""
    centre = contract(kind="township_centre")
    station = contract(kind="village_station", parent=centre, years=())
    person, stranger, villager = insure(), insure(), insure()
    for one, chosen in ((person, centre), (villager, station)):
        select(one, chosen, first="2023-01")
    visited(person, centre, "Q1", "100.00")
    visited(villager, station, "Q2", "10.00")
    urgent = visited(stranger, centre, "E1", "33.33", 急诊="是")
    visited(stranger, centre, "N1", "20.00")

    statement = drawn(centre, hands=hands)
    assert (statement.visits, statement.total) == (4, YUAN("163.33"))
    assert (statement.fund, statement.in_quota) == (YUAN("90.33"), YUAN("67.00"))
    assert statement.payable == YUAN("23.33") == urgent.outcome.fund
    quota = Visit.objects.get(bill="Q1")
    assert "包干" in refused(
        statements.deduct, statement, visit=quota, kind="20", amount=YUAN(1), reason="冒名", by=hands["clerk"]
    )
    signed(confirmed(statement), hands)
    assert balance("payable", centre) == YUAN("23.33")
    found = statements.totals_of(
        [
            (line.visit.reverses_id is not None, line.visit.outcome.fund, line.in_quota, YUAN(0))
            for line in statement.lines.select_related("visit__outcome")
        ]
    )
    assert (found.visits, found.payable) == (4, YUAN("23.33"))
    assert_proven()


@pytest.mark.django_db
def test_late_visits_and_refunds_come_onto_the_next_statement(hands):
    rules_of("shijiazhuang")
    person, clinic = insure(), contract()
    first = visited(person, clinic, "B1", "600.00")
    march = confirmed(drawn(clinic, hands=hands))
    late = visited(person, clinic, "B2", "100.00")
    assert statements.draw_up(scheme="310", month=MARCH, facility=clinic, by=hands["clerk"]) == []
    statements.reopen(march, reason="漏报")
    statements.deduct(
        march, visit=first, kind="20", amount=YUAN("40.00"), reason="分解收费", by=hands["clerk"]
    )
    statements.draw_up(scheme="310", month=MARCH, facility=clinic, by=hands["clerk"])
    march.refresh_from_db()
    assert march.payable == YUAN("320.00")
    march = signed(confirmed(march), hands)
    later = visited(person, clinic, "B3", "50.00")
    refunded(first, by=hands["clerk"])

    this_month = drawn(clinic, Month.of(timezone.localdate()), hands=hands)
    bills = this_month.lines.order_by("visit").values_list("visit__bill", "payable")
    assert list(bills) == [("B3", YUAN("30.00")), ("B1-R", YUAN("-260.00"))]
    assert (this_month.kept, this_month.payable) == (YUAN("40.00"), YUAN("-230.00"))
    assert StatementLine.objects.filter(visit=late, live=True).get().statement == march
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementLine.objects.create(
            statement=this_month, visit=late, in_quota=False, payable=late.outcome.fund
        )
    assert "已退费" in refused(statements.take_off_deduction, march, number=march.deductions.get().pk)
    signed(confirmed(this_month), hands)
    assert balance("receivable", clinic) == YUAN("230.00")
    statements.ask_to_undo(march, reason="试", by=hands["clerk"])
    assert "退费" in refused(statements.undo, march, by=hands["finance_accountant"])
    assert later.outcome.fund == 30
    assert_proven()


def test_two_draw_up_at_once_and_nothing_changes_behind_signatures(committed, hands, administrator):
    rules_of("shijiazhuang")
    person, clinic = insure(), contract()
    visited(person, clinic, "B1", "600.00")
    barrier, found = threading.Barrier(2), []

    def draw() -> None:
        barrier.wait()
        found.append(drawn(clinic, hands=hands))
        connections.close_all()

    both = [threading.Thread(target=draw) for _each in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert found[0] == found[1] == Statement.objects.get()
    statement = signed(confirmed(Statement.objects.get()), hands, "reviewer")
    with pytest.raises(DatabaseError):
        statement.lines.update(payable=YUAN("400.00"))
    administrator.execute("set session_replication_role = replica")
    administrator.execute("update settlement_statementline set payable = 40000")
    assert "有变动" in refused(statements.sign, statement, by=hands["auditor"])
    with pytest.raises(DatabaseError):
        Statement.objects.filter(pk=statement.pk).update(state="audited")
    statements.reopen(statement, reason="数据不符")
    assert "重新生成" in refused(statements.send, statement)
    assert signed(confirmed(drawn(clinic, hands=hands)), hands).payable == YUAN("300.00")


@pytest.mark.django_db
def test_the_municipal_centres_statements_are_not_a_countys(hands):
    """Nanchang 34: with tertiary facilities the municipal centre settles."""
    rules_of("shijiazhuang")
    county = member("clerk", "county_clerk", counties=("441602",))
    person, hospital, clinic = insure(), contract(level="tertiary"), contract()
    hospital.office = "city"
    hospital.save()
    hospital.placements.update(office="city")
    visited(person, hospital, "H1", "600.00")
    visited(person, clinic, "B1", "100.00")
    [mine] = statements.draw_up(scheme="310", month=MARCH, by=county)
    assert mine.facility == clinic
    everything = statements.draw_up(scheme="310", month=MARCH, by=hands["clerk"])
    assert [each.office for each in everything] == ["city", "county"]
    signing = confirmed(everything[0])
    reviewer = member("reviewer", "county_reviewer", counties=("441602",))
    assert refused(statements.sign, signing, by=reviewer)
    statements.sign(signing, by=hands["reviewer"])


@pytest.mark.django_db
def test_misuse_is_recovered_once_by_two_and_at_most_what_was_paid(hands):
    rules_of("shijiazhuang")
    person, clinic = insure(), contract()
    visit = visited(person, clinic, "B1", "600.00")
    misused = {"amount": YUAN("200.01"), "reason": "挂床", "evidence": "稽核2023-7", "by": hands["clerk"]}
    statement = drawn(clinic, hands=hands)
    statements.deduct(statement, visit=visit, kind="10", amount=YUAN("100"), reason="超量", by=hands["clerk"])
    assert "扣款" in refused(visit_recoveries.propose, visit, debtor="facility", **misused)
    statement.refresh_from_db()
    signed(confirmed(statement), hands)
    assert "200.00" in refused(visit_recoveries.propose, visit, debtor="facility", **misused)
    recovery = visit_recoveries.propose(visit, debtor="facility", **misused | {"amount": YUAN("150.00")})
    assert "50.00" in refused(
        visit_recoveries.propose, visit, debtor="person", **misused | {"amount": YUAN("50.01")}
    )
    clerk_again = member("reviewer", "the clerk again")
    clerk_again.person_key = hands["clerk"].person_key
    assert refused(visit_recoveries.agree, recovery, by=clerk_again)
    visit_recoveries.agree(recovery, by=hands["reviewer"])
    assert refused(visit_recoveries.reject, recovery, by=hands["reviewer"])
    assert balance("receivable", clinic) == YUAN("150.00")
    of_person = visit_recoveries.propose(visit, debtor="person", **misused | {"amount": YUAN("50.00")})
    visit_recoveries.agree(of_person, by=hands["reviewer"])
    assert balance("receivable", person=person) == YUAN("50.00")
    assert_proven()

    pay = {"scheme": "310", "month": Month.of(timezone.localdate()), "source": Source.CLEARING}
    [order] = payment_orders.make(**pay, by=hands["clerk"])
    assert (order.owed, order.recovered, order.amount) == (YUAN("200"), YUAN("150"), YUAN("50"))
    assert PaymentOrder.objects.count() == 1
    refund = refunded(visit, by=hands["clerk"])
    drawn(clinic, Month.of(timezone.localdate()), hands=hands)
    assert StatementLine.objects.get(visit=refund).payable == 0
