"""The file of uses: paid by accounts in the rows' order, whole or not at all, exactly as it was shown."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, AccountUse, Voucher
from accounts.refunds import refund, reverse
from accounts.verify import verify_books
from accounts.vouchers import transfers_of
from insured.endings import end
from insured.models import PersonChangeKind
from office import imports
from office.models import ImportRow
from office.staging import Refused
from office.undoing import Refused as NotUndone
from office.undoing import undo
from tests.accounts.test_applications import agreed, emigrates
from tests.accounts.test_uses import balance, holder, linked
from tests.files import checked, counts, problems
from tests.population import agree, contract, fund, insure, member, spend

pytestmark = pytest.mark.django_db
_bills = iter(range(1, 1000))


def row(person, amount: str, facility=None, purpose="个人负担的医疗费用", **values: str) -> dict[str, str]:
    return {
        "证件号码": person.document_number,
        "用途": purpose,
        "日期": "2023-05-10",
        "机构代码": facility.code if facility else "",
        "单据号": f"B{next(_bills)}",
        "账户支付金额": amount,
    } | values


def enter(*rows):
    return checked(list(rows), kind="account_uses")


def clean() -> bool:
    return not [finding for finding in verify_books() if finding.wrong]


def test_rows_are_paid_in_their_order_by_the_own_account_and_then_by_those_granted():
    wife, child = holder("100.00"), insure()
    linked(wife, child, relation="child")
    fund(child, "30.00")
    hospital = contract()
    rows = [
        row(child, "50.00", hospital, purpose="facility_cost"),
        row(wife, "70.00", hospital, purpose="facility_cost"),
        row(wife, "80.01", hospital, purpose="facility_cost"),
        row(wife, "10.00", hospital, purpose="facility_cost"),
    ]
    file = enter(*rows)
    assert counts(file) == {"new": 2, "changed": 1, "rejected": 1}
    [split] = ImportRow.objects.filter(import_file=file, outcome="changed").values_list("changes", flat=True)
    assert split == [["own_part", "0.00", "30.00"], ["family_part", "0.00", "20.00"]]
    [(number, column, told)] = problems(file)
    assert (number, column) == (4, "账户支付金额")
    assert "10.00" in told
    file = imports.apply(file, by=None)
    assert (balance(wife), balance(child)) == (0, 0)
    uses = list(AccountUse.objects.order_by("id"))
    assert [(u.own_part, u.family_part, u.cash_part, u.article) for u in uses] == [
        (Decimal("30.00"), Decimal("20.00"), 0, uses[0].article),
        (Decimal("70.00"), 0, 0, uses[1].article),
        (Decimal("10.00"), 0, 0, uses[2].article),
    ]
    assert [[t.kind for t in transfers_of(use)] for use in uses] == [
        ["spending", "family"],
        ["spending"],
        ["spending"],
    ]
    assert [share.transfer_id for share in uses[0].shares.order_by("place")] == [
        t.pk for t in transfers_of(uses[0])
    ]
    assert counts(enter(rows[0], rows[1])) == {"unchanged": 2}
    with pytest.raises(NotUndone):
        undo(file, by=None, reason="误导入")
    reverse(uses[0], reason="退费", by=None)
    refund(uses[1], amount=Decimal("5.00"), reason="退费", by=None)
    assert (balance(wife), balance(child)) == (Decimal("25.00"), Decimal("30.00"))
    assert clean()


def test_what_the_rules_or_the_records_refuse_is_told_row_by_row_with_its_article():
    person, hospital, pharmacy = holder("100.00"), contract(years=[2023]), contract(kind="pharmacy", years=[])
    agree(pharmacy, first=date(2023, 1, 1), last=date(2023, 12, 31), kind="account")
    office = {role: member(role) for role in ("clerk", "reviewer", "auditor", "finance_accountant")}
    gone = holder("5.00", first="2023-01", last="2023-06")
    end(gone, kind=PersonChangeKind.EMIGRATED, day=date(2023, 3, 5), reason="出境", by=office["clerk"])
    agreed(emigrates(Account.objects.get(person=gone, kind="person"), office, name=gone.name), office)
    twice = row(person, "1.00", pharmacy, purpose="pharmacy")
    file = enter(
        row(person, "1.00", hospital, purpose="fitness"),
        row(person, "1.00", hospital, purpose="吃饭"),
        row(person, "1.00", purpose="facility_cost"),
        row(person, "1.00", pharmacy, purpose="missing_years"),
        row(person, "1.00", hospital, purpose="facility_cost", 日期="2024-05-10"),
        row(person, "1.00", hospital, purpose="facility_cost", 日期="2099-05-10"),
        row(person, "0.00", hospital, purpose="facility_cost"),
        row(gone, "1.00", hospital, purpose="facility_cost", 日期="2023-02-01"),
        row(insure(), "1.00", hospital, purpose="facility_cost"),
        twice,
        twice | {"账户支付金额": "2.00"},
        row(person, "100.00", pharmacy, purpose="pharmacy"),
        row(person, "0.01", pharmacy, purpose="pharmacy"),
    )
    told = {number: message for number, _column, message in problems(file)}
    for number, said in (
        (2, "10"),
        (3, "article"),
        (4, "article"),
        (5, "article"),
        (9, "closed"),
        (10, "no account"),
    ):
        assert said in told[number]
    spend(person, "0.01")
    with pytest.raises(Refused):
        imports.apply(file, by=None)
    assert (AccountUse.objects.count(), Voucher.objects.filter(source="accounts.accountuse").count()) == (
        0,
        0,
    )
