"""Manual reimbursements: by the rules of each city, under the same limits as files, agreed and paid once."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Account
from accounts.verify import verify_books
from facilities.models import Facility
from insured.models import Filing, Referral
from office.acting import acting
from office.models import County
from office.signing import signed_for, what_was_signed
from office.statements import fetch
from settlement import batches, claims, payment_orders
from settlement.claim_rules import deadline_of, documents_of, newborn_window
from settlement.explaining import explain
from settlement.models import (
    Accumulator,
    Claim,
    ClaimApproval,
    ClaimReceipt,
    Source,
    Visit,
    VisitBatch,
)
from tests.cities import rules_of
from tests.files import applied, checked, problems
from tests.office.test_approvals import delegate
from tests.population import contract, insure, member, select
from tests.settlement.test_visit_files import row

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
CARD = "6222021234567890128"
YUAN = Decimal


@pytest.fixture
def office():
    """Who takes in, who signs which step."""
    hands = {role: member(role) for role in ("clerk", "reviewer", "auditor", "finance_accountant")}
    return hands | {"checker": member("clerk", "checker")}


def settle_all() -> None:
    for batch in VisitBatch.objects.filter(settled_at=None).order_by("pk"):
        batches.settle(batch.pk)
        assert not batch.chunks.exclude(error="").exists(), batch.chunks.get().error


def taken_in(person, office, *, scheme="310", reason="out_of_area", received=date(2023, 4, 3)) -> Claim:
    claim = Claim(
        person=person,
        scheme=scheme,
        reason=reason,
        received_on=received,
        payee_name=person.name,
        bank_name="工商银行",
        entered_by=office["clerk"],
    )
    claim.pay_into(CARD)
    claims.demand_acceptable(claim)
    claim.save()
    return claim


def receipt(claim, office, number: str, eligible: str, *, facility, day=date(2023, 3, 10), **values):
    """A receipt whose whole cost is eligible, but for what is given; settled."""
    amounts = {"total": YUAN(eligible), "eligible": YUAN(eligible)}
    at = datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
    visit = Visit(
        **{"bill": number, "facility": facility, "at": at, "category": "outpatient"} | amounts | values
    )
    found = claims.add_receipt(claim, visit, by=office["clerk"])
    settle_all()
    return Visit.objects.select_related("outcome").get(pk=found.visit_id)


def handed_in(claim, office) -> Claim:
    asked = documents_of(claim).figure
    claims.tick_documents(claim, received=asked, by=office["clerk"])
    return claims.hand_in(claim)


def agreed(claim, office) -> Claim:
    claim = handed_in(claim, office)
    for role in ("checker", "reviewer", "auditor")[: len(claim.steps)]:
        claim = claims.sign(claim, by=office[role])
    return claim


def used(person) -> dict:
    return Accumulator.objects.get(person=person, year=2023).used


def abroad(level: str = "tertiary") -> Facility:
    return Facility.objects.create(code="H11010500001", name="北京某医院", level=level, kind="hospital")


def proven() -> bool:
    connection.check_constraints()
    return [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_claim_from_the_counter_to_the_payment_order(office):
    """Heyuan 5: filed elsewhere the visit is paid as here, at 55 % in a tertiary hospital."""
    person, far = insure(), abroad()
    Filing.objects.create(person=person, kind="resettled", first_day=date(2023, 1, 1), destination="北京")
    select(person, far, first="2023-01")
    claim = taken_in(person, office)
    first = receipt(claim, office, "0123456789", "200.00", facility=far)
    late = receipt(claim, office, "0123456790", "100.00", facility=far, day=date(2022, 3, 1))
    assert (first.outcome.fund, first.outcome.locality, first.outcome.cash) == (YUAN(110), "filed", YUAN(90))
    assert (late.outcome.state, late.outcome.reason) == ("denied", "not_in_force")
    assert explain(first, first.outcome).matches
    assert used(person) == {"annual": 11000}

    with pytest.raises(ValidationError, match=r"原件|original receipt"):
        claims.hand_in(claim)
    claim = handed_in(claim, office)
    assert (claim.steps, claim.total, claim.fund) == (["check", "review"], YUAN(300), YUAN(110))
    with pytest.raises(ValidationError):
        claims.sign(claim, by=office["clerk"])
    claim = claims.sign(claim, by=office["checker"], seen=claims.seen_of(claim))
    with pytest.raises(ValidationError):
        claims.sign(claim, by=office["checker"])
    claim = claims.sign(claim, by=office["reviewer"])
    assert (claim.state, claim.decision) == ("decided", "partly")
    assert Account.objects.get(person=person, kind="owed").balance == YUAN(110)

    [order] = payment_orders.make(
        scheme="310", month=claims.posted_in(claim), source=Source.REIMBURSEMENT, by=office["clerk"]
    )
    assert (order.amount, order.payee_name, order.bank_name) == (YUAN(110), person.name, "工商银行")
    assert order.account_number == CARD
    assert not order.held
    assert not any(found.source == Source.REIMBURSEMENT for found in payment_orders.payable())
    with pytest.raises(ValidationError):
        claims.undo(claim, reason="误办", by=office["reviewer"])
    payment_orders.withdraw(order, reason="误办")
    claims.undo(claim, reason="误办", by=office["reviewer"])
    settle_all()
    assert used(person) == {}
    assert Account.objects.get(person=person, kind="owed").balance == 0
    assert not payment_orders.payable()
    # The receipt may be claimed anew, and again no more than once.
    again = taken_in(person, office)
    receipt(again, office, "0123456789", "200.00", facility=far)
    assert used(person) == {"annual": 11000}
    assert proven()


def test_a_receipt_is_claimed_once_in_the_whole_area(office):
    person, other, far, clinic = insure(), insure(), abroad(), contract()
    claim, theirs = taken_in(person, office), taken_in(other, office)
    first = receipt(claim, office, "R1", "100.00", facility=far)
    for facility in (far, clinic):
        with pytest.raises(ValidationError, match=r"已申报|claimed already|entered already"):
            receipt(theirs, office, "R1", "50.00", facility=facility)
    second = receipt(theirs, office, "R2", "50.00", facility=far)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.receipt.__class__.objects.filter(pk=second.receipt.pk).update(number="R1")
    # What the facility reports after all is refused under the same number, and flagged under another.
    receipt(claim, office, "R3", "80.00", facility=clinic)
    assert problems(checked([row(person, clinic, "R3", "80.00")], kind="visits")) != []
    assert problems(checked([row(person, clinic, "B4", "80.00", 原单据号="R3")], kind="visits")) != []
    reported = applied([row(person, clinic, "B3", "80.00", 就诊时间="2023-03-10 15:00")], kind="visits")
    assert reported is not None
    claimed = Visit.objects.get(bill="R3")
    assert [visit.bill for visit in claims.resembling(claimed)] == ["B3"]
    assert claims.resembling(first).count() == 0


def test_claims_and_files_never_overspend_a_limit_together(office):
    """Shijiazhuang 20: 100 deductible and 60 % up to 2000 a year before 45, whoever asks for it."""
    rules_of("shijiazhuang")
    person, clinic = insure(), contract()
    person.birth_date = date(1990, 1, 1)
    person.save()
    file = applied([row(person, clinic, "B1", "3000.00")], kind="visits")
    settle_all()
    assert Visit.objects.get(bill="B1").outcome.fund == YUAN("1740.00")
    claim = taken_in(person, office)
    visit = receipt(claim, office, "R1", "1000.00", facility=clinic, day=date(2023, 3, 12))
    assert (visit.outcome.fund, visit.outcome.over_limit) == (YUAN("260.00"), YUAN("340.00"))
    assert used(person)["annual"] == 200_000
    applied([row(person, clinic, "B2", "500.00", 就诊时间="2023-03-20 09:00")], kind="visits")
    settle_all()
    assert Visit.objects.get(bill="B2").outcome.fund == 0
    claims.cancel(claim, reason="撤回申请", by=office["clerk"])
    settle_all()
    assert used(person)["annual"] == 174_000
    assert file is not None
    assert proven()


@pytest.mark.parametrize(
    ("city", "received", "state", "reason"),
    [
        ("shijiazhuang", date(2024, 6, 30), "paid", ""),  # 24: the last day is included
        ("shijiazhuang", date(2024, 7, 1), "denied", "too_late"),
        ("honghe", date(2024, 7, 1), "paid", ""),  # 23 sets no day
        ("nanchang", date(2024, 7, 1), "paid", ""),  # 36 sets none
    ],
)
def test_until_when_a_visit_is_claimed(office, city, received, state, reason):
    rules_of(city)
    person, clinic = insure(), contract()
    person.birth_date = date(1970, 1, 1)
    person.save()
    claim = taken_in(person, office, reason="system_failure", received=received)
    visit = receipt(claim, office, "R1", "1000.00", facility=clinic)
    assert (visit.outcome.state, visit.outcome.reason) == (state, reason)
    if reason:
        [step] = explain(visit, visit.outcome).steps
        assert step.article == "24"
        agreed(claim, office)
        claim.refresh_from_db()
        assert (claim.decision, claim.fund) == ("refused", 0)
        assert not payment_orders.payable()
        assert deadline_of(date(2023, 12, 31), scheme="310").figure == date(2024, 6, 30)


def test_visits_before_a_newborn_was_enrolled(office):
    """Shaoguan 8(1): paid from birth when enrolled within six months; 9(1)2: taken in a month's last days."""
    rules_of("shaoguan")
    person, clinic = insure(scheme="390", status="resident", base=None, first="2023-05"), contract()
    person.birth_date = date(2023, 2, 1)
    person.save()
    with pytest.raises(ValidationError, match=r"2023-05-27.*2023-05-31.*9\(1\)2"):
        taken_in(person, office, scheme="390", reason="newborn", received=date(2023, 5, 26))
    # 30 April 2023 lies in the holidays of May: claims are taken until the first working day after them.
    assert newborn_window(date(2023, 5, 4), scheme="390") is None
    assert newborn_window(date(2023, 5, 5), scheme="390") is not None
    claim = taken_in(person, office, scheme="390", reason="newborn", received=date(2023, 5, 27))
    visit = receipt(claim, office, "R1", "100.00", facility=clinic)
    before = receipt(claim, office, "R2", "100.00", facility=clinic, day=date(2023, 1, 31))
    assert (visit.outcome.fund, visit.outcome.newborn) == (YUAN("70.00"), True)
    assert (before.outcome.state, before.outcome.reason) == ("denied", "not_insured")


