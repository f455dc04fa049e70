"""Uses of accounts on their pages: looked at before they are posted, listed, given back."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import AccountUse, Transfer
from insured.models import FamilyLink
from tests.accounts.test_receivables import owing
from tests.accounts.test_uses import balance, holder, linked
from tests.pages.reading import texts_of
from tests.population import contract

pytestmark = pytest.mark.django_db


def told(response) -> str:
    return " ".join(text for _tag, text in texts_of(response))


def test_a_clerk_sees_who_would_pay_then_posts_it_and_a_reviewer_gives_back(sign_in):
    patient, spouse = holder("30.00"), holder("50.00", county="441621")
    linked(spouse, patient)
    clerk, facility = sign_in("clerk"), contract()
    home = clerk.get(reverse("admin:insured_person_change", args=[patient.pk]))
    enter = reverse("admin:accounts_accountuse_enter", args=[patient.pk])
    assert f'href="{enter}"' in home.content.decode()
    asked = {"purpose": "fitness", "day": "2023-05-10", "amount": "90", "bill_number": "A1"}
    refused = clerk.post(enter, asked | {"facility": facility.code})
    assert "第10条" in told(refused)
    asked |= {"purpose": "facility_cost", "facility": facility.code.lower()}
    looked_at = clerk.post(enter, asked)
    assert (
        "10.00" in told(looked_at)
        and not AccountUse.objects.exists()
        and not Transfer.objects.filter(kind="spending")
    )
    seen = looked_at.context["seen"]
    assert not AccountUse.objects.exists()
    clerk.post(enter, asked | {"amount": "91", "seen": seen, "confirm": "1"})  # another than was looked at
    assert not AccountUse.objects.exists()
    posted = clerk.post(enter, asked | {"seen": seen, "confirm": "1"})
    use = AccountUse.objects.get()
    assert posted.url == reverse("admin:accounts_accountuse_change", args=[use.pk])
    assert (use.own_part, use.family_part, use.cash_part, use.entered_by.username) == (
        Decimal(30),
        Decimal(50),
        Decimal(10),
        "clerk",
    )
    again = clerk.post(enter, asked)
    assert "单据" in told(again)
    back = reverse("admin:accounts_accountuse_act", args=[use.pk, "refund"])
    assert clerk.post(back, {"amount": "60", "reason": "退药"}).status_code == 403
    reviewer = sign_in("reviewer")
    too_much = reviewer.post(back, {"amount": "90.01", "reason": "退药"})
    assert "90.00" in told(too_much)
    reviewer.post(back, {"amount": "60", "reason": "退药", "bill_number": "T1"})
    assert [balance(patient), balance(spouse)] == [Decimal(30) - 30, Decimal(50)]
    assert "退药" in told(reviewer.get(posted.url))
    listed = reverse("admin:accounts_accountuse_changelist")
    for query in ("", "?q=A1", f"?q={facility.code}", "?paid_to=facility", "?purpose=facility_cost"):
        assert f"#{use.pk}" in told(reviewer.get(listed + query))
    assert f"#{use.pk}" not in told(reviewer.get(listed + "?paid_to=premiums"))


def test_a_relative_insured_elsewhere_is_chosen_only_where_the_rules_know_such(sign_in):
    worker = holder("30.00")
    link = FamilyLink(person=worker, relation="child", first_day="2023-01-01")
    link.name_elsewhere(name="李四", document_number="53250320100101001X")
    link.save()
    page = sign_in("clerk").get(reverse("admin:accounts_accountuse_enter", args=[worker.pk]))
    assert "link" not in page.context["form"].fields


def test_receivables_are_recovered_and_written_off_on_their_page(sign_in):
    receivable = owing("100.00")
    clerk, reviewer = sign_in("clerk"), sign_in("reviewer")
    home = reverse("admin:accounts_receivable_change", args=[receivable.pk])
    listed = reverse("admin:accounts_receivable_changelist")
    assert "100.00" in told(clerk.get(listed + "?settled=no&of=person"))
    assert "100.00" not in told(clerk.get(listed + "?of=employer"))

    def act(client, name, **given):
        return client.post(reverse("admin:accounts_receivable_act", args=[receivable.pk, name]), given)

    why = {"reason": "死亡后多计入", "evidence": "追回通知1号"}
    assert "100.00" in told(act(clerk, "repaid", amount="100.01", **why))
    act(clerk, "repaid", amount="60", **why)
    act(clerk, "propose", amount="40", **why)
    assert act(clerk, "approve").status_code == 403
    assert "核销待审批" in told(clerk.get(home))
    act(reviewer, "approve")
    page = told(reviewer.get(home))
    assert "已结清" in page and page.count("追回通知1号") == 2
    assert "60.00" in page and "40.00" in page
