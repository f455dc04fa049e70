"""Documents on paper: registered as they are printed, known again by their code, told apart once changed."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from facilities.models import Agreement
from office import exports
from office.admin.runs import RunAdmin
from office.models import AccessRecord, Act, Document, Export, Staff
from settlement.admin import papers
from settlement.amount_words import in_words
from settlement.models import YearEnd
from settlement.worksheet import figure_of, terms_of_year, worksheet_of
from tests.papers import text_of
from tests.population import member

REGISTER = "/office/document/"


@pytest.fixture
def of_another_county(staff) -> Client:
    client = Client()
    client.force_login(member("clerk", "there", counties=("441621",)))
    return client


def test_a_paper_is_known_by_its_code_until_its_record_changes(office, sign_in, of_another_county):
    clerk = sign_in("clerk")
    agreement = Agreement.objects.order_by("first_day").first()
    url = f"/facilities/agreement/{agreement.pk}/agreement.pdf"
    assert of_another_county.get(url).status_code == 404
    printed = text_of(clerk.get(url))
    document = Document.objects.get()
    for told in (agreement.facility.code, document.spelt_code, "2022-12-31", "第 1 页 共 1 页"):
        assert told in printed
    assert AccessRecord.objects.get(act=Act.EXPORT).detail == f"pdf agreement {document.code}"

    text_of(clerk.get(url))
    assert set(Document.objects.values_list("digest", flat=True)) == {document.digest}

    found = clerk.get(REGISTER, {"q": document.spelt_code.lower()})
    assert found["Location"] == reverse("admin:office_document_change", args=[document.pk])
    assert "未变动" in clerk.get(found["Location"]).content.decode()
    assert "没有查到此验真码" in of_another_county.get(REGISTER, {"q": document.code}).content.decode()
    assert of_another_county.get(found["Location"]).status_code == 404

    Agreement.objects.filter(pk=agreement.pk).update(last_day="2022-12-30")
    assert "打印后有变动" in clerk.get(found["Location"]).content.decode()
    for change in ("update office_document set digest = repeat('0', 64)", "delete from office_document"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_years_papers_say_what_the_worksheet_says(office, sign_in):
    auditor = sign_in("auditor")
    line = YearEnd.objects.get(facility=office.facility)
    figures = {one.name: figure_of(one) for one in worksheet_of(line, terms=terms_of_year(line)).lines}
    base = f"/settlement/yearend/{line.pk}/"
    worksheet = text_of(auditor.get(f"{base}worksheet.pdf"))
    confirmation = text_of(auditor.get(f"{base}confirmation.pdf"))
    for shown in figures.values():
        assert shown in worksheet
    assert figures["due"] in confirmation
    assert in_words(abs(line.due)) in confirmation
    assert sign_in("system_administrator").get(f"{base}worksheet.pdf").status_code == 403


def test_papers_of_a_list_are_written_in_the_background(office, sign_in, staff, monkeypatch):
    clerk = sign_in("clerk")
    monkeypatch.setattr(papers, "VOLUME", 1)
    asked = clerk.get(f"/office/run/{office.february.pk}/printed.pdf")
    assert asked["Location"] == reverse("exports")
    roll = Export.objects.get()
    Staff.objects.filter(pk=staff["clerk"].pk).update(is_active=False)
    exports.write(roll.pk)
    roll.refresh_from_db()
    assert (roll.state, Document.objects.count()) == ("failed", 0)

    Staff.objects.filter(pk=staff["clerk"].pk).update(is_active=True)
    clerk = sign_in("clerk")
    clerk.get(f"/office/run/{office.february.pk}/printed.pdf")
    roll = Export.objects.exclude(pk=roll.pk).get()
    real = RunAdmin.issued
    with monkeypatch.context() as worker:
        worker.setattr(RunAdmin, "issued", lambda *given, **asked: killed(real(*given, **asked)))
        with pytest.raises(KeyboardInterrupt):
            exports.write(roll.pk)
    roll.refresh_from_db()
    assert (roll.state, Document.objects.count()) == ("waiting", 0)
    exports.write(roll.pk)
    printed = text_of(clerk.get(reverse("export_file", args=[roll.pk])))
    assert Document.objects.count() == office.february.rows == 2
    for person in office.people[:2]:
        assert person.name in printed
        assert person.document_number not in printed


def killed(issued):
    """One document is issued, and then the worker is gone."""
    yield next(issued)
    issued.close()  # a dead process has no cursor open
    raise KeyboardInterrupt


def test_an_account_statement_adds_up_and_masks_who_it_is_for(office, sign_in):
    account = Account.objects.filter(person=office.people[0]).get()
    url = f"/accounts/account/{account.pk}/statement.pdf"
    clerk = sign_in("clerk")
    printed = text_of(clerk.get(url, {"part": "2023"}))
    assert f"{account.shown_balance:,.2f}" in printed
    assert office.people[0].document_number not in printed
    assert clerk.get(url, {"part": "x"}).status_code == 302