def test_referred_and_paid_first(office):
    """Shaoguan 9(1)3: who was referred pays first and claims the visit, at 60 % in a secondary hospital."""
    rules_of("shaoguan")
    person, clinic, hospital = (
        insure(scheme="390", status="resident", base=None), contract(), contract(level="secondary"),
    )  # fmt: skip
    select(person, clinic, first="2023-01")
    claim = taken_in(person, office, scheme="390", reason="referred")
    barred = receipt(claim, office, "R1", "100.00", facility=hospital)
    assert (barred.outcome.state, barred.outcome.reason) == ("denied", "not_selected")
    claims.drop_receipt(claim, receipt=barred.receipt.pk, reason="补转诊单", by=office["clerk"])
    settle_all()
    Referral.objects.create(
        person=person, issued_by=clinic, to_facility=hospital, issued_on=date(2023, 3, 1),
        valid_until=date(2023, 3, 31),
    )  # fmt: skip
    visit = receipt(claim, office, "R1", "100.00", facility=hospital)
    assert visit.outcome.fund == YUAN("60.00")
    assert [each.visit_id for each in claims.live_receipts(claim)] == [visit.pk]


def test_a_claim_waits_for_a_missing_figure_and_is_audited_when_large(office):
    """Honghe 12: an emergency waits for the inpatient deductible and rate; 9.2 pays the rest."""
    from settlement.batches import settle_held_again
    from tests.settlement.test_visit_files import INPATIENT

    rules_of("honghe")
    person, clinic = insure(), contract()
    claim = taken_in(person, office, reason="emergency")
    visit = receipt(claim, office, "R1", "9000.00", facility=clinic, category="emergency")
    assert visit.outcome.state == "held"
    with pytest.raises(ValidationError, match=r"参数|figure"):
        handed_in(claim, office)
    rules_of("honghe", figures=INPATIENT)
    settle_held_again(scheme="310", by=office["clerk"])
    settle_all()
    claim = handed_in(claim, office)
    assert (claim.fund, claim.steps) == (YUAN("7920.00"), ["check", "review", "audit"])
    for role in ("checker", "reviewer", "auditor"):
        claim = claims.sign(claim, by=office[role])
    assert claim.decision == "approved"


