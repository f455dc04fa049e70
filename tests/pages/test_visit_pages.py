"""Visits entered, looked at and taken back by hand; whose visits a county sees."""

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account
from accounts.verify import verify_books
from office.acting import acting
from office.models import County
from settlement.batches import settle, take_back
from settlement.models import Accumulator, Visit, VisitBatch, VisitOutcome
from tests.files import applied
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
    told = text_of(clerk.get(page))  # settled at once
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


def test_a_whole_file_is_taken_back_after_it_was_looked_at(patient, sign_in):
    person, clinic = patient
    rows = [
        {
            "单据号": bill, "机构代码": clinic.code, "证件号码": person.document_number,
            "就诊时间": f"2023-03-{day} 09:00", "医疗类别": "普通门诊", "总费用": "90", "政策范围内": "90",
        }
        for bill, day in (("F1", "10"), ("F2", "11"), ("F3", "11"))
    ]  # fmt: skip
    clerk = sign_in("clerk")
    for _again in (False, True):
        file = applied(rows, name="费用.xlsx", kind="visits")
        batch = VisitBatch.objects.get(import_file=file)
        act = reverse("admin:settlement_visitbatch_act", args=[batch.pk, "refund"])
        assert clerk.get(act).status_code == 302  # nothing is settled yet
        settle_all()
        of_import = clerk.get(reverse("admin:office_importfile_change", args=[file.pk]))
        page = reverse("admin:settlement_visitbatch_change", args=[batch.pk])
        assert page in of_import.content.decode()
        undo = clerk.get(reverse("admin:office_importfile_undo", args=[file.pk]))
        assert "不能直接撤回文件" in text_of(undo)  # and where to do it, before anything is pressed
        assert page in undo.content.decode()
        assert 'name="reason"' not in undo.content.decode()
        listed = text_of(clerk.get(reverse("admin:settlement_visit_changelist", query={"batch": batch.pk})))
        assert "疑似重复" in listed
        one = Visit.objects.get(bill="F2", reversed_by=None)
        told = text_of(clerk.get(reverse("admin:settlement_visit_change", args=[one.pk])))
        assert "F3" in told
        take_back(Visit.objects.get(bill="F3", reversed_by=None), by=None, reason="重复录入")
        settle_all()
        previewed = text_of(clerk.get(act))
        for said in ("2", "180.00", "120.00", "此前已冲销"):
            assert said in previewed, said
        assert clerk.post(act, {"reason": ""}).status_code == 200
        assert clerk.post(act, {"reason": "整份重报"}).status_code == 302
        settle_all()
        assert not Visit.objects.filter(reverses=None, reversed_by=None).exists()
        assert Accumulator.objects.get().used == {}
        assert Account.objects.get(person=person).balance == 25
        assert "整份重报" in text_of(
            clerk.get(
                reverse("admin:settlement_visitbatch_change", args=[VisitBatch.objects.latest("pk").pk])
            )
        )
        assert "已无可冲销" in text_of(clerk.post(act, {"reason": "再来"}))
    assert set(Visit.objects.exclude(reverses=None).values_list("bill", flat=True)) == {
        "F1-R", "F2-R", "F3-R", "F1-R2", "F2-R2", "F3-R2",
    }  # fmt: skip
    assert sign_in("auditor").post(act, {"reason": "x"}).status_code == 403
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_bill_in_hand_is_found_by_its_number_alone_among_millions(staff, rf):
    request = rf.get("/")
    request.user = staff["clerk"]
    visits = admin.site.get_model_admin(Visit)
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        visits.get_search_results(request, Visit.objects.all(), "B1")
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain " + asked.captured_queries[0]["sql"])
        plan = str(cursor.fetchall())
        cursor.execute("select indexname from pg_indexes where indexdef like '%btree (bill, %'")
        by_bill = {name for (name,) in cursor.fetchall()}
    assert by_bill == {"visit_bill_once", "visit_taken_back_bill"}
    assert all(name in plan for name in by_bill)
