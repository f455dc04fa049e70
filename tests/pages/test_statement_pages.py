"""The pages of statements: each hand its step, nobody another county's, on paper and as a workbook."""

import io
import re

import openpyxl
import pytest
from django.utils import timezone

from facilities.models import Facility
from office.models import AccessRecord, County
from settlement.batches import settle
from settlement.models import Statement, Visit, VisitBatch, VisitRecovery
from tests.files import applied
from tests.pages.reading import texts_of
from tests.pages.test_every_page import ENGLISH, SAME
from tests.population import insure, member, reported

STATEMENTS = "/settlement/statement/"
NUMBERS = re.compile(r"JS\d+|[HP]\d{11}|E\d\b|\b[0-9a-f]{12}\b")


@pytest.fixture
def visited(office, monkeypatch):
    """Two emergencies, which Heyuan pays by item; work in the background is done at once."""
    monkeypatch.setattr("settlement.tasks.transaction.on_commit", lambda work: work())
    monkeypatch.setattr("settlement.tasks.draw_up_statements.delay", draw_now)
    stranger = insure()
    rows = [
        {
            "单据号": f"E{number}",
            "机构代码": office.facility.code,
            "证件号码": stranger.document_number,
            "就诊时间": "2023-03-10 09:00",
            "医疗类别": "急诊",
            "急诊": "是",
            "总费用": cost,
            "政策范围内": cost,
        }
        for number, cost in enumerate(("50.00", "30.00"), 1)
    ]
    for batch in VisitBatch.objects.filter(import_file=applied(rows, name="费用.xlsx", kind="visits")):
        settle(batch.pk)
    return office.facility


def draw_now(*given):
    from settlement.tasks import draw_up_statements

    draw_up_statements(*given)


def test_a_statement_goes_its_way_by_the_pages(visited, staff, sign_in):
    clerk, reviewer, auditor, accountant = map(
        sign_in, ("clerk", "reviewer", "auditor", "finance_accountant")
    )
    asked = {"scheme": "310", "month": "2023-03", "facility": ""}
    assert reviewer.post(f"{STATEMENTS}add/", asked).status_code == 403
    assert clerk.post(f"{STATEMENTS}add/", asked).status_code == 302
    statement = Statement.objects.get()
    page = f"{STATEMENTS}{statement.pk}/"
    assert "1张费用结算单" in clerk.get("/waiting/").content.decode()

    def act(client, act_name, **values):
        return client.post(f"{page}act/{act_name}/", values)

    given = {"kind": "10", "amount": "5.00", "reason": "超量"}
    assert "该单据不在本结算单上" in act(clerk, "deduct", bill="E9", **given).content.decode()
    assert act(reviewer, "deduct", bill="E1", **given).status_code == 403
    assert act(clerk, "deduct", bill="E1", **given).status_code == 302
    assert act(clerk, "send").status_code == 302
    today = str(timezone.localdate())
    assert act(clerk, "confirm", name="张院长", day=today, reference="1").status_code == 302
    seen = Statement.objects.get()
    assert "该机构当月未上报" in reviewer.get(f"{page}change/").content.decode()
    reported(visited, statement.month)
    for client in (reviewer, auditor, accountant):
        carried = re.search(r'name="seen" value="([^"]+)"', client.get(f"{page}act/sign/").content.decode())
        assert act(client, "sign", seen="confirmed 0").status_code == 200
        assert act(client, "sign", seen=carried[1]).status_code == 302
    seen.refresh_from_db()
    assert (seen.state, seen.payable) == ("posted", seen.fund - 5)

    visit = Visit.objects.get(bill="E1")
    recovery = {"debtor": "facility", "amount": "2.00", "reason": "挂床", "evidence": "7"}
    assert clerk.post(f"/settlement/visit/{visit.pk}/act/recover/", recovery).status_code == 302
    recovered = f"/settlement/visitrecovery/{VisitRecovery.objects.get().pk}/"
    assert "1笔就诊费用追回" in reviewer.get("/waiting/").content.decode()
    assert clerk.post(f"{recovered}act/agree/").status_code == 403
    assert reviewer.post(f"{recovered}act/agree/").status_code == 302
    assert VisitRecovery.objects.get().state == "posted"

    paper = clerk.get(f"{page}statement.pdf")
    assert b"".join(paper.streaming_content).startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(clerk.get(f"{page}statement.xlsx").streaming_content)))
    totals, visits = book.worksheets
    assert visits["A2"].value == "E1"
    assert [row[1].value for row in totals.iter_rows() if row[0].value == "应付金额"] == ["=SUM(B11:B12)"]
    assert AccessRecord.objects.filter(subject=f"settlement.statement {statement.pk}").count() == 2

    pages = (
        STATEMENTS,
        page,
        recovered,
        f"/settlement/visit/{visit.pk}/",
        f"/facilities/facility/{visited.pk}/",
    )
    for shown in pages:
        told = [NUMBERS.sub("", text) for _tag, text in texts_of(reviewer.get(shown))]
        left = {word for text in told for word in ENGLISH.findall(text)} - SAME
        assert not left, (shown, left)


def test_a_countys_clerk_neither_sees_anothers_statement_nor_works_on_the_citys(
    visited, staff, sign_in, client
):
    there, here = (
        member("clerk", name, counties=(code,)) for name, code in (("there", "441621"), ("here", "441602"))
    )
    sign_in("clerk").post(f"{STATEMENTS}add/", {"scheme": "310", "month": "2023-03", "facility": ""})
    page = f"{STATEMENTS}{Statement.objects.get().pk}/"
    client.force_login(there)
    assert client.get(f"{page}change/").status_code == 404
    assert client.get(f"{page}statement.pdf").status_code == 404
    assert client.post(f"{page}act/send/").status_code == 404
    client.force_login(here)
    assert client.get(f"{page}change/").status_code == 200
    Facility.objects.filter(pk=visited.pk).update(office="city")
    visited.placements.update(office="city")
    assert County.objects.get(code="441602") == visited.county
    client.post(f"{page}act/give_up/", {"reason": "改归市级"})
    assert Statement.objects.get().state == "undone"
    client.post(f"{STATEMENTS}add/", {"scheme": "310", "month": "2023-03", "facility": ""})
    assert not Statement.objects.exclude(state="undone").exists()
    sign_in("clerk").post(f"{STATEMENTS}add/", {"scheme": "310", "month": "2023-03", "facility": ""})
    city = Statement.objects.exclude(state="undone").get()
    assert client.get(f"{STATEMENTS}{city.pk}/change/").status_code == 200
    assert client.post(f"{STATEMENTS}{city.pk}/act/send/").status_code == 403
