"""The inbox, delegations and chains as people use them through their pages."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office import runs, worklist
from office.models import ApprovalChain, Delegation, ImportFile, Run, RunState
from tests.population import approved, posted


def inbox(staff) -> list[tuple[str, int, bool]]:
    return [(item.what, item.record.pk, item.news) for item in worklist.waiting_for(staff)]


def badge(client) -> str:
    """What the sidebar says beside "waiting for me"."""
    shown = re.search(r"<span>待我办理</span>(?:<b[^>]*>(\d+)</b>)?", client.get("/").content.decode())
    return shown.group(1) or ""


def page_of(run) -> str:
    return reverse("admin:office_run_change", args=[run.pk])


def test_a_run_waits_for_one_after_the_other_and_is_news_until_opened(office, staff, sign_in):
    march = office.march
    assert ("sign", march.pk, True) in inbox(staff["reviewer"])
    for role in ("clerk", "auditor", "finance_accountant", "policy_officer"):
        assert inbox(staff[role]) == [], role
    reviewer = sign_in("reviewer")
    assert badge(reviewer) == "2"  # the year end too
    reviewer.get(page_of(march))
    assert ("sign", march.pk, False) in inbox(staff["reviewer"])

    approved(march)
    assert [item for item in inbox(staff["reviewer"]) if item[1] == march.pk] == []
    assert inbox(staff["finance_accountant"]) == [("release", march.pk, True)]
    assert march.get_kind_display() in sign_in("finance_accountant").get("/waiting/").content.decode()

    runs.send_back(march, by=staff["finance_accountant"], origin="page", reason="金额有误")
    assert inbox(staff["finance_accountant"]) == []
    assert inbox(staff["clerk"]) == [("correct", march.pk, True)]
    page = sign_in("clerk").get(page_of(march)).content.decode()
    assert "退回：" in page and "金额有误" in page
    assert inbox(staff["clerk"]) == [("correct", march.pk, False)]


def test_a_file_with_nothing_to_apply_is_to_be_sent_again(staff, sign_in):
    file = ImportFile.objects.create(
        layout="enrolments",
        name="imp1.xlsx",
        size=1,
        state="checked",
        origin="page",
        uploaded_by=staff["clerk"],
        counts={"rows": 2, "new": 0, "changed": 0, "unchanged": 0, "rejected": 2},
    )
    assert inbox(staff["clerk"]) == [("send again", file.pk, False)]
    page = sign_in("clerk").get(reverse("admin:office_importfile_change", args=[file.pk])).content.decode()
    assert "imp1.xlsx" in page
    assert "Imp1.xlsx" not in page
    ImportFile.objects.update(counts=file.counts | {"rejected": 1, "new": 1})
    assert inbox(staff["clerk"]) == [("confirm", file.pk, False)]


def test_a_reversal_turned_down_is_told_to_who_asked_for_it(office, staff):
    reversal = runs.reverse(office.february, by=staff["reviewer"], origin="page", reason="基数有误")
    assert ("sign", reversal.pk, True) in inbox(staff["auditor"])
    runs.send_back(reversal, by=staff["auditor"], origin="page", reason="基数无误")
    assert ("refused", reversal.pk, True) in inbox(staff["reviewer"])
    worklist.mark_seen(reversal, by=staff["reviewer"])
    assert reversal.pk not in [number for _what, number, _news in inbox(staff["reviewer"])]


def test_what_somebody_prepared_does_not_wait_for_them(office, staff):
    Run.objects.filter(pk=office.march.pk).update(prepared_by=staff["reviewer"])
    assert office.march.pk not in [number for _what, number, _news in inbox(staff["reviewer"])]


def test_a_reviewer_delegates_for_the_days_of_a_leave(office, staff, sign_in):
    reviewer, auditor, today = sign_in("reviewer"), sign_in("auditor"), timezone.localdate()
    march = office.march
    days = {"first_day": str(today), "last_day": str(today + timedelta(7))}
    asked = {"delegate": staff["auditor"].pk, "reason": "年休假", **days}
    # Not in somebody else's name: a principal is not asked of who has no right to choose one.
    reviewer.post(reverse("admin:office_delegation_add"), asked | {"principal": staff["clerk"].pk})
    given = Delegation.objects.get()
    assert (given.principal, given.delegate, given.made_by) == (
        staff["reviewer"],
        staff["auditor"],
        staff["reviewer"],
    )
    assert ("sign", march.pk, True) in inbox(staff["auditor"])
    page = auditor.get(page_of(march))
    assert "您将代测试员办理" in page.content.decode()
    act = reverse("admin:office_run_act", args=[march.pk, "approve"])
    told = auditor.post(act, {"seen": page.context["seen"]}, follow=True).content.decode()
    assert "测试员（代测试员）" in told
    march.refresh_from_db()
    assert (march.state, march.approvals.get().on_behalf_of) == (RunState.REVIEWED, staff["reviewer"])

    revoke = reverse("admin:office_delegation_revoke", args=[given.pk])
    assert sign_in("clerk").post(revoke).status_code == 403
    assert reviewer.get(revoke).status_code == 405
    reviewer.post(revoke)
    assert ("sign", office.year_end.pk, True) not in inbox(staff["auditor"])
    shown = reviewer.get(reverse("admin:office_delegation_change", args=[given.pk])).content.decode()
    assert "已撤销" in shown and str(march) in shown


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"last_day": "2020-01-01"}, "该日期已过"),
        ({"first_day": "2999-01-01"}, "日期"),
        ({"reason": ""}, "必填"),
        ({"delegate": "itself"}, "选择"),
    ],
)
def test_a_delegation_that_makes_no_sense_is_told(staff, sign_in, changed, told):
    today = str(timezone.localdate())
    asked = {
        "delegate": staff["auditor"].pk,
        "first_day": today,
        "last_day": today,
        "reason": "出差",
    } | changed
    if changed.get("delegate"):
        asked["delegate"] = staff["reviewer"].pk
    response = sign_in("reviewer").post(reverse("admin:office_delegation_add"), asked)
    assert response.status_code == 200
    assert told in response.content.decode()
    assert not Delegation.objects.exists()


def test_an_administrator_changes_a_chain_for_runs_to_come(office, staff, sign_in):
    url = reverse("admin:office_approvalchain_change", args=[ApprovalChain.objects.get(kind="credit").pk])
    steps = {"step_1": "review", "step_2": "audit", "step_3": "release", "step_4": ""}
    for wrong in ({"step_1": "", "step_2": ""}, {"step_1": "release", "step_3": "review"}):
        assert sign_in("security_administrator").post(url, steps | wrong).status_code == 200
    assert sign_in("reviewer").post(url, steps).status_code == 403
    assert ApprovalChain.objects.get(kind="credit").steps == ["review", "release"]
    sign_in("security_administrator").post(url, steps)
    assert ApprovalChain.objects.get(kind="credit").steps == ["review", "audit", "release"]
    approved(office.march)
    assert [signed.step for signed in office.march.approvals.all()] == ["review"]
    posted(office.march)
    april = approved(office.prepared("credit", office.march.period + 1))
    assert [signed.step for signed in april.approvals.all()] == ["review", "audit"]
