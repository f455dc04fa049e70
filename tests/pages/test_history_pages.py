"""What became of a record, told on its page; and the audit administrator's lists."""

import io
import re

import pytest
from django.db import connection
from django.urls import reverse
from python_calamine import load_workbook

from insured.models import Employer, Enrolment, Person
from office import imports
from office.admin.timeline import history_of
from office.models import AccessRecord, Act, History
from tests.pages.reading import texts_of
from tests.population import crowd, identity_card, insure


def page_of(record) -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


def told(response) -> str:
    """The text of the history panel."""
    return " ".join(text for _tag, text in texts_of(response)).partition("变更记录")[2]


@pytest.fixture
def spell(staff, sign_in):
    """A spell whose status and base a clerk corrected."""
    spell = insure(base="5000.00").enrolments.get()
    form = {
        "status": "flexible",
        "base": "6000",
        "employer": Employer.objects.create(code="E9", name="新单位").pk,
    }
    unchanged = {
        "scheme": "310",
        "first_month": "2022-01",
        "last_month": "",
        "retirement_group": "",
        "county": spell.county_id,
    }
    client = sign_in("clerk")
    response = client.post(page_of(spell), form | unchanged, REMOTE_ADDR="10.1.2.3")
    assert response.status_code == 302, texts_of(response)
    return spell


def test_a_correction_is_told_in_words_on_the_record_and_on_the_person(spell, sign_in):
    for page in (page_of(spell), page_of(spell.person)):
        text = told(sign_in("clerk").get(page))
        assert "测试员 网页 · 10.1.2.3" in text
        assert "参保身份 在职 → 灵活就业" in text
        assert "月缴费基数 5,000.00 → 6,000.00" in text
        assert "– → 新单位" in text


def test_it_is_told_in_the_readers_language(spell, sign_in):
    text = " ".join(text for _tag, text in texts_of(sign_in("clerk", "en").get(page_of(spell))))
    assert "Active employee → Flexible employment" in text


def test_protected_values_are_not_told(office, sign_in):
    person = office.people[0]
    person.reach_by("13800138000")
    person.save()
    response = sign_in("clerk").get(page_of(person))
    assert "手机号码 已更改（内容不显示）" in told(response)
    assert "13800138000" not in told(response)


def test_what_an_import_entered_leads_to_the_import(staff, sign_in, upload):
    header = "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n"
    import_file = upload(f"{header}{identity_card(7)},张三,310,在职,5000,2023-03,441602\n")
    imports.apply(import_file, by=staff["clerk"])
    response = sign_in("clerk").get(page_of(Person.objects.get()))
    assert page_of(import_file) in response.content.decode().partition('id="history"')[2]


def test_a_long_history_is_paged(office, sign_in):
    facility = office.facility
    for number in range(25):
        facility.name = f"医院{number}"
        facility.save()
    client = sign_in("clerk")
    first, second = (told(client.get(page_of(facility) + query)) for query in ("", "?history_from=20"))
    assert "医院23 → 医院24" in first and "医院0 → 医院1" not in first
    assert "医院0 → 医院1" in second and "医院23 → 医院24" not in second


def test_the_history_of_a_record_is_found_through_indexes(committed, administrator):
    crowd(2_000)
    with connection.cursor() as cursor:
        for _time in range(3):
            cursor.execute("update insured_person set name = name || '一'")
    administrator.execute("analyze office_history")
    people = Person.objects.order_by("id")[:3]
    plan = history_of([*people, *Enrolment.objects.filter(person__in=list(people))]).explain()
    assert "history_of_record" in plan and "history_of_entry" in plan
    assert "Seq Scan on office_history" not in plan


def test_the_audit_administrator_finds_changes_by_person_kind_day_and_number(spell, sign_in, staff):
    client, page = sign_in("audit_administrator"), reverse("admin:office_history_changelist")
    queries = {
        f"?staff__id__exact={staff['clerk'].pk}&kind=insured.enrolment": True,
        f"?q={spell.pk}&kind=insured.enrolment&operation__exact=update": True,
        "?at_from=2020-01-01&at_to=2020-01-31": False,
        "?at_from=2020-01-01&at_to=2100-01-31&operation__exact=update": True,
        f"?staff__id__exact={staff['reviewer'].pk}": False,
        "?q=run 99": False,
    }
    for query, found in queries.items():
        text = " ".join(text for _tag, text in texts_of(client.get(page + query)))
        assert ("在职 → 灵活就业" in text) is found, query


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_what_is_exported_is_what_is_listed_and_the_export_is_on_record(spell, sign_in, extension):
    client = sign_in("audit_administrator")
    query = "?kind=insured.enrolment&operation__exact=update"
    page = client.get(reverse("admin:office_history_changelist") + query).content.decode()
    link = re.search(r'href="([^"]*/export/[^"]*)"', page)[1].replace("&amp;", "&")
    content = b"".join(client.post(link, {"extension": extension}).streaming_content)
    if extension == "xlsx":
        rows = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert len(rows) == 2
    assert "灵活就业" in (str(rows) if extension == "xlsx" else content.decode("utf-8-sig"))
    [noted] = AccessRecord.objects.filter(act=Act.EXPORT)
    assert noted.subject == "office.history" and "kind=insured.enrolment" in noted.detail


def test_refused_pages_are_found_among_access_records(office, sign_in, staff):
    assert sign_in("clerk").get("/office/staff/").status_code == 403
    client = sign_in("audit_administrator")
    query = f"?act__exact=refused&staff__id__exact={staff['clerk'].pk}"
    text = " ".join(
        text for _tag, text in texts_of(client.get(reverse("admin:office_accessrecord_changelist") + query))
    )
    assert "/office/staff/" in text


@pytest.mark.parametrize("name", ["history", "accessrecord", "historyhead"])
def test_nobody_else_reads_them_and_nobody_writes_them(office, sign_in, name):
    listed = reverse(f"admin:office_{name}_changelist")
    assert sign_in("clerk").get(listed).status_code == 403
    assert sign_in("clerk").post(f"{listed}export/", {"extension": "csv"}).status_code == 403
    client = sign_in("audit_administrator")
    assert client.get(listed).status_code == 200
    assert client.get(f"{listed}add/").status_code == 403
    last = History.objects.latest("id").pk
    assert client.post(f"{listed}{last}/delete/", {"post": "yes"}).status_code in (403, 404)


def test_a_page_that_fails_leaves_no_history(office, sign_in):
    """Another spell in the same months is refused, and so is what came before it in the request."""
    person = office.people[0]
    spell, last = person.enrolments.get(), History.objects.latest("id").pk
    clash = {
        "person": person.pk, "scheme": "310", "status": "active", "first_month": "2022-05", "last_month": "",
        "base": "1", "retirement_group": "", "county": spell.county_id, "employer": "",
    }  # fmt: skip
    response = sign_in("clerk").post(reverse("admin:insured_enrolment_add"), clash)
    assert response.status_code == 200
    assert not History.objects.filter(id__gt=last, model="insured.enrolment").exists()