def test_the_database_holds_who_signs_and_what(office):
    person, clinic = insure(), contract()
    select(person, clinic, first="2023-01")
    claim = taken_in(person, office, reason="system_failure")
    visit = receipt(claim, office, "R1", "100.00", facility=clinic)
    dropped = receipt(claim, office, "R2", "100.00", facility=clinic, day=date(2023, 3, 11))
    claims.drop_receipt(claim, receipt=dropped.receipt.pk, reason="误录", by=office["clerk"])
    settle_all()
    claim = handed_in(claim, office)
    hash = claims.hash_of(claim)

    def approve(number=1, step="check", by=office["checker"], hash=hash):
        ClaimApproval.objects.create(claim=claim, number=number, step=step, person=by, hash=hash)

    def change(**values):
        Claim.objects.filter(pk=claim.pk).update(**values)

    elsewhere = member("clerk", "elsewhere", counties=("441621",))
    decided = {"state": "decided", "decision": "approved", "decided_on": date(2023, 4, 4)}
    forbidden = [
        lambda: approve(by=office["clerk"]),
        lambda: approve(by=elsewhere),
        lambda: approve(hash="0" * 64),
        lambda: approve(number=2, step="review", by=office["reviewer"]),
        lambda: approve(step="review", by=office["reviewer"]),
        lambda: change(**decided),
        lambda: change(fund=YUAN("99.00")),
        lambda: change(payee_name="别人"),
        lambda: change(state="undone", note="x"),
        lambda: ClaimReceipt.objects.filter(claim=claim).update(live=False),
        lambda: ClaimReceipt.objects.create(claim=claim, visit=visit, number="R9"),
        lambda: ClaimReceipt.objects.filter(claim=claim).delete(),
        lambda: batches.take_back(visit, by=office["clerk"], reason="误录"),
        lambda: claim.delete(),
    ]
    for attempt in forbidden:
        with pytest.raises((DatabaseError, ValidationError)), transaction.atomic():
            attempt()
    seen = claims.seen_of(claim)
    claims.sign(claim, by=office["checker"], seen=seen)
    with pytest.raises(ValidationError):
        claims.sign(claim, by=office["reviewer"], seen=seen)
    # Sent back, corrected and handed in anew, all sign again.
    claims.send_back(claim, reason="户名有误")
    claim = claims.hand_in(claim)
    assert claims.signatures_of(claim) == []
    claims.sign(claim, by=office["checker"])
    approve(number=2, step="review", by=office["reviewer"], hash=claims.hash_of(claim))
    with pytest.raises(IntegrityError, match=r"should 60\.00"), transaction.atomic():
        change(**decided)  # agreed to by all, and posted by nobody
        connection.check_constraints()


