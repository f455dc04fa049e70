"""Manual reimbursements by their pages: taken in, receipts entered, agreed by others, printed."""

import re
from datetime import date

import pytest
from django.urls import reverse

from facilities.models import Facility
from insured.models import Filing
from office.models import AccessRecord, Act, Document, Staff
from settlement import batches, claims
from settlement.models import Claim, ClaimState, VisitBatch
from tests.pages.reading import texts_of
from tests.pages.test_every_page import ENGLISH, SAME
from tests.papers import text_of
from tests.population import insure, member

CARD = "6222021234567890120"  # a wrong check digit
# Of claims, facilities and people.
NUMBERS = re.compile(r"BX\d+|[HW]\d{11}|P\d{8}")


@pytest.fixture
def people(office, staff):
    """Who signs the first review: a clerk too, and another one than took it in."""
    member("clerk", "second")
    Staff.objects.update(display_name="测试员")
    person = office.people[0]
    Filing.objects.create(person=person, kind="resettled", first_day=date(2023, 1, 1), destination="北京")
    return person


def url(name: str, claim: Claim, *more) -> str:
    return reverse(f"admin:settlement_claim_{name}", args=[claim.pk, *more])


def settle_all() -> None:
    for batch in VisitBatch.objects.filter(settled_at=None):
        batches.settle(batch.pk)


def applied_for(person, **values) -> dict:
    return {
        "person": person.pk,
        "reason": "out_of_area",
        "received_on": "2023-04-03",
        "applicant": "self",
        "payee_name": person.name,
        "bank_name": "工商银行",
        "account": CARD,
    } | values


def receipt_of(number: str, **values) -> dict:
    amounts = ("total", "eligible")
    zeros = ("full_self_paid", "over_price", "prior_self_paid")
    fees = ("diagnosis_fee", "consultation_fee", "examination_fee")
    return {
        "bill": number,
        "at": "2023-03-10",
        "category": "outpatient",
        **dict.fromkeys(amounts, "100.00"),
        **dict.fromkeys((*zeros, *fees), "0"),
    } | values


def test_a_claim_is_taken_in_agreed_and_printed(people, staff, sign_in, client):
    clerk, reviewer = sign_in("clerk"), sign_in("reviewer")
    client.force_login(Staff.objects.get(username="second"))
    add = reverse("admin:settlement_claim_add")
    assert f"{add}?person={people.pk}" in clerk.get(f"/insured/person/{people.pk}/change/").content.decode()
    assert reviewer.get(add).status_code == 403
    for refused, told in (
        (applied_for(people, payee_name="别人"), "收款账户应为参保人本人"),
        (applied_for(people, applicant="relative"), "请填写申请人姓名"),
        (applied_for(people, reason="newborn"), "本地政策不受理"),
        (applied_for(people, account="12"), "9至30位"),
    ):
        assert told in clerk.post(add, refused).content.decode()
    done = clerk.post(add, applied_for(people, phone="13800138000"), follow=True).content.decode()
    assert "校验位" in done
    assert CARD not in done
    claim = Claim.objects.get()
    page = url("change", claim)
    assert claim.entered_by == staff["clerk"]

    enter = url("receipt", claim)
    assert "选择医疗机构" in clerk.post(enter, receipt_of("0123")).content.decode()
    named = {"facility_name": "北京某医院", "facility_level": "tertiary"}
    assert "各分项之和" in clerk.post(enter, receipt_of("0123", **named, eligible="90.00")).content.decode()
    answered = clerk.post(enter, receipt_of("0123", **named, emergency="on", another="1"))
    assert answered.url == enter
    far = Facility.objects.get(name="北京某医院")
    again = clerk.post(enter, receipt_of("0123", facility=far.pk)).content.decode()
    assert "该票据已申报" in again
    clerk.post(enter, receipt_of("0124", facility=far.pk, at="2023-03-11"))
    settle_all()
    assert reviewer.get(enter).status_code == 403
    assert "缺少材料" in clerk.post(url("act", claim, "hand_in")).content.decode()
    clerk.post(url("act", claim, "documents"), {"received": ["original_receipt"]})
    clerk.post(url("act", claim, "hand_in"))
    assert Claim.objects.get().state == ClaimState.HANDED_IN
    assert clerk.get(url("act", claim, "sign")).status_code == 403
    assert "1件手工报销" in client.get("/waiting/").content.decode()
    assert "1件手工报销" not in reviewer.get("/waiting/").content.decode()
    for browser in (client, reviewer):
        seen = browser.get(url("act", claim, "sign")).context["form"]["seen"].value()
        browser.post(url("act", claim, "sign"), {"seen": seen})
    claim.refresh_from_db()
    assert (claim.state, claim.decision) == ("decided", "partly")
    decision = f"/settlement/claim/{claim.pk}/decision.pdf"
    printed = text_of(reviewer.get(decision))
    for told in (claim.number, "伍拾伍元整", "部分支付", "0123", "****"):
        assert told in printed
    assert CARD not in printed
    shown = reviewer.post(reverse("admin:settlement_claim_show", args=[claim.pk])).content.decode()
    assert CARD in shown
    assert AccessRecord.objects.filter(act=Act.SHOW).exists()
    receipt = claims.live_receipts(claim).first()
    assert clerk.post(f"/settlement/visit/{receipt.visit_id}/act/refund/", {"reason": "x"}).status_code == 302
    assert claims.live_receipts(claim).count() == 2
    pages = [
        page,
        "/settlement/claim/",
        f"/settlement/visit/{receipt.visit_id}/change/",
    ]
    left = {
        f"{path} {text}"
        for path in pages
        for _tag, text in texts_of(reviewer.get(path))
        if not text.startswith("/") and set(ENGLISH.findall(NUMBERS.sub("", text))) - SAME
    }
    assert not left
    assert reviewer.get("/settlement/claim/?q=0124").content.decode().count(claim.number) >= 1
    assert clerk.post(url("act", claim, "undo"), {"reason": "x"}).status_code == 403
    reviewer.post(url("act", claim, "undo"), {"reason": "误办"})
    assert Claim.objects.get().state == ClaimState.UNDONE
    verified = reviewer.get(f"/office/document/{Document.objects.get().pk}/change/").content.decode()
    assert "已撤销" in verified


def test_a_claim_of_another_county_is_not_there(people, office, staff, sign_in, client):
    there = insure(county="441621")
    sign_in("clerk").post(reverse("admin:settlement_claim_add"), applied_for(there))
    claim = Claim.objects.get()
    client.force_login(member("clerk", "here", counties=("441602",)))
    for path in (url("change", claim), url("receipt", claim), f"/settlement/claim/{claim.pk}/decision.pdf"):
        assert client.get(path).status_code == 404
    assert client.post(url("act", claim, "cancel"), {"reason": "x"}).status_code == 404
