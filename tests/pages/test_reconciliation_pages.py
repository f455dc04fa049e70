"""The pages of reconciliation: looked at, settled, opened again, taken away; nobody another county's."""

import re
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from office.acting import acting
from office.models import AccessRecord, Act, County
from policies.month import Month
from settlement import reconciling
from settlement.models import (
    Difference,
    Reconciliation,
    ReportedBill,
    ReportedTotal,
    Visit,
    VisitBatch,
)
from tests.pages.reading import texts_of
from tests.population import contract, insure, member

MARCH = Month(2023, 3)
THERE = "441621"
LISTED = "/settlement/reconciliation/"


@pytest.fixture
def months(staff):
    """March at two facilities of two counties: three visits, a bill, a refund and a total that differ."""
    return [reported("441602"), reported(THERE)]


def reported(county: str) -> Reconciliation:
    facility, person = contract(), insure()
    facility.county = County.objects.get(code=county)
    facility.save()
    said = {
        "facility": facility, "scheme": "310", "month": MARCH, "version": 1, "import_id": 1,
        "at": timezone.now(),
    }  # fmt: skip
    batch = VisitBatch.objects.create(kind="entry", scheme="310", origin="page", at=timezone.now(), rows=3)
    for n in (1, 2, 3):
        Visit.objects.create(
            batch=batch, scheme="310", facility=facility, person=person, bill=f"MZ{n}", category="outpatient",
            at=f"2023-03-0{n}T01:00Z", total=Decimal(100), eligible=Decimal(100),
        )  # fmt: skip
        ReportedBill.objects.create(
            **said, bill=f"MZ{n}", refund=False, day=f"2023-03-0{n}", total=Decimal(100 + n // 3), fund=0
        )
    ReportedBill.objects.create(
        **said, bill="MZ2", refund=True, day="2023-03-02", total=Decimal(-100), fund=0
    )
    ReportedTotal.objects.create(**said, visits=3, total=Decimal(310), fund=0)
    reconciling.compare(scheme="310", month=MARCH)
    return Reconciliation.objects.get(facility=facility)


def text_of(response) -> str:
    return " ".join(text for _tag, text in texts_of(response))


def test_differences_are_settled_opened_again_and_taken_away(months, sign_in):
    month = months[0]
    clerk, auditor = sign_in("clerk"), sign_in("auditor")
    page, settle = f"{LISTED}{month.pk}/change/", f"{LISTED}{month.pk}/settle/"
    assert "6处" in text_of(clerk.get("/waiting/"))
    told = text_of(auditor.get(page))
    for said in ("金额不符", "退费未冲", "汇总不符", "MZ2", "101.00", "+1.00", "+109.00"):
        assert said in told, said
    for query, there in (
        ("?standing=different&month=2023-03", True),
        ("?standing=agreed", False),
        (f"?q={month.facility.code}", True),
    ):
        assert (page in auditor.get(LISTED + query).content.decode()) is there, query

    silent = contract()
    listed = auditor.get(f"{LISTED}?month=2023-03").content.decode()
    assert "未申报" in listed
    [link] = re.findall(r'href="(/facilities/facility/\?not_filed=[^"]+)"', listed)
    told = text_of(auditor.get(link))
    assert silent.code in told and month.facility.code not in told

    amount, refund = (
        Difference.objects.get(reconciliation=month, kind=kind) for kind in ("amount", "refund")
    )
    given = {"chosen": [f"{amount.pk}-1"], "explanation": "theirs_wrong", "note": "机构录入错误"}
    assert auditor.post(settle, given).status_code == 403
    assert clerk.get(settle).status_code == 405
    for wrong in ({"chosen": []}, {"explanation": ""}, {"explanation": "other", "note": " "}):
        clerk.post(settle, given | wrong)
        assert not Difference.objects.filter(state="settled").exists()
    clerk.post(settle, given)
    amount.refresh_from_db()
    assert (amount.state, amount.note, amount.settled_by.username) == ("settled", "机构录入错误", "clerk")
    Difference.objects.filter(pk=refund.pk).update(revision=2)  # another comparison meanwhile
    told = text_of(clerk.post(settle, given | {"chosen": [f"{refund.pk}-1"]}, follow=True))
    assert "1处已有变化" in told
    clerk.post(
        settle,
        {
            "kind": ["refund", "total"],
            "compared_at": month.compared_at.isoformat(),
            "explanation": "other_period",
        },
    )
    assert "已处理" in text_of(clerk.get(page))
    assert Reconciliation.objects.with_standing().get(pk=month.pk).standing == "settled"
    assert Difference.objects.filter(state="open").count() == 3  # of the other facility

    one = f"/settlement/difference/{amount.pk}/"
    assert "机构录入错误" in text_of(auditor.get(f"{one}change/"))
    assert auditor.post(f"{one}act/reopen/", {"reason": "x"}).status_code == 403
    clerk.post(f"{one}act/reopen/", {"reason": "机构来电更正"})
    amount.refresh_from_db()
    assert (amount.state, amount.settled_by) == ("open", None)
    export = reverse("admin:settlement_difference_export") + f"?reconciliation__id={month.pk}"
    content = clerk.post(export, {"extension": "csv"}).getvalue().decode("utf-8-sig")
    assert len(content.splitlines()) == 4
    assert "MZ3,否,2023-03-03,2023-03-03,1,1" in content
    assert AccessRecord.objects.filter(act=Act.EXPORT).exists()
    assert "MZ3" in text_of(clerk.get(reverse("admin:settlement_visit_change", args=[amount.visit_id])))


def test_a_county_has_its_own_facilities_months_and_writes_no_figures(months, sign_in, staff):
    here, there = months
    clerk = member("clerk", "here", counties=("441602",))
    staff["clerk"].whole_city = False
    staff["clerk"].save()
    staff["clerk"].counties.set(County.objects.filter(code="441602"))
    client = sign_in("clerk")
    assert client.get(f"{LISTED}{here.pk}/change/").status_code == 200
    other = Difference.objects.filter(reconciliation=there).first()
    given = {"chosen": [f"{other.pk}-1"], "explanation": "corrected_next"}
    assert client.get(f"{LISTED}{there.pk}/change/").status_code == 404
    assert client.post(f"{LISTED}{there.pk}/settle/", given).status_code == 404
    client.post(f"{LISTED}{here.pk}/settle/", given)
    assert not Difference.objects.filter(state="settled").exists()
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE):
        for model in (Reconciliation, Difference, ReportedTotal, ReportedBill):
            assert model.objects.count() == {Difference: 3, ReportedBill: 4}.get(model, 1)
        for attack in (
            "update settlement_difference set theirs = ours",
            "delete from settlement_difference",
            "update settlement_reportedtotal set total = 0",
            "update settlement_reconciliation set report_id = null",
            f"update settlement_difference set state = 'settled', explanation = 'other_period',"
            f" settled_at = now(), settled_by_id = {staff['reviewer'].pk}",
        ):
            with (
                pytest.raises(DatabaseError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(attack)