def test_counties_take_in_their_own_and_enter_what_is_not_on_record(office, settings):
    person, theirs = insure(), insure(county="441621")
    clerk = member("clerk", "here", counties=("441602",))
    claim = taken_in(theirs, office)
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE):
        assert not Claim.objects.filter(pk=claim.pk).exists()
        own = taken_in(person, office | {"clerk": clerk})
        far = claims.facility_named("上海某医院", level="tertiary", county=None)
        assert claims.facility_named("上海某医院", level="tertiary", county=None) == far
        here = claims.facility_named("村口诊所", level="ungraded", county=person.county)
        with pytest.raises(DatabaseError), transaction.atomic():
            claims.facility_named("村口诊所", level="ungraded", county=theirs.county)
        claims.add_receipt(
            own,
            Visit(
                bill="R1", facility=far, at=datetime(2023, 3, 1, 9, tzinfo=SHANGHAI), category="outpatient",
                total=YUAN(100), eligible=YUAN(100), emergency=True,
            ),
            by=clerk,
        )  # fmt: skip
    settle_all()
    assert far.county is None
    assert here.county == County.objects.get(code="441602")
    outcome = Visit.objects.get(bill="R1").outcome
    assert (outcome.level, outcome.locality, outcome.fund) == ("tertiary", "unfiled", YUAN("55.00"))
    # The county's own people take every step, with no sight of the fund's accounts.
    signers = [member(role, f"{role} here", counties=("441602",)) for role in ("clerk", "reviewer")]
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE):
        handed_in(own, office | {"clerk": clerk})
    for signer in signers:
        with acting(staff=signer, origin="page", role=settings.PAGES_ROLE):
            claims.sign(own, by=signer)
    assert Account.objects.get(person=person, kind="owed").balance == YUAN("55.00")
    with acting(staff=signers[1], origin="page", role=settings.PAGES_ROLE):
        claims.undo(own, reason="误办", by=signers[1])
    settle_all()
    assert used(person) == {}
    assert proven()


def test_a_delegate_signs_for_whoever_is_away_and_never_two_steps_of_one(office):
    person, far = insure(), abroad()
    Filing.objects.create(person=person, kind="resettled", first_day=date(2023, 1, 1), destination="北京")
    claim = taken_in(person, office)
    receipt(claim, office, "R1", "100.00", facility=far)
    claim = handed_in(claim, office)
    deputy, elsewhere = office["finance_accountant"], member("clerk", "deputy", counties=("441621",))

    def waits_for(staff) -> list:
        return [row for row in fetch("settlement/claims_waiting", staff=staff.pk) if row[0] == "handed_in"]

    assert "角色" in claims.standing_of(claim, deputy).refusal and not waits_for(deputy)
    for principal in ("clerk", "checker"):
        delegation = delegate(office[principal], deputy)
    delegate(office["checker"], elsewhere)
    assert "角色" in claims.standing_of(claim, elsewhere).refusal and not waits_for(elsewhere)
    with pytest.raises(DatabaseError), transaction.atomic():  # nor for who took it in
        ClaimApproval.objects.create(
            claim=claim,
            number=1,
            step=claim.steps[0],
            person=deputy,
            on_behalf_of=office["clerk"],
            hash=claims.hash_of(claim),
        )
    assert len(waits_for(deputy)) == 1
    claim = claims.sign(claim, by=deputy)
    [signature] = claims.signatures_of(claim)
    assert (signature.person, signature.on_behalf_of) == (deputy, office["checker"])
    assert signed_for(delegation) == [signature] and what_was_signed(signature) == claim
    delegate(office["reviewer"], deputy)
    assert "其他环节" in claims.standing_of(claim, deputy).refusal and not waits_for(deputy)
