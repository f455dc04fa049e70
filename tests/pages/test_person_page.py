"""The page of a person: what is done with them is looked at first, then done, by whom it is for."""

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Transfer
from insured import spells
from insured.models import Person, PersonChange
from office.models import County
from policies.month import Month
from tests.population import contract, insure, member, select

RETIRING = {"completed": "2023-01", "group": "enterprise", "base": "", "reason": "退休审批表 12 号"}


def act_url(person, name: str) -> str:
    return reverse("admin:insured_person_act", args=[person.pk, name])


def page_of(client, person) -> str:
    return client.get(reverse("admin:insured_person_change", args=[person.pk])).content.decode()


def seen_in(response) -> str:
    return re.search(r'name="seen" value="(\w+)"', response.content.decode())[1]


def test_a_retirement_of_a_credited_month_is_weighed_done_told_and_undone(office, sign_in):
    clerk, person = sign_in("clerk"), office.people[0]
    url, transfers = act_url(person, "retire"), Transfer.objects.count()
    shown = clerk.post(url, RETIRING)
    for text in ("2023-02 – 至今", "100.00", "102.79", "+2.79", "尚未保存"):
        assert text in shown.content.decode(), text
    assert not PersonChange.objects.exists()

    # Somebody changes the record meanwhile: what is confirmed is looked at again.
    spells.change(person, month=Month(2022, 6), base=6000, by=None, reason="补缴核定")
    again = clerk.post(url, RETIRING | {"confirm": "1", "seen": seen_in(shown)})
    assert again.status_code == 200
    assert not PersonChange.objects.filter(kind="retired").exists()
    done = clerk.post(url, RETIRING | {"confirm": "1", "seen": seen_in(again)})
    assert done.url == reverse("admin:insured_person_change", args=[person.pk])
    page = page_of(clerk, person)
    for text in ("在职转退休", "退休审批表 12 号", "追溯变更：建议调整", "撤销"):
        assert text in page, text
    assert Transfer.objects.count() == transfers

    undo = re.search(r'href="([^"]+/act/undo/[^"]+)"', page)[1]
    given = {"change": undo.rpartition("=")[2], "reason": "登记错误"}
    clerk.post(undo, given | {"confirm": "1", "seen": seen_in(clerk.get(undo))})
    assert set(person.enrolments.values_list("status", flat=True)) == {"active"}


def test_a_reviewer_merges_and_nobody_else(sign_in):
    kept, dropped = insure(), insure(first="2020-01", last="2021-12")
    account = dropped.accounts.create(kind="person", scheme="310")
    given = {"dropped": dropped.person_number, "reason": "同一人员两份档案"}
    url = act_url(kept, "merge")
    assert sign_in("clerk").post(url, given).status_code == 403
    reviewer = sign_in("reviewer")
    assert "未找到唯一的另一档案" in reviewer.post(url, given | {"dropped": "P999"}).content.decode()
    shown = reviewer.post(url, given)
    assert "2020-01 – 2021-12" in shown.content.decode()
    reviewer.post(url, given | {"confirm": "1", "seen": seen_in(shown)})
    assert Person.objects.get(pk=dropped.pk).merged_into == kept
    assert kept.accounts.get() == account
    assert "已并入档案" in page_of(reviewer, dropped)
    assert dropped.name not in reviewer.get(reverse("admin:insured_person_changelist")).content.decode()
    assert "/act/unmerge/" in page_of(reviewer, kept)
    assert "/act/unmerge/" not in page_of(sign_in("clerk"), kept)


def test_a_form_asks_for_what_there_is_to_say(sign_in):
    clerk, person = sign_in("clerk"), insure()
    for name in ("familylink", "filing", "certifieddisease"):
        form = clerk.get(reverse(f"admin:insured_{name}_add"), {"person": person.pk}).content.decode()
        assert 'name="first_day"' in form
        assert 'name="ended_because"' not in form, name
    adding = reverse("admin:insured_selection_add")
    assert "首次选定" in clerk.get(adding, {"person": person.pk}).content.decode()
    this_year = timezone.localdate().year
    select(person, contract(), first=f"{this_year}-01", last=f"{this_year}-12")
    assert "首次选定" not in clerk.get(adding, {"person": person.pk}).content.decode()


def test_who_may_not_change_people_has_no_buttons(sign_in):
    client, person = sign_in("auditor"), insure()
    assert client.get(act_url(person, "suspend")).status_code == 403
    assert "/act/" not in page_of(client, person)


def test_months_of_another_county_are_left_to_it(db):
    person, elsewhere = insure(county="441621", first="2022-01"), insure(county="441621")
    there = {"by": None, "reason": "迁入"}
    spells.change(person, month=Month(2023, 1), county=County.objects.get(code="441602"), **there)
    client = Client()
    client.force_login(member("clerk", "clerk-a", counties=("441602",)))
    assert client.get(act_url(elsewhere, "suspend")).status_code == 404
    given = {"month": "2022-06", "base": "9000", "reason": "补缴核定"}
    told = client.post(act_url(person, "change"), given).content.decode()
    assert "其中部分月份属于您不负责的区县" in told
    assert "变更内容" in client.post(act_url(person, "change"), given | {"month": "2023-06"}).content.decode()
