"""What each role may do with a run through its page, and that nothing happens otherwise."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from accounts.models import Transfer
from office import approvals, runs
from office.admin.run_acts import ACTS
from office.models import Run, RunState
from tests.population import posted

REASON = {"reason": "请核对"}


def act(client, run, name, **given):
    return client.post(reverse("admin:office_run_act", args=[run.pk, name]), REASON | given, follow=True)


def state(run) -> str:
    return Run.objects.get(pk=run.pk).state


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("clerk", {"cancel", "compute", "approve", "send_back"}),
        ("reviewer", {"approve", "send_back", "post", "go_on", "reverse", "compute", "cancel"}),
        ("auditor", {"approve", "send_back"}),
        ("finance_accountant", {"post", "go_on", "send_back"}),
        ("finance_cashier", set()),
        ("policy_officer", set()),
        ("system_administrator", set()),
    ],
)
def test_each_role_reaches_its_own_acts_only(office, sign_in, role, allowed):
    client = sign_in(role)
    for name in ACTS:
        if name not in allowed:
            assert act(client, office.march, name).status_code == 403, name
    assert state(office.march) == RunState.COMPUTED


@pytest.mark.parametrize("name", ACTS)
def test_acts_are_never_done_by_following_a_link(office, sign_in, name):
    for role in ("clerk", "reviewer"):
        response = sign_in(role).get(reverse("admin:office_run_act", args=[office.march.pk, name]))
        assert response.status_code == 405
    assert state(office.march) == RunState.COMPUTED


def test_a_run_is_approved_as_it_was_seen(office, sign_in):
    reviewer = sign_in("reviewer")
    page = act(reviewer, office.march, "approve", seen="0" * 64)
    assert state(office.march) == RunState.COMPUTED
    assert "请重新核对" in page.content.decode()
    act(reviewer, office.march, "approve", seen=approvals.seen_of(office.march))
    assert state(office.march) == RunState.REVIEWED


def test_nobody_approves_their_own_run(office, staff, sign_in):
    Run.objects.filter(pk=office.march.pk).update(prepared_by=staff["reviewer"])
    page = sign_in("reviewer").get(reverse("admin:office_run_change", args=[office.march.pk]))
    assert 'id="act-approve"' not in page.content.decode()
    told = act(sign_in("reviewer"), office.march, "approve", seen=approvals.seen_of(office.march))
    assert "该批次由您发起，须由他人复核" in told.content.decode()
    assert state(office.march) == RunState.COMPUTED


def test_buttons_follow_the_state(office, sign_in):
    def buttons(role, run):
        page = sign_in(role).get(reverse("admin:office_run_change", args=[run.pk])).content.decode()
        return {name for name in ACTS if f'id="act-{name}"' in page}

    assert buttons("reviewer", office.march) == {"approve", "send_back"}
    assert buttons("clerk", office.march) == {"cancel"}
    assert buttons("auditor", office.march) == set()
    assert buttons("reviewer", office.february) == {"reverse"}
    assert buttons("reviewer", office.reversal) == set()


def test_sending_back_needs_a_reason_that_is_kept(office, sign_in):
    reviewer = sign_in("reviewer")
    told = act(reviewer, office.march, "send_back", reason="  ")
    assert "请填写原因" in told.content.decode()
    page = act(reviewer, office.march, "send_back", reason="源城区基数有误")
    assert state(office.march) == RunState.DRAFT
    assert "源城区基数有误" in page.content.decode()
    assert "正在计算" not in page.content.decode()  # it waits for its preparer


def test_a_reversal_is_a_run_of_its_own(office, sign_in):
    page = act(sign_in("reviewer"), office.february, "reverse", reason="基数有误")
    [reversal] = Run.objects.filter(reverses=office.february)
    assert "基数有误" in page.content.decode()
    assert page.redirect_chain == [(reverse("admin:office_run_change", args=[reversal.pk]), 302)]
    assert state(office.february) == RunState.POSTED  # until others have approved it
    posted(reversal)
    assert state(office.february) == RunState.REVERSED


def test_preparing_opens_one_run_and_names_the_other(office, sign_in):
    clerk, url = sign_in("clerk"), reverse("admin:office_run_add")
    asked = {"kind": "prepayment", "scheme": "310", "month": "2023-03"}
    clerk.post(url, asked)
    run = Run.objects.latest("pk")
    assert (run.kind, str(run.period), run.state) == ("prepayment", "2023-03", RunState.DRAFT)
    again = clerk.post(url, asked)
    assert f"批次 #{run.pk}" in again.content.decode()
    assert sign_in("reviewer").post(url, asked).status_code == 403


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"kind": "credit", "month": "2023-13"}, "请按“年-月”格式输入月份"),
        ({"kind": "credit"}, "请按“年-月”格式输入月份"),
        ({"kind": "year_end"}, "请输入年度"),
    ],
)
def test_a_period_that_is_none_is_told(office, sign_in, asked, told):
    response = sign_in("clerk").post(reverse("admin:office_run_add"), {"scheme": "310"} | asked)
    assert told in response.content.decode()


def test_progress_is_asked_for_until_there_is_nothing_to_wait_for(office, sign_in, staff):
    clerk = sign_in("clerk")
    draft = runs.prepare(
        kind="credit", scheme="310", period=office.march.period + 1, by=staff["clerk"], origin="page"
    )
    waiting = clerk.get(reverse("admin:office_run_progress", args=[draft.pk]))
    assert (waiting.status_code, 'hx-trigger="every 1s"' in waiting.content.decode()) == (200, True)
    runs.compute(draft.pk)
    done = clerk.get(reverse("admin:office_run_progress", args=[draft.pk]))
    assert (done.status_code, done.headers["HX-Refresh"]) == (286, "true")


def test_the_roll_is_downloaded_with_its_figures(office, sign_in):
    def table(role, run, extension):
        return sign_in(role).get(reverse("admin:office_run_table", args=[run.pk, extension]))

    response = table("auditor", office.february, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(response.getvalue())).active
    header, *rows = sheet.iter_rows(values_only=True)
    assert header[:4] == ("人员编号", "姓名", "证件号码", "参保身份")
    assert sum(Decimal(str(row[7])) for row in rows) == office.february.amount == Decimal("202.79")
    assert all("**********" in row[2] for row in rows)
    assert table("auditor", office.year_end, "csv").getvalue().startswith(b"\xef\xbb\xbf")
    assert table("policy_officer", office.february, "xlsx").status_code == 403
    assert table("clerk", office.reversal, "xlsx").status_code == 404
    assert table("clerk", office.february, "pdf").status_code == 404


def test_the_page_shows_what_to_decide_on(office, sign_in):
    page = (
        sign_in("reviewer").get(reverse("admin:office_run_change", args=[office.march.pk])).content.decode()
    )
    for text in ("202.79", "较 2023-02", "没有缴费基数", "源城区", office.march.input_hash):
        assert text in page
    assert Transfer.objects.filter(run_id=office.march.pk).count() == 0
