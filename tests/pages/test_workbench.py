"""The workbench: every number is as long as the list behind it, and the steps move as the work is done."""

import re
from datetime import date

import pytest
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from facilities.models import Facility
from office import runs
from office.models import County, DueDay, Run
from policies.month import Month
from settlement import reconciling, statements
from settlement.batches import settle
from settlement.models import VisitBatch
from tests.files import applied
from tests.population import contract, insure, member, reported

MARCH = Month(2023, 3)
FIGURE = re.compile(r'<a class="figure[^"]*" href="([^"]+)">\s*(.+?)\s*<b>([\d,]+)</b>')


def steps_in(client, month="2023-04") -> dict:
    """The calendar's steps of the employee scheme by name."""
    steps = [row["step"] for row in client.get("/", {"month": month}).context["steps"]]
    return {step.step: step for step in steps if step.scheme in ("310", "")}


@pytest.fixture
def visited(office):
    """Three facilities under agreement, of which one filed an emergency in March; one is another county's."""
    elsewhere = contract()
    Facility.objects.filter(pk=elsewhere.pk).update(county=County.objects.get(code="441621"))
    contract()
    stranger = insure()
    rows = [
        {
            "单据号": "E1",
            "机构代码": office.facility.code,
            "证件号码": stranger.document_number,
            "就诊时间": "2023-03-10 09:00",
            "医疗类别": "急诊",
            "急诊": "是",
            "总费用": "50.00",
            "政策范围内": "50.00",
        }
    ]
    for batch in VisitBatch.objects.filter(import_file=applied(rows, name="费用.xlsx", kind="visits")):
        settle(batch.pk)
    reconciling.compare(scheme="310", month=MARCH)
    return office.facility


def test_every_number_is_as_long_as_the_list_behind_it(visited, sign_in):
    county = Client()
    county.force_login(member("clerk", "county-clerk", counties=("441602",)))
    missing = {}
    for name, client in (("city", sign_in("clerk")), ("county", county)):
        found = FIGURE.findall(client.get("/", {"month": "2023-04"}).content.decode())
        assert len(found) >= 4
        for url, label, count in found:
            listed = client.get(url.replace("&amp;", "&")).context_data.get("cl")
            if isinstance(listed, ChangeList):
                assert listed.queryset.count() == int(count.replace(",", "")), (name, label, url)
            if "not_filed" in url:
                missing[name] = int(count)
    assert missing == {"city": 2, "county": 1}


def test_the_steps_move_as_the_work_is_done(visited, staff, sign_in):
    clerk, reviewer = sign_in("clerk"), sign_in("reviewer")

    def told(step, client=clerk):
        found = steps_in(client)[step]
        return found.state[0], found.button and found.button[0], [figure.count for figure in found.figures]

    assert told("visits") == ("waiting", "上传", [1, 2])
    assert told("reconciliation") == ("none", "上传", [1])
    assert told("statements") == ("none", "生成", [1])
    assert told("statements", reviewer) == ("none", None, [1])
    statements.draw_up(scheme="310", month=MARCH, by=staff["clerk"])
    assert told("statements") == ("waiting", "送达机构", [1])
    reported(visited, MARCH)
    assert told("reconciliation") == ("done", None, [1])
    for client, button in ((clerk, None), (reviewer, "查看并签批")):
        credit = steps_in(client, "2023-03")["credit"]
        assert (credit.state[0], credit.button and credit.button[0]) == ("computed", button)
    assert steps_in(clerk, "2023-05")["credit"].button[0] == "发起"

    close = steps_in(sign_in("finance_accountant"), "2023-02")["close"]
    assert (close.button[0], close.due) == ("结账", date(2023, 2, 25))
    DueDay.objects.filter(step="close").update(day=31)
    assert steps_in(clerk, "2023-02")["close"].due == date(2023, 2, 28)


def test_what_every_page_counts_is_asked_once_and_anew_after_an_act(office, sign_in):
    reviewer, page = sign_in("reviewer"), "/insured/person/"
    before = reviewer.get(page).content.decode()
    with CaptureQueriesContext(connection) as queries:
        reviewer.get(page)
    assert len(queries) < 16
    run = f"/office/run/{office.march.pk}"
    seen = re.search(r'name="seen" value="([^"]+)"', reviewer.get(f"{run}/change/").content.decode())[1]
    assert reviewer.post(f"{run}/act/approve/", {"seen": seen}).status_code == 302
    waiting = re.compile(r'href="/waiting/".*?</a>', re.DOTALL)
    counts = [
        re.findall(r">\s*(\d+)\s*<", waiting.search(text)[0])
        for text in (before, reviewer.get(page).content.decode())
    ]
    assert int(counts[0][0]) - int(counts[1][0]) == 1
    clerk = sign_in("clerk")
    with CaptureQueriesContext(connection) as queries:
        clerk.get("/")
    assert len(queries) < 56


def test_what_is_worked_on_is_shown_until_it_is_done_and_what_stopped_is_warned_of(office, staff, sign_in):
    clerk = sign_in("clerk")
    assert 'id="running" hx-get' not in clerk.get("/").content.decode()
    run = runs.prepare(kind="credit", scheme="310", period=Month(2023, 4), by=staff["clerk"], origin="page")
    assert 'id="running" hx-get="/running/"' in clerk.get("/").content.decode()
    assert str(run) in clerk.get("/running/").content.decode()
    Run.objects.filter(pk=run.pk).update(error="没有政策版本")
    assert clerk.get("/running/").headers["HX-Refresh"] == "true"
    [notice] = [each for each in clerk.get("/").context["notices"] if each.grave]
    assert (notice.said, notice.count) == ("中断的批次", 1)
    assert [each.pk for each in clerk.get(notice.url).context_data["cl"].queryset] == [run.pk]
