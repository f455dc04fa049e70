"""Visits entered, looked at and taken back by hand; whose visits a county sees."""

import pytest
from django.conf import settings
from django.urls import reverse

from office.acting import acting
from office.models import County
from settlement.batches import settle
from settlement.models import Visit, VisitBatch, VisitOutcome
from tests.pages.reading import texts_of
from tests.population import contract, fund, insure, member, select

VISIT = {
    "bill": "MZ1", "at": "2023-03-10 09:30", "category": "outpatient", "total": "100.00",
    "full_self_paid": "10", "over_price": "0", "prior_self_paid": "0", "eligible": "90.00",
    "diagnosis_fee": "0", "consultation_fee": "0", "examination_fee": "0", "disease": "", "drug": "",
    "gate": "", "asked": "", "prescriber": "",
}  # fmt: skip


@pytest.fixture
def patient(staff):
    person, clinic = insure(), contract()
    select(person, clinic, first="2023-01")
    fund(person, "25.00")
    return person, clinic


def entered(client, person, clinic, **values):
    given = VISIT | {"person": person.pk, "facility": clinic.pk} | values
    return client.post(reverse("admin:settlement_visit_add"), given)


def text_of(response) -> str:
    return " ".join(text for _tag, text in texts_of(response))


def settle_all() -> None:
    for batch in VisitBatch.objects.filter(settled_at=None):
        settle(batch.pk)


def test_a_visit_by_hand_is_explained_and_taken_back(patient, sign_in):
    person, clinic = patient
    clerk = sign_in("clerk")
    assert "各分项之和与总费用不符" in text_of(entered(clerk, person, clinic, eligible="80"))
    assert not Visit.objects.exists()
    assert entered(clerk, person, clinic).status_code == 302
    assert "该机构此单据号已录入" in text_of(entered(clerk, person, clinic))
    visit = Visit.objects.get()
    page = reverse("admin:settlement_visit_change", args=[visit.pk])
    assert "正在结算" in text_of(clerk.get(page))
    settle_all()
    told = text_of(clerk.get(page))
    for said in ("单次支付限额", "5(2)", "60.00", "25.00", "15.00", "1,740.00", "2023-01"):
        assert said in told, said
    listed = reverse("admin:settlement_visit_changelist")
    for query, there in (
        ("?month=2023-03&state=paid", True),
        ("?month=2023-04", False),
        ("?state=held", False),
        (f"?q={clinic.code}", True),
        (f"?q={person.person_number}", True),
        (f"?batch={visit.batch_id}", True),
        ("?state=waiting", False),
    ):
        assert ("MZ1" in text_of(clerk.get(listed + query))) is there, query
    assert "MZ1" in text_of(clerk.get(reverse("admin:insured_person_change", args=[person.pk])))
    assert "MZ1" in text_of(clerk.get(reverse("admin:facilities_facility_change", args=[clinic.pk])))
    act = reverse("admin:settlement_visit_act", args=[visit.pk, "refund"])
    assert sign_in("auditor").post(act, {"reason": "x"}).status_code == 403
    assert clerk.post(act, {"reason": "患者退费"}).status_code == 302
    settle_all()
    assert "已冲销" in text_of(clerk.get(page))
    assert VisitOutcome.objects.get(state="reversed").fund == -60
    batch = reverse("admin:settlement_visitbatch_change", args=[visit.batch_id])
    assert "60.00" in text_of(clerk.get(batch))


def test_a_county_sees_visits_of_its_people_and_at_its_facilities(patient, db):
    person, clinic = patient
    there = insure(county="441621")
    elsewhere = contract()
    elsewhere.county = County.objects.get(code="441624")
    elsewhere.save()
    batch = VisitBatch.objects.create(
        kind="entry", scheme="310", origin="page", at="2023-03-10T00:00Z", rows=2
    )
    for number, (who, where) in enumerate([(person, clinic), (there, clinic), (there, elsewhere)]):
        Visit.objects.create(
            batch=batch, scheme="310", facility=where, person=who, bill=f"C{number}", at="2023-03-10T01:00Z",
            category="outpatient", total=1, eligible=1,
        )  # fmt: skip
    seen = {}
    for county in ("441602", "441621", "441624", "441625"):
        with acting(
            staff=member("auditor", county, counties=(county,)), origin="page", role=settings.PAGES_ROLE
        ):
            seen[county] = set(Visit.objects.values_list("bill", flat=True))
    assert seen == {"441602": {"C0", "C1"}, "441621": {"C1", "C2"}, "441624": {"C2"}, "441625": set()}
