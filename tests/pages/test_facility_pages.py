"""A clerk changes, closes, suspends, renews and assesses facilities on their pages; county by county."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facilities.models import Assessment, AssessmentGrade, AssessmentItem, Facility
from office.models import AccessRecord, County
from policies.month import Month
from tests.population import agree, contract, member

TODAY = timezone.localdate()


def act_on(record, name: str) -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_act", args=[record.pk, name])


def page_of(record) -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


def said(response) -> str:
    return response.content.decode()


def signed_in(role: str, name: str | None = None, **scope) -> Client:
    client = Client()
    client.force_login(member(role, name, **scope))
    return client


@pytest.fixture
def clerk(db) -> Client:
    return signed_in("clerk")


@pytest.fixture
def elsewhere(db) -> Client:
    """A clerk of another county."""
    return signed_in("clerk", "clerk-b", counties=("441621",))


def test_a_facility_moves_and_closes_by_acts_with_a_reason(clerk, elsewhere):
    facility, centre = contract(), contract()
    station = contract(kind="village_station", level="ungraded", parent=facility, years=[])
    move = {
        "first_month": str(Month.of(TODAY)),
        "level": "ungraded",
        "parent": "H0",
        "office": "county",
        "reason": "撤乡并镇",
    }
    assert "没有此代码的机构" in said(clerk.post(act_on(station, "place"), move))
    assert "村卫生站必须" in said(clerk.post(act_on(station, "place"), move | {"parent": ""}))
    assert "必填" in said(clerk.post(act_on(station, "place"), move | {"parent": centre.code, "reason": ""}))
    done = clerk.post(act_on(station, "place"), move | {"parent": centre.code}, follow=True)
    assert "变更已登记" in said(done)
    assert "撤乡并镇" in said(done)
    station.refresh_from_db()
    assert station.parent == centre
    assert "无需变更" in said(clerk.post(act_on(station, "place"), move | {"parent": centre.code}))
    assert clerk.get(page_of(centre)).status_code == 200

    asked = said(clerk.get(act_on(centre, "close")))
    assert station.code in asked  # what hangs on it
    closing = {"on": str(TODAY), "successor": facility.code, "reason": "合并"}
    assert "自该日起停业" in said(clerk.post(act_on(centre, "close"), closing, follow=True))
    assert facility.code in said(clerk.get(page_of(centre)))
    assert "情况已有变化" in said(clerk.post(act_on(centre, "close"), closing, follow=True))
    listed = reverse("admin:facilities_facility_changelist")
    assert page_of(centre) in said(clerk.get(listed, {"closed": "yes"}))
    assert page_of(centre) not in said(clerk.get(listed, {"closed": "no"}))
    assert page_of(facility) not in said(clerk.get(listed, {"agreement": "draft"}))
    assert clerk.post(act_on(centre, "reopen"), {"reason": "误报"}).status_code == 302

    # An act is a POST by whoever may change the record, within their counties.
    assert signed_in("reviewer").post(act_on(centre, "close"), closing).status_code == 403
    assert elsewhere.post(act_on(centre, "close"), closing).status_code == 404
    assert AccessRecord.objects.filter(act="out_of_scope", subject=act_on(centre, "close")).exists()
    centre.refresh_from_db()
    assert centre.closed_on is None
    Facility.objects.filter(pk=centre.pk).update(county=County.objects.get(code="441621"))
    for name, seen in (("facility", centre), ("agreement", centre.agreements.first())):
        found = said(elsewhere.get(reverse(f"admin:facilities_{name}_changelist")))
        assert (page_of(seen) in found, facility.code in found) == (True, False)


def test_agreements_are_drafted_signed_suspended_and_ended_on_their_pages(clerk, elsewhere):
    facility = contract(years=[])
    soon = agree(facility, kind="account", first=TODAY - timedelta(days=300), last=TODAY + timedelta(days=20))
    renewals = clerk.get(reverse("renewals"))
    assert said(renewals).count('name="agreement"') >= 1
    assert elsewhere.get(reverse("renewals")).context["rows"] == []
    elsewhere.post(reverse("renewals"), {"agreement": [soon.pk]})
    assert not facility.agreements.filter(signed_on=None).exists()
    assert "已起草 1 份协议" in said(clerk.post(reverse("renewals"), {"agreement": [soon.pk]}, follow=True))
    [draft] = facility.agreements.filter(signed_on=None)
    assert draft.first_day == soon.last_day + timedelta(days=1)
    assert "已起草，待签订" in said(clerk.get(reverse("renewals")))
    assert "协议已签订" in said(clerk.post(act_on(draft, "sign"), {"on": str(TODAY)}, follow=True))
    assert clerk.get(reverse("renewals")).context["rows"] == []
    later = {"on": str(draft.first_day), "reason": "整改"}
    assert f"自{draft.first_day}起将暂停" in said(clerk.post(act_on(draft, "suspend"), later, follow=True))

    suspended = clerk.post(act_on(soon, "suspend"), {"on": str(TODAY), "reason": "违规收费"}, follow=True)
    assert "违规收费" in said(suspended)
    listed = reverse("admin:facilities_agreement_changelist")
    assert page_of(soon) in said(clerk.get(listed, {"state": "suspended"}))
    assert page_of(soon) not in said(clerk.get(listed, {"state": "in_force"}))
    early = {"on": str(TODAY - timedelta(days=1)), "reason": "整改"}
    assert "才中止" in said(clerk.post(act_on(soon, "lift"), early))
    assert clerk.post(act_on(soon, "lift"), early | {"on": str(TODAY)}).status_code == 302
    assert "协议期为" in said(clerk.post(act_on(soon, "end"), {"on": "2020-01-01", "reason": "解除"}))
    assert clerk.post(act_on(soon, "end"), {"on": str(TODAY), "reason": "解除"}).status_code == 302
    assert (
        signed_in("auditor").post(act_on(soon, "end"), {"on": str(TODAY), "reason": "x"}).status_code == 403
    )
    assert elsewhere.get(act_on(soon, "end")).status_code == 404


def test_points_are_entered_by_a_clerk_and_signed_off_by_a_reviewer(clerk, elsewhere):
    item = AssessmentItem.objects.create(year=2023, number=1, title="服务质量", most=100)
    AssessmentGrade.objects.create(year=2023, least=80, title="合格")
    facility, reviewer = contract(), signed_in("reviewer")
    begun = {"facility": facility.pk, "year": "2023", "remark": ""}
    begun = clerk.post(reverse("admin:facilities_assessment_add"), begun, follow=True)
    assessment = Assessment.objects.get()
    assert act_on(assessment, "points") in begun.content.decode()
    empty = Assessment.objects.create(facility=facility, year=2022)
    assert act_on(empty, "points") not in said(clerk.get(page_of(empty)))
    assert elsewhere.get(page_of(assessment)).status_code == 404
    assert elsewhere.post(act_on(assessment, "points"), {"1": "90"}).status_code == 404
    assert clerk.post(act_on(assessment, "points"), {"1": "101"}).status_code == 200
    assert "尚未录入得分" in said(reviewer.post(act_on(assessment, "sign")))
    assert clerk.post(act_on(assessment, "points"), {"1": "91.5"}).status_code == 302
    assert clerk.post(act_on(assessment, "sign")).status_code == 403
    assert reviewer.post(act_on(assessment, "points"), {"1": "50"}).status_code == 403
    assert "考核已确认" in said(reviewer.post(act_on(assessment, "sign"), follow=True))
    page = said(clerk.get(page_of(facility)))
    assert "91.50" in page
    assert "合格" in page
    officer = signed_in("policy_officer")
    change = {"year": "2023", "number": "1", "title": "改", "most": "50"}
    assert officer.post(page_of(item), change).status_code == 403
    other = AssessmentItem.objects.create(year=2024, number=1, title="服务质量", most=100)
    assert officer.post(page_of(other), change | {"year": "2024"}).status_code == 302
    assert officer.post(reverse("admin:facilities_assessmentitem_delete", args=[other.pk]), {"post": "yes"})
    assert not AssessmentItem.objects.filter(pk=other.pk).exists()
