"""County A neither lists, opens, finds, chooses, exports nor imports what is county B's; it is on record."""

import io
import json

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from insured.models import Person
from office import imports
from office.models import AccessRecord, County, ImportFile, ImportRow, Staff
from settlement.models import VisitBatch
from tests.files import PERSON, applied, enrolment
from tests.population import agree, contract, insure, member, select

HERE, THERE = "441602", "441621"


@pytest.fixture
def two_counties(office):
    """The office at work is in county A; in county B live people with a facility of their own."""
    facility = contract()
    facility.county = County.objects.get(code=THERE)
    facility.name = "乙县医院"
    facility.save()
    person = insure(county=THERE, base="7000")
    Person.objects.filter(pk=person.pk).update(name="欧阳远")
    person.refresh_from_db()
    select(person, facility, first="2023-01")
    return {"person": person, "facility": facility, "april": office.posted("credit", office.march.period + 1)}


@pytest.fixture
def as_county(db):
    def as_county(role: str) -> Client:
        client = Client()
        client.force_login(member(role, f"{role}-a", counties=(HERE,)))
        return client

    return as_county


def test_its_records_are_not_there(two_counties, as_county):
    client, person, facility = as_county("clerk"), two_counties["person"], two_counties["facility"]
    records = [
        person,
        facility,
        person.enrolments.get(),
        person.selections.get(),
        facility.agreements.first(),
    ]
    records.append(person.accounts.get())
    for record in records:
        page = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
        assert client.get(page).status_code == 404, page
        assert client.post(page, {"phone": "1"}).status_code in (403, 404), page
        assert AccessRecord.objects.filter(
            act="out_of_scope", subject=page, staff__username="clerk-a"
        ).exists()
    person.refresh_from_db()
    assert person.phone == ""


def test_an_address_that_leads_nowhere_is_not_on_record(sign_in):
    assert sign_in("clerk").get("/favicon.ico").status_code == 404
    assert not AccessRecord.objects.filter(act="out_of_scope").exists()


def test_it_is_in_no_list_and_found_by_no_search(two_counties, as_county):
    client = as_county("clerk")
    for name in ("insured_person", "insured_enrolment", "insured_selection", "accounts_account"):
        page = reverse(f"admin:{name}_changelist")
        assert "测试" in client.get(page).content.decode(), name
        assert "欧阳远" not in client.get(page).content.decode(), name
        for query in ("欧阳", two_counties["person"].document_number, two_counties["person"].person_number):
            assert "欧阳远" not in client.get(page, {"q": query}).content.decode(), (name, query)
    assert "乙县医院" not in client.get(reverse("admin:facilities_facility_changelist")).content.decode()
    assert "乙县医院" not in client.get(reverse("admin:accounts_transfer_changelist")).content.decode()
    assert "欧阳远" not in client.get(reverse("admin:accounts_transfer_changelist")).content.decode()


@pytest.mark.parametrize(
    ("app", "model", "field", "term"),
    [
        ("insured", "enrolment", "person", "欧阳"),
        ("facilities", "agreement", "facility", "乙县"),
    ],
)
def test_it_cannot_be_chosen(two_counties, as_county, app, model, field, term):
    asked = {"app_label": app, "model_name": model, "field_name": field, "term": term}
    of_city, of_county = Client(), as_county("clerk")
    of_city.force_login(Staff.objects.get(username="clerk"))
    found = [
        json.loads(client.get(reverse("admin:autocomplete"), asked).content)["results"]
        for client in (of_city, of_county)
    ]
    assert len(found[0]) == 1
    assert found[1] == []


def test_a_facility_of_another_county_may_be_chosen_for_ones_own_people(two_counties, as_county):
    asked = {"app_label": "insured", "model_name": "selection", "field_name": "facility", "term": "乙县"}
    client, facility = as_county("clerk"), two_counties["facility"]
    assert not json.loads(client.get(reverse("admin:autocomplete"), asked).content)["results"]
    agree(facility, first=timezone.localdate(), last=timezone.localdate())
    [found] = json.loads(client.get(reverse("admin:autocomplete"), asked).content)["results"]
    assert found["id"] == str(facility.pk)
    assert client.get(reverse("admin:facilities_facility_change", args=[facility.pk])).status_code == 404


def test_the_counties_to_choose_from_are_ones_own(two_counties, as_county):
    page = as_county("clerk").get(reverse("admin:insured_person_add")).content.decode()
    assert "源城区" in page
    assert "紫金县" not in page


