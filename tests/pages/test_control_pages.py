"""The pages by which runs are kept under control: changes acknowledged, chunks tried again, months closed."""

from django.urls import reverse

from office import periods, runs
from office.approvals import seen_of
from office.models import Run, RunState, Threshold
from tests.population import approved, insure, released


def run_page(client, run) -> str:
    return client.get(reverse("admin:office_run_change", args=[run.pk])).content.decode()


def test_changes_are_acknowledged_on_the_page_before_the_run_is_approved(office, sign_in, staff):
    Threshold.objects.update(least=0)
    runs.cancel(office.march, by=staff["clerk"], origin="page", reason="重算")
    insure(base="9000", county="441621")
    march = office.prepared("credit", office.march.period)
    clerk, reviewer = sign_in("clerk"), sign_in("reviewer")
    assert "超出阈值的变动" in run_page(clerk, march)
    act = reverse("admin:office_run_act", args=[march.pk, "approve"])
    told = reviewer.post(act, {"seen": seen_of(march)}, follow=True).content.decode()
    assert f"还有 {march.excesses.count()} 项超出阈值的变动未确认" in told
    for excess in march.excesses.all():
        url = reverse("admin:office_run_acknowledge", args=[march.pk, excess.pk])
        assert sign_in("auditor").post(url, {"note": "核对"}).status_code == 302
        assert clerk.get(url).status_code == 405
        clerk.post(url, {"note": "紫金新增"})
    assert march.excesses.filter(note="紫金新增").count() == march.excesses.count() > 0
    reviewer.post(act, {"seen": seen_of(march)})
    assert Run.objects.get(pk=march.pk).state == RunState.REVIEWED


def test_a_failed_chunk_is_shown_and_tried_again(office, sign_in, staff):
    march = released(approved(office.march))
    Run.objects.filter(pk=march.pk).update(error="第 1 段：出错")
    march.chunks.update(error="会使某个个人账户余额为负。")
    page = run_page(sign_in("reviewer"), march)
    assert "未能入账的分块" in page and "会使某个个人账户余额为负。" in page
    assert "已停止" in sign_in("clerk").get(reverse("admin:office_run_changelist")).content.decode()
    sign_in("reviewer").post(reverse("admin:office_run_act", args=[march.pk, "go_on"]))
    assert not march.chunks.exclude(error="").exists()


def test_a_month_is_closed_and_opened_on_its_page(office, sign_in):
    accountant, url = sign_in("finance_accountant"), reverse("months")
    february = {"month": "2023-02"}
    assert "结账 2023-02" in accountant.get(url).content.decode()
    assert sign_in("clerk").post(url, {"act": "close", **february}).status_code == 403
    accountant.post(url, {"act": "close", **february})
    assert str(periods.closed_through()) == "2023-02"
    told = accountant.post(url, {"act": "reopen", "reason": "", **february}, follow=True).content.decode()
    assert "请填写原因" in told
    accountant.post(url, {"act": "reopen", "reason": "补记", **february})
    assert str(periods.closed_through()) == "2023-01"


def test_thresholds_are_the_policy_officers_to_change(office, sign_in):
    threshold = Threshold.objects.first()
    url = reverse("admin:office_threshold_change", args=[threshold.pk])
    sign_in("policy_officer").post(url, {"percent": "7.5", "least": "10"})
    threshold.refresh_from_db()
    assert (str(threshold.percent), str(threshold.least)) == ("7.50", "10.00")
    assert sign_in("clerk").post(url, {"percent": "99", "least": "0"}).status_code == 403
