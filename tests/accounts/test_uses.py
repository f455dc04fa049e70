"""What accounts pay: whose, for what, in which order, and what comes back of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Account, AccountUse, TransferKind
from accounts.purposes import articles_of, demand_purpose
from accounts.refunds import refund, reverse
from accounts.spending import payers, post_use
from accounts.verify import verify_books
from accounts.vouchers import account_of, transfers_of
from insured.models import FamilyLink
from office.acting import acting
from policies.pack import load_pack
from tests.population import contract, fund, insure, member

DAY = date(2023, 5, 10)
pytestmark = pytest.mark.django_db


def holder(amount: str, **person):
    person = insure(**person)
    fund(person, amount)
    return person


def linked(person, relative, relation="spouse", first=date(2023, 1, 1), last=None):
    """Somebody's account granted to a relative."""
    return FamilyLink.objects.create(
        person=person,
        relative=relative,
        relation=relation,
        first_day=first,
        last_day=last,
        ended_because="other" if last else "",
    )


def used(person, amount, **given):
    defaults = {"scheme": "310", "purpose": "facility_cost", "day": DAY, "by": None}
    return post_use(person=person, amount=Decimal(amount), **{**defaults, **given})


def balance(person) -> Decimal:
    return Account.objects.get(person=person, kind="person").balance


def test_the_own_account_pays_first_then_those_granted_in_their_order_and_the_rest_is_cash():
    patient, spouse, child = holder("30.00"), holder("50.00", county="441621"), holder("7.00")
    linked(child, patient, "parent", first=date(2023, 2, 1))
    linked(spouse, patient, first=date(2023, 1, 1))
    linked(holder("99.00"), patient, first=date(2022, 1, 1), last=date(2023, 5, 9))
    facility = contract()
    use = used(patient, "90.00", facility=facility, bill_number="A1")
    assert (use.own_part, use.family_part, use.cash_part) == (
        Decimal("30.00"),
        Decimal("57.00"),
        Decimal("3.00"),
    )
    assert [(t.kind, t.amount) for t in transfers_of(use)] == [
        (TransferKind.SPENDING, Decimal("30.00")),
        (TransferKind.FAMILY, Decimal("50.00")),
        (TransferKind.FAMILY, Decimal("7.00")),
    ]
    assert len({t.voucher_id for t in transfers_of(use)}) == 1
    assert [balance(each) for each in (patient, spouse, child)] == [0, 0, 0]
    assert account_of(facility, scheme="310", kind="payable").pk == transfers_of(use)[0].credit_id
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_part_comes_back_last_paid_first_and_never_more_than_was_paid():
    patient, spouse = holder("30.00"), holder("50.00")
    linked(spouse, patient)
    use = used(patient, "90.00", facility=contract(), bill_number="A1")  # 30 own, 50 family, 10 cash
    first = refund(use, amount=Decimal("25.00"), reason="退药", by=None, bill_number="T1")
    assert (first.own_part, first.family_part, first.cash_part) == (0, Decimal("15.00"), Decimal("10.00"))
    second = refund(use, amount=Decimal("45.00"), reason="退药", by=None)
    assert (second.own_part, second.family_part, second.cash_part) == (
        Decimal("10.00"),
        Decimal("35.00"),
        0,
    )
    for wrong in (
        {"amount": Decimal("20.01"), "reason": "退药"},
        {"amount": Decimal("1.00"), "reason": " "},
        {"amount": Decimal("0.00"), "reason": "退药"},
        {"amount": Decimal("1.00"), "reason": "退药", "bill_number": "T1"},
    ):
        with pytest.raises(ValidationError):
            refund(use, by=None, **wrong)
    with pytest.raises(ValidationError, match="部分退费"):
        reverse(use, reason="退药", by=None)
    refund(use, amount=Decimal("20.00"), reason="退药", by=None)
    assert [balance(patient), balance(spouse)] == [Decimal("30.00"), Decimal("50.00")]
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_whole_use_is_reversed_once_and_its_bill_stays_known():
    patient, spouse, shop = holder("30.00"), holder("50.00"), contract(kind="pharmacy")
    linked(spouse, patient)
    use = used(patient, "90.00", purpose="pharmacy", facility=shop, bill_number="A1")
    reverse(use, reason="录入错误", by=None)
    back = transfers_of(use).filter(kind=TransferKind.REVERSAL)
    assert list(back.values_list("reverses_id", flat=True)) == list(
        use.shares.order_by("place").values_list("transfer_id", flat=True)
    )
    assert [balance(patient), balance(spouse)] == [Decimal("30.00"), Decimal("50.00")]
    for again in (
        lambda: reverse(use, reason="录入错误", by=None),
        lambda: refund(use, amount=Decimal("1.00"), reason="退药", by=None),
        lambda: used(patient, "1.00", purpose="pharmacy", facility=shop, bill_number="A1"),
    ):
        with pytest.raises(ValidationError):
            again()
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


