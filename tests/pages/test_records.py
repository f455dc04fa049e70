"""People, spells and facilities: found through indexes, edited or refused with a reason."""

import re
from datetime import date

import pytest
from django.contrib.admin.sites import site
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from facilities.models import Agreement
from insured.documents import is_identity_card
from insured.models import Enrolment, Person
from insured.search import find_people
from office.models import County
from office.sealing import masked
from tests.population import identity_card, insure

PLENTY = 3000


@pytest.fixture
def crowd(db):
    """Some thousands of people, so that the planner prefers an index where there is one."""
    surnames, given = "王李张刘陈杨黄赵吴周", "伟芳娜秀英敏静丽强磊军洋勇艳杰"
    Person.objects.bulk_create(
        Person.of(
            f"X{number:017d}",
            document_type="99",
            name=surnames[number % 10] + given[number % 15] + given[number // 15 % 15],
            person_number=f"P{number:08d}",
        )
        for number in range(PLENTY)
    )
    with connection.cursor() as cursor:
        cursor.execute("analyze insured_person")


def test_search_finds_by_name_number_and_their_beginnings(db):
    person = insure()
    Person.objects.filter(pk=person.pk).update(name="欧阳小静")
    number = person.document_number
    for text in (
        "欧阳",
        "小静",
        "静",
        "阳小",
        number,
        number[-4:],
        number.lower(),
        f" {number} ",
        "Ｐ" + person.person_number[1:],
        "oy",
        "OYXJ",
    ):
        assert person in find_people(Person.objects.all(), text), text
    for text in (
        "",
        "欧静",
        "王",
        "yx",
        "o",
        number[:4],
        number[1:],
        number[:17],
        number[-5:],
        "%",
        "9" * 18,
    ):
        assert person not in find_people(Person.objects.all(), text), text


@pytest.mark.parametrize(
    ("name", "initials"),
    [("张三丰", "zsf"), ("张三丰", "zs"), ("曾国藩", "zg"), ("单雄信", "sxx"), ("仇英", "qy"), ("解缙", "xj"),
     ("尉迟恭", "ycg"), ("万俟卨", "mqx"), ("古丽·买买提", "glmmt"), ("李3号", "l3h"), ("Anna Lee", "anna")],
)  # fmt: skip
def test_people_are_found_by_the_first_letters_of_their_names_as_a_surname_is_read(db, name, initials):
    person = insure()
    Person.objects.filter(pk=person.pk).update(name=name)
    assert list(find_people(Person.objects.all(), initials)) == [person]
    assert not find_people(Person.objects.all(), initials[1:] + "w")


def test_a_name_with_digits_is_found_by_them(db):
    person = insure()
    Person.objects.filter(pk=person.pk).update(name="王五2")
    for text in ("王五2", "五2", "２"):
        assert person in find_people(Person.objects.all(), text), text


def test_lists_count_nothing_and_ask_little(office, sign_in):
    client = sign_in("clerk")
    client.get("/insured/person/")  # what every page counts is then remembered
    for model, shown in site._registry.items():
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page)
        if response.status_code == 403:
            continue
        asked = [query["sql"] for query in queries.captured_queries]
        # The few visits on hold have an index of their own.
        counts = [sql for sql in asked if re.search(r"COUNT\(\*\)", sql) and "= 'held'" not in sql]
        assert not counts or shown.paginator is Paginator, page
        assert len(asked) < 22, (page, len(asked), asked)


def test_a_long_list_costs_no_more_queries_than_a_short_one(crowd, sign_in):
    client = sign_in("clerk")
    client.get("/insured/person/")
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/insured/person/?p=20")
    assert len(queries) < 14
    assert page.content.decode().count("X000**********") == 50


def test_identity_numbers_are_masked_on_every_page(office, sign_in):
    person = office.people[0]
    for page in ("/insured/person/", f"/insured/person/{person.pk}/change/"):
        text = sign_in("clerk").get(page).content.decode()
        assert masked(person.document_number) in text
        assert person.document_number not in text


def test_contact_fields_are_for_those_who_may_change_them(office, sign_in):
    person = office.people[0]
    url = reverse("admin:insured_person_change", args=[person.pk])
    changed = {"phone": "13800000000"}  # all that the page sends
    assert sign_in("auditor").post(url, changed).status_code == 403
    assert sign_in("clerk").post(url, changed).status_code == 302
    smuggled = changed | {"name": "别人", "document_number": "1"}
    assert sign_in("clerk").post(url, smuggled).status_code == 302
    after = Person.objects.get(pk=person.pk)
    assert (after.phone, after.name, after.document_number) == (
        "13800000000",
        person.name,
        person.document_number,
    )


