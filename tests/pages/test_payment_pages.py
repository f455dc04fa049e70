"""The pages of payments: everybody their step, nobody another county's, and nothing in the wrong language."""

import re
from types import SimpleNamespace

import pytest
from django.urls import reverse

from office import exports
from office.models import AccessRecord, Act, County, Document, Export
from settlement import bank_files, payment_orders
from settlement.amount_words import in_words
from settlement.bank_formats import bank_formats
from settlement.models import BankFile, OrderState, PaymentOrder, Source
from tests.pages.conftest import MARCH
from tests.pages.reading import texts_of
from tests.pages.test_every_page import ENGLISH, HASH, SAME
from tests.papers import text_of
from tests.population import contract, insure, member, select

ORDERS = "/settlement/paymentorder/"
THERE = "441621"
# Of orders, bank files and facilities.
NUMBERS = re.compile(r"ZF\d+|YH\d+|[HP]\d{11}")


@pytest.fixture
def owed(office):
    """Two facilities of two counties prepaid for March, each with an account at the bank."""
    elsewhere = contract()
    elsewhere.county = County.objects.get(code=THERE)
    elsewhere.save()
    select(insure(county=THERE), elsewhere, first="2023-01")
    for facility in (office.facility, elsewhere):
        facility.bank_holder, facility.bank_name = "测试医院", "工商银行"
        facility.pay_into("6222020200112233445")
        facility.save()
    office.posted("prepayment", MARCH)
    return SimpleNamespace(here=office.facility, there=elsewhere)


def chosen(action: str, orders) -> dict:
    return {"action": action, "_selected_action": [order.pk for order in orders]}


def test_orders_go_their_way_by_the_pages(owed, staff, sign_in):
    clerk, accountant, reviewer, cashier = map(
        sign_in, ("clerk", "finance_accountant", "reviewer", "finance_cashier")
    )
    given = {"scheme": "310", "month": "2023-03", "source": Source.PREPAYMENT}
    assert cashier.post(f"{ORDERS}make/", given).status_code == 403
    assert "预拨" in clerk.get(f"{ORDERS}make/").content.decode()
    assert clerk.post(f"{ORDERS}make/", given).status_code == 302
    orders = list(PaymentOrder.objects.order_by("pk"))
    assert [order.facility for order in orders] == [owed.here, owed.there]
    assert "2张支付单" in accountant.get("/waiting/").content.decode()

    for client, action in ((clerk, "review_selected"), (reviewer, "review_selected")):
        client.post(ORDERS, chosen(action, orders))
    assert not PaymentOrder.objects.exclude(state=OrderState.UNTOUCHED).exists()
    accountant.post(ORDERS, chosen("review_selected", orders))
    page = f"{ORDERS}{orders[0].pk}/"
    assert clerk.post(f"{page}act/send_back/", {"reason": "x"}).status_code == 403
    assert reviewer.post(f"{page}act/send_back/", {"reason": ""}).status_code == 200
    reviewer.post(f"{page}act/send_back/", {"reason": "核对户名"})
    assert PaymentOrder.objects.get(pk=orders[0].pk).reason == "核对户名"
    accountant.post(ORDERS, chosen("review_selected", orders))
    reviewer.post(ORDERS, chosen("release_selected", orders))
    assert {order.state for order in PaymentOrder.objects.all()} == {OrderState.RELEASED}

    notice = text_of(clerk.get(f"{page}notice.pdf"))
    paper = Document.objects.get()
    for told in (orders[0].number, in_words(orders[0].amount), paper.spelt_code, "第 1 页 共 1 页", "***"):
        assert told in notice
    assert "6222020200112233445" not in notice
    asked = clerk.post(ORDERS, chosen("print_selected", orders))
    assert asked["Location"] == reverse("exports")
    export = Export.objects.get()
    exports.write(export.pk)
    both = text_of(clerk.get(reverse("export_file", args=[export.pk])))
    assert all(order.number in both for order in orders)
    assert Document.objects.count() == 3
    verified = clerk.get(reverse("admin:office_document_changelist"), {"q": paper.spelt_code.lower()})
    page_of_paper = verified["Location"]
    assert "未变动" in clerk.get(page_of_paper).content.decode()

    new = reverse("admin:settlement_bankfile_add")
    assert accountant.post(new, {"scheme": "310", "template": "icbc"}).status_code == 403
    cashier.post(new, {"scheme": "310", "template": "icbc"})
    file = BankFile.objects.get()
    take = reverse("admin:settlement_bankfile_take", args=[file.pk])
    cashier.post(take)
    assert not AccessRecord.objects.filter(
        act=Act.DOWNLOAD, subject__contains="bankfile"
    ).exists()  # not written yet
    bank_files.write(file.pk)
    assert (cashier.get(take).status_code, accountant.post(take).status_code) == (405, 403)
    content = cashier.post(take).content.decode("gbk")
    assert "6222020200112233445" in content
    assert (
        AccessRecord.objects.get(act=Act.DOWNLOAD, subject__contains="bankfile").staff
        == staff["finance_cashier"]
    )

    pages = [ORDERS, page, f"{ORDERS}make/", f"/settlement/bankfile/{file.pk}/change/"]
    left = {
        f"{address} {text}"
        for address in pages
        for _tag, text in texts_of(accountant.get(address, follow=True))
        if not HASH.fullmatch(text)
        and set(ENGLISH.findall(re.sub(r"ZF\d+|YH\d+|[HP]\d{11}|\b[0-9A-F]{4}(-[0-9A-F]{4})+", "", text)))
        - SAME
        - {"Ctrl", "SHA"}
    }
    assert not left


def test_who_works_for_a_county_makes_and_sees_its_orders_only(owed, sign_in, staff):
    clerk = staff["clerk"]
    clerk.whole_city = False
    clerk.save()
    clerk.counties.set(County.objects.filter(code=THERE))
    client = sign_in("clerk")
    given = {"scheme": "310", "month": "2023-03", "source": Source.PREPAYMENT}
    client.post(f"{ORDERS}make/", given)
    theirs = PaymentOrder.objects.get()
    assert theirs.facility == owed.there
    [ours] = payment_orders.make(
        scheme="310", month=MARCH, source=Source.PREPAYMENT, by=member("clerk", "whole")
    )
    assert ours.facility == owed.here
    assert client.get(f"{ORDERS}{theirs.pk}/change/").status_code == 200
    for page in ("change/", "notice/", "act/withdraw/"):
        assert client.get(f"{ORDERS}{ours.pk}/{page}").status_code in (302, 404)
    client.post(f"{ORDERS}{theirs.pk}/act/withdraw/", {"reason": "重开"})
    client.post(f"{ORDERS}make/", given)
    assert PaymentOrder.objects.filter(facility=owed.there, state=OrderState.UNTOUCHED).count() == 1
    orders = PaymentOrder.objects.filter(facility=owed.there, state=OrderState.UNTOUCHED)
    [number] = orders.values_list("pk", flat=True)
    assert payment_orders.review(orders, by=staff["finance_accountant"]) == []
    orders = PaymentOrder.objects.filter(pk=number)
    assert payment_orders.release(orders, by=staff["reviewer"]) == []
    cashier = staff["finance_cashier"]
    file = bank_files.make(scheme="310", template=next(iter(bank_formats())), by=cashier)
    sent = client.get(f"{ORDERS}{number}/change/")
    assert sent.status_code == 200
    assert file.number not in sent.content.decode()
    cashier.whole_city = False
    cashier.save()
    assert sign_in("finance_cashier").get(reverse("admin:settlement_bankfile_add")).status_code == 403