@pytest.mark.parametrize(
    ("city", "purpose", "day", "people", "articles"),
    [
        ("heyuan", "facility_cost", "2022-08-01", "self spouse parent child", "9(1)"),
        ("heyuan", "resident_premium", "2023-05-10", "spouse parent child", "9(3)"),
        ("heyuan", "missing_years", "2023-05-10", "self", "9(4)"),
        ("heyuan", "preventive_tcm", "2023-05-10", "self spouse parent child", "9(5)"),
        ("honghe", "supplementary_premium", "2023-05-10", "self spouse parent child", "18.3"),
        ("shijiazhuang", "pharmacy", "2022-01-01", "self spouse parent child", "10(2)"),
        ("nanchang", "facility_cost", "2023-12-30", "self", "24(2)"),
        ("nanchang", "facility_cost", "2023-12-31", "self spouse parent child", "24(2)"),
        ("nanchang", "catastrophic_premium", "2023-12-31", "self", "24(1)"),
    ],
)
def test_for_whom_accounts_pay_a_purpose(city, purpose, day, people, articles):
    allowed = demand_purpose(load_pack(city), purpose=purpose, day=date.fromisoformat(day))
    assert set(allowed) == set(people.split())
    assert articles_of(allowed.values()) == articles


@pytest.mark.parametrize(
    ("city", "purpose", "day", "article"),
    [
        ("heyuan", "fitness", "2023-05-10", "10"),
        ("honghe", "health_check", "2023-05-10", "19"),
        ("shijiazhuang", "wellness", "2023-05-10", "12"),
        ("nanchang", "work_injury", "2023-05-10", "26(1)"),
        ("shijiazhuang", "resident_premium", "2023-05-10", "10(1)、10(2)"),
        ("heyuan", "facility_cost", "2022-07-31", "2022-07-31"),
    ],
)
def test_what_accounts_never_pay_is_refused_with_its_article(city, purpose, day, article):
    with pytest.raises(ValidationError) as refused:
        demand_purpose(load_pack(city), purpose=purpose, day=date.fromisoformat(day))
    assert article in "".join(refused.value.messages)


def test_premiums_go_to_the_fund_and_only_the_accounts_the_rules_name_pay():
    worker = holder("500.00")
    aged = insure(scheme="390", status="resident", base=None)
    linked(worker, aged, "parent")
    premium = used(aged, "380.00", purpose="resident_premium", bill_number="B1")
    assert (premium.family_part, premium.article) == (Decimal("380.00"), "9(3)")
    assert [t.kind for t in transfers_of(premium)] == [TransferKind.PREMIUM]
    assert account_of(None, scheme="310", kind="premiums").pk == transfers_of(premium)[0].credit_id
    reverse(premium, reason="重复缴费", by=None)
    assert balance(worker) == Decimal("500.00")
    for wrong in (
        {"person": worker, "purpose": "resident_premium"},  # not for oneself
        {"person": aged, "purpose": "missing_years"},  # for oneself alone
        {"person": worker, "purpose": "missing_years", "facility": contract(), "bill_number": "1"},
        {"person": worker, "purpose": "pharmacy", "facility": contract(), "bill_number": "1"},
        {"person": worker, "purpose": "facility_cost"},
        {"person": worker, "facility": contract(years=[2022]), "bill_number": "1"},
        {"person": worker, "facility": contract(), "bill_number": " "},
        {"person": worker, "purpose": "missing_years", "day": timezone.localdate() + timedelta(1)},
    ):
        with pytest.raises(ValidationError):
            used(amount="1.00", **wrong)
    assert AccountUse.objects.count() == 1


def test_nobody_pays_for_the_dead_nor_with_what_the_dead_left():
    patient, spouse = holder("30.00"), holder("50.00", died_on=date(2023, 5, 9))
    linked(spouse, patient, last=date(2023, 5, 31))
    assert [payer.relation for payer in payers(person=patient, scheme="310", on=DAY)] == ["self"]
    before = payers(person=patient, scheme="310", on=date(2023, 5, 9))
    assert [payer.relation for payer in before] == ["self", "spouse"]
    assert payers(person=spouse, scheme="310", on=DAY) == []
    assert [p.relation for p in payers(person=spouse, scheme="310", on=date(2023, 5, 9))] == ["self"]


def test_a_relative_insured_elsewhere_uses_the_holders_account_alone():
    worker, other = holder("30.00"), holder("50.00")
    linked(other, worker)
    link = FamilyLink(person=worker, relation="child", first_day=date(2023, 1, 1))
    link.name_elsewhere(name="李四", document_number="53250320100101001X")
    link.save()
    shop = contract(kind="pharmacy")
    use = used(worker, "40.00", purpose="pharmacy", facility=shop, bill_number="A1", link=link)
    assert (use.own_part, use.family_part, use.cash_part) == (0, Decimal("30.00"), Decimal("10.00"))
    with pytest.raises(ValidationError, match="无权"):
        used(other, "1.00", purpose="pharmacy", facility=shop, bill_number="A2", link=link)


def test_a_page_enters_uses_of_its_counties_with_relatives_of_others(settings):
    patient = holder("10.00")
    spouse = holder("50.00", county="441621")
    linked(spouse, patient)
    facility = contract()
    clerk = member("clerk", counties=("441602",))
    page = {"staff": clerk, "origin": "page", "role": settings.PAGES_ROLE}
    with acting(**page):
        use = used(patient, "40.00", facility=facility, bill_number="A1", by=clerk)
        reverse(AccountUse.objects.get(), reason="录入错误", by=clerk)
        assert not Account.objects.filter(person=spouse).exists()
    assert transfers_of(use).count() == 4
    with pytest.raises(ValidationError, match="其他县区"), acting(**page):
        used(patient, "380.00", purpose="resident_premium", bill_number="B1", by=clerk)
    assert [balance(patient), balance(spouse)] == [Decimal("10.00"), Decimal("50.00")]