def spell(person, **values):
    return {
        "person": person.pk,
        "scheme": "310",
        "status": "active",
        "first_month": "2023-05",
        "last_month": "",
        "base": "5000",
        "retirement_group": "",
        "county": County.objects.get(code="441602").pk,
        "employer": "",
    } | values


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "该人员在这些月份已参保（本险种或另一险种）"),
        ({"scheme": "390", "status": "resident"}, "该人员在这些月份已参保（本险种或另一险种）"),
        ({"scheme": "390"}, "参保身份与险种不符"),
        ({"first_month": "2021-05", "last_month": "2021-04"}, "终止年月早于生效年月"),
        ({"base": "-1"}, "月缴费基数不能为负"),
        ({"first_month": "2023-13"}, "请按“年-月”格式输入月份"),
    ],
)
def test_a_refused_spell_says_why(office, sign_in, values, told):
    person = office.people[0]
    response = sign_in("clerk").post(reverse("admin:insured_enrolment_add"), spell(person, **values))
    assert response.status_code == 200
    assert told in response.content.decode()
    assert person.enrolments.count() == 1


def test_a_spell_is_ended_and_the_next_begun(office, sign_in):
    clerk, person = sign_in("clerk"), office.people[0]
    first = person.enrolments.get()
    url = reverse("admin:insured_enrolment_change", args=[first.pk])
    ended = clerk.post(url, spell(person, first_month="2022-01", last_month="2023-04"))
    assert ended.url == reverse("admin:insured_person_change", args=[person.pk])
    clerk.post(reverse("admin:insured_enrolment_add"), spell(person, status="flexible"))
    assert list(Enrolment.objects.filter(person=person).values_list("status", flat=True)) == [
        "flexible",
        "active",
    ]


def test_an_overlapping_agreement_says_why(office, sign_in):
    given = {
        "facility": office.facility.pk,
        "kind": "outpatient",
        "first_day": "2023-06-01",
        "last_day": "2024-05-31",
        "number": "",
    }
    before = Agreement.objects.count()
    response = sign_in("clerk").post(reverse("admin:facilities_agreement_add"), given)
    assert "该机构在此期间已有同类协议" in response.content.decode()
    assert Agreement.objects.count() == before


def test_a_person_entered_by_hand_is_read_from_the_card(db, sign_in):
    number = identity_card(122, born=date(1990, 5, 6))
    given = {
        "document_type": "01",
        "document_number": number.lower(),
        "name": "新人",
        "person_number": "",
        "phone": "",
        "county": "",
    }
    clerk, url = sign_in("clerk"), reverse("admin:insured_person_add")
    wrong = clerk.post(url, given | {"document_number": number[:-1] + ("1" if number[-1] != "1" else "2")})
    assert "身份证号码无效" in wrong.content.decode()
    assert clerk.post(url, given).status_code == 302
    person = Person.objects.get()
    assert (person.document_number, person.birth_date, person.sex) == (number, date(1990, 5, 6), "2")
    assert "该证件号码已登记" in clerk.post(url, given).content.decode()


def test_identity_cards_are_checked():
    good = identity_card(7)
    assert is_identity_card(good)
    for wrong in (
        good[:-1],
        good[:-1] + "Y",
        "0" + good[1:],
        good[:6] + "19801332" + good[14:],
        "１" + good[1:],
    ):
        assert not is_identity_card(wrong)


def test_the_ledger_cannot_be_edited(office, sign_in):
    for role in ("clerk", "reviewer", "finance_accountant"):
        client = sign_in(role)
        for page in ("accounts_account", "accounts_transfer"):
            assert client.post(reverse(f"admin:{page}_add"), {}).status_code == 403
            assert client.post(reverse(f"admin:{page}_change", args=[1]), {}).status_code in (302, 403)
            assert client.post(reverse(f"admin:{page}_delete", args=[1]), {"post": "yes"}).status_code in (
                302,
                403,
            )


def test_a_person_shows_account_and_entries(office, sign_in):
    person = office.people[0]
    page = sign_in("clerk").get(reverse("admin:insured_person_change", args=[person.pk])).content.decode()
    for text in ("参保登记", "选点登记", "月计入", "100.00", "2023-02"):
        assert text in page