def test_a_runs_page_and_its_table_show_ones_own_people(two_counties, as_county):
    client, run = as_county("auditor"), two_counties["april"]
    page = client.get(reverse("admin:office_run_change", args=[run.pk])).content.decode()
    assert "欧阳远" not in page
    assert "测试" in page
    response = client.get(reverse("admin:office_run_table", args=[run.pk, "xlsx"]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)), read_only=True)
    names = [row[1] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert names
    assert "欧阳远" not in names


def test_a_run_is_neither_prepared_nor_approved_from_a_county(two_counties, as_county, office):
    assert as_county("clerk").get(reverse("admin:office_run_add")).status_code == 403
    reviewer = as_county("reviewer")
    page = reverse("admin:office_run_change", args=[office.march.pk])
    assert "批准" not in reviewer.get(page).content.decode()
    reviewer.post(reverse("admin:office_run_act", args=[office.march.pk, "approve"]))
    office.march.refresh_from_db()
    assert office.march.state == "computed"


def imported(text: str, by: Staff, layout: str) -> ImportFile:
    content = [text.encode("utf-8-sig")]
    return imports.check(imports.upload(layout=layout, name="a.csv", content=content, by=by, origin="page"))


def test_a_file_of_another_countys_people_comes_back(two_counties, as_county):
    as_county("clerk")
    clerk, person, facility = (
        Staff.objects.get(username="clerk-a"),
        two_counties["person"],
        two_counties["facility"],
    )
    enrolments = imported(
        "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n"
        f"{person.document_number},欧阳远,310,在职,9999,2023-09,{HERE}\n"
        f"44160219800101002X,新人,310,在职,5000,2023-09,{THERE}\n"
        "441602198001010038,新人,310,在职,5000,2023-09,441602\n",
        clerk,
        "enrolments",
    )
    assert (enrolments.counts["rejected"], enrolments.counts["new"]) == (2, 1)
    rows = list(ImportRow.objects.filter(import_file=enrolments).order_by("number"))
    assert [row.problems for row in rows] == [[":elsewhere"], [":elsewhere"], []]
    assert rows[0].changes is None  # nothing is told of what is on record there
    selections = imported(
        f"证件号码,年度,机构代码,生效年月\n{person.document_number},2024,{facility.code},2024-01\n",
        clerk,
        "selections",
    )
    assert selections.counts["rejected"] == 1
    facilities = imported(
        "机构代码,机构名称,机构等级,机构类型,区县代码\n"
        f"{facility.code},改名,一级,医院,{HERE}\nH00000099991,外地医院,一级,医院,{THERE}\n",
        clerk,
        "facilities",
    )
    assert facilities.counts["rejected"] == 2
    agreements = imported(
        f"机构代码,协议类型,起始日期,终止日期\n{facility.code},普通门诊统筹,2030-01-01,2030-12-31\n",
        clerk,
        "agreements",
    )
    assert agreements.counts["rejected"] == 1


def test_anothers_import_is_not_there(two_counties, as_county, upload):
    file = upload(
        "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n441602198001010038,新人,310,在职,5000,2023-09,441602\n"
    )
    client = as_county("clerk")
    assert client.get(reverse("admin:office_importfile_change", args=[file.pk])).status_code == 404
    assert client.get(reverse("admin:office_importfile_returned", args=[file.pk])).status_code == 404
    assert "名单.csv" not in client.get(reverse("admin:office_importfile_changelist")).content.decode()


def test_what_came_of_anothers_file_is_told_without_a_link_to_it(as_county, sign_in):
    clinic, file = contract(), applied([enrolment()])
    person = Person.objects.get()
    visit = {"单据号": "F1", "机构代码": clinic.code, "证件号码": PERSON, "就诊时间": "2023-03-10 09:00"}
    visit |= {"医疗类别": "普通门诊", "总费用": "90", "政策范围内": "90"}
    visits = applied([visit], name="费用.xlsx", kind="visits")
    batch = VisitBatch.objects.get(import_file=visits)
    told = {
        reverse("admin:insured_person_change", args=[person.pk]): file,
        reverse("admin:settlement_visitbatch_changelist"): visits,
        reverse("admin:settlement_visitbatch_change", args=[batch.pk]): visits,
    }
    county = as_county("clerk")
    for page, come_from in told.items():
        link = f'href="{reverse("admin:office_importfile_change", args=[come_from.pk])}"'
        assert link in sign_in("clerk").get(page).content.decode()
        theirs = county.get(page)
        assert theirs.status_code == 200
        assert link not in theirs.content.decode()


def test_sign_ins_are_given_a_scope_and_roles_that_go_together(two_counties, sign_in):
    client, page = sign_in("security_administrator"), reverse("admin:office_staff_add")
    roles = {group.name: group.pk for group in member("clerk", "x").groups.model.objects.all()}
    given = {
        "username": "new",
        "display_name": "新人",
        "identity": "",
        "password1": "correct horse 42",
        "password2": "correct horse 42",
        "groups": [roles["clerk"], roles["reviewer"]],
    }
    told = client.post(page, given).content.decode()
    assert "同一人不得兼任" in told
    assert "请选择区县或全市" in told
    good = given | {
        "groups": [roles["clerk"]],
        "counties": [County.objects.get(code=HERE).pk],
        "identity": "11010519491231002X",
    }
    assert client.post(page, good).status_code == 302
    second = good | {"username": "second", "groups": [roles["reviewer"]], "identity": "11010519491231002x "}
    assert "同一人不得兼任" in client.post(page, second).content.decode()
    new = Staff.objects.get(username="new")
    assert [county.code for county in new.counties.all()] == [HERE]
    assert "11010519491231002" not in new.person_key


def test_nobody_gives_themselves_a_role(staff, sign_in):
    own = staff["security_administrator"]
    page = reverse("admin:office_staff_change", args=[own.pk])
    roles = {group.name: group.pk for group in own.groups.model.objects.all()}
    client = sign_in("security_administrator")
    client.post(page, {"username": own.username, "display_name": "x", "groups": [roles["finance_cashier"]]})
    assert {group.name for group in own.groups.all()} == {"security_administrator"}
