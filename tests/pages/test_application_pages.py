"""A payout by its pages: chosen, applied for with its documents, looked at, signed, sent back, undone."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Account, Application
from insured.endings import end
from tests.population import fund

CARD = "6222021234567890128"


@pytest.fixture
def leaving(office, staff):
    """Somebody with 88.00 on the account who has emigrated."""
    person = office.people[2]
    fund(person, "88.00")
    end(person, kind="emigrated", day=date(2023, 3, 5), reason="出境", by=staff["clerk"])
    return Account.objects.get(person=person, kind="person")


def asked(account, *, without: str = "") -> dict:
    codes = {"application", "identity", "emigration_proof", "bank_card"} - {without}
    documents = {f"number_{code}": "第1号" for code in codes}
    return documents | {"name_0": account.person.name, "bank_0": "工商银行", "number_0": CARD}


def test_an_account_is_paid_out_by_three_people_in_the_browser(leaving, sign_in):
    clerk, reviewer, finance = (sign_in(role) for role in ("clerk", "reviewer", "finance_accountant"))
    person = clerk.get(reverse("admin:insured_person_change", args=[leaving.person_id])).content.decode()
    choose = reverse("admin:accounts_application_choose", args=[leaving.pk])
    assert choose in person
    form = reverse("admin:accounts_application_apply", args=[leaving.pk]) + "?kind=emigration&way=person"
    listed = clerk.get(choose).content.decode()
    assert form.replace("&", "&amp;") in listed
    assert "kind=death" not in listed
    refused = clerk.post(form, asked(leaving, without="emigration_proof")).content.decode()
    assert "11(5)" in refused
    assert "出境定居证明" in refused
    previewed = clerk.post(form, asked(leaving) | {"number_0": "6222021234567890120"}).content.decode()
    assert "88.00" in previewed
    assert "校验位" in previewed
    assert not Application.objects.exists()
    assert sign_in("auditor").get(choose).status_code == 403
    done = clerk.post(form, asked(leaving) | {"confirm": "1"}, follow=True)
    assert done.status_code == 200
    assert CARD not in done.content.decode()
    application = Application.objects.get()
    page = reverse("admin:accounts_application_change", args=[application.pk])
    sign = reverse("admin:accounts_application_act", args=[application.pk, "sign"])
    assert clerk.get(sign).status_code == 403
    assert finance.post(sign).status_code == 403
    assert page in reviewer.get("/waiting/").content.decode()
    assert page not in finance.get("/waiting/").content.decode()
    seen = reviewer.get(sign).context["form"]["seen"].value()
    fund(leaving.person, "2.00")
    assert "请重新查看" in reviewer.post(sign, {"seen": seen}).content.decode()
    for browser in (reviewer, finance):
        seen = browser.get(sign).context["form"]["seen"].value()
        browser.post(sign, {"seen": seen})
    application.refresh_from_db()
    assert (application.state, str(application.paid)) == ("done", "90.00")
    assert page not in finance.get("/waiting/").content.decode()
    assert "90.00" in clerk.get(page).content.decode()
    undo = reverse("admin:accounts_application_act", args=[application.pk, "undo"])
    clerk.post(undo, {"reason": "误办"})
    undoing = Application.objects.get(way="undoing")
    page = reverse("admin:accounts_application_change", args=[undoing.pk])
    assert page in sign_in("auditor").get("/waiting/").content.decode()


def test_what_was_sent_back_is_corrected_and_signed_anew(leaving, sign_in):
    clerk, reviewer = sign_in("clerk"), sign_in("reviewer")
    form = reverse("admin:accounts_application_apply", args=[leaving.pk]) + "?kind=emigration&way=person"
    clerk.post(form, asked(leaving) | {"confirm": "1"})
    application = Application.objects.get()
    back = reverse("admin:accounts_application_act", args=[application.pk, "send_back"])
    assert reviewer.post(back, {"reason": ""}).status_code == 200
    reviewer.post(back, {"reason": "开户行不清"})
    page = reverse("admin:accounts_application_change", args=[application.pk])
    assert page in clerk.get("/waiting/").content.decode()
    shown = clerk.get(page).content.decode()
    assert "开户行不清" in shown
    again = f"{form}&instead_of={application.pk}"
    assert again.replace("&", "&amp;") in shown
    assert "工商银行" in clerk.get(again).content.decode()
    clerk.post(again, asked(leaving) | {"bank_0": "建设银行", "confirm": "1"})
    application.refresh_from_db()
    assert (application.state, application.revision, application.shares.get().bank_name) == (
        "applied",
        2,
        "建设银行",
    )
