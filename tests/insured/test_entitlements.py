"""Family links, filings, certified diseases and referrals: what the rules and the database let in."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from insured.models import CertifiedDisease, FamilyLink, Filing, Person, Referral
from office.acting import acting
from office.models import AccessRecord, Act, History
from office.sealing import masked
from tests.cities import rules_of
from tests.population import contract, identity_card, insure, member, select

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client):
    """A clerk of Yuancheng enters records by their forms: what is told, nothing when it is saved."""
    client.force_login(member("clerk", "yuancheng", counties=("441602",)))
    client.cookies["gongji_language_441600"] = "en"

    def ask(model: str, pk: int | None = None, **values) -> str:
        given = {name: getattr(value, "pk", value) for name, value in values.items()}
        url = f"/insured/{model}/add/" if pk is None else f"/insured/{model}/{pk}/change/"
        response = client.post(url, given)
        return "" if response.status_code == 302 else response.content.decode().replace("&#x27;", "'")

    return ask


def link(person, relation="spouse", first_day="2024-01-01", **values) -> dict:
    blank = {
        "relative": "",
        "relative_name": "",
        "relative_document": "",
        "last_day": "",
        "ended_because": "",
    }
    return blank | {"person": person, "relation": relation, "first_day": first_day} | values


def test_a_marriage_and_its_end(ask, client):
    """Heyuan 9: for self, spouse, parents and children; divorce ends it, and another spouse may follow."""
    holder, wife, second, far = insure(), insure(), insure(), insure(county="441621")
    assert ask("familylink", **link(holder, relative=wife)) == ""
    assert "linked already in these days" in ask("familylink", **link(holder, "child", relative=wife))
    assert "Another spouse" in ask("familylink", **link(holder, relative=second, first_day="2024-06-01"))
    assert "their own relative" in ask("familylink", **link(holder, "parent", relative=holder))
    assert "Name somebody on record" in ask("familylink", **link(holder, "parent"))
    assert "insured in this city" in ask(
        "familylink", **link(holder, "parent", relative_name="张父", relative_document=identity_card(900))
    )
    assert ask("familylink", **link(far, relative=second)) != ""  # another county's account
    first = FamilyLink.objects.get()
    both = [client.get(f"/insured/person/{p.pk}/change/").content.decode() for p in (holder, wife)]
    assert "Relatives who may use this account" in both[0] and "by article 9(1)" in both[0]
    assert "Accounts this person may use" in both[1] and holder.name in both[1]

    change = {"first_day": "2024-01-01", "last_day": "2024-05-31"}
    assert "a last day and a reason" in ask("familylink", first.pk, **change, ended_because="")
    assert ask("familylink", first.pk, **change, ended_because="divorce") == ""
    assert ask("familylink", **link(holder, relative=second, first_day="2024-06-01")) == ""
    told = History.objects.filter(model="insured.familylink", operation="update").get()
    assert told.changes["ended_because"] == ["", "divorce"]
    Person.objects.filter(pk=second.pk).update(died_on=date(2024, 8, 1))
    page = client.get(f"/insured/person/{holder.pk}/change/").content.decode()
    assert '2024-06-01 – 2024-08-01 <span class="note">over' in page
    assert holder.name not in client.get("/insured/familylink/?in_force=now").content.decode()

    with acting(staff=None, origin="page"), pytest.raises(IntegrityError), transaction.atomic():
        FamilyLink.objects.create(
            person=holder, relation="child", relative=second, first_day=date(2024, 7, 1)
        )
        connection.check_constraints()


def test_relatives_insured_in_the_province_where_the_rules_say_so(ask, client):
    """Honghe 18: by name and document, sealed; whoever is on record here is chosen from the records."""
    rules_of("honghe")
    holder, mother = insure(), insure()
    number = identity_card(901)
    given = {"relative_name": "李母", "relative_document": number}
    assert ask("familylink", **link(holder, "parent", **given)) == ""
    found = FamilyLink.objects.get()
    assert (found.relative_name, found.relative_document) == ("李母", number)
    assert number.encode() not in bytes(found.relative_document_sealed)
    page = client.get(f"/insured/familylink/{found.pk}/change/").content.decode()
    assert masked(number) in page and number not in page
    assert number in client.post(f"/insured/familylink/{found.pk}/show/").content.decode()
    assert AccessRecord.objects.get(act=Act.SHOW).subject == f"insured.familylink {found.pk}"
    assert "linked already" in ask("familylink", **link(holder, "parent", **given))
    assert "choose the record instead" in ask(
        "familylink", **link(holder, "parent", relative_name="母", relative_document=mother.document_number)
    )
    assert "check digit" in ask(
        "familylink", **link(holder, "parent", relative_name="母", relative_document="53250319800101000A")
    )


def test_residents_have_no_account_to_share(ask):
    rules_of("shaoguan")
    holder, child = (insure(status="resident", base=None, scheme="390") for _ in range(2))
    assert "no personal accounts in this scheme (article 7)" in ask(
        "familylink", **link(holder, "child", relative=child)
    )


def test_filings_and_diseases_hold_once_at_a_time(ask):
    person = insure()
    filing = {"person": person, "kind": "resident", "destination": "广州市", "destination_code": "440100"}
    filing |= {"first_day": "2024-01-01", "last_day": "", "ended_because": "", "evidence": "居住证"}
    assert ask("filing", **filing) == ""
    assert "another filing of this kind" in ask("filing", **filing | {"first_day": "2025-01-01"})
    assert ask("filing", **filing | {"kind": "emergency", "last_day": "2024-01-10"}) == ""
    assert "before the first" in ask("filing", **filing | {"kind": "temporary", "last_day": "2023-12-31"})
    assert "Six digits" in ask("filing", **filing | {"kind": "temporary", "destination_code": "4401"})
    long = Filing.objects.get(kind="resident")
    ended = filing | {"last_day": "2024-12-31", "ended_because": "返回本市"}
    assert ask("filing", long.pk, **ended) == ""
    assert ask("filing", **filing | {"first_day": "2025-01-01"}) == ""
    assert "another filing of this kind" in ask("filing", long.pk, **ended | {"last_day": "2025-01-01"})

    disease = {"person": person, "kind": "chronic", "code": "M03900", "name": "高血压", "facility": ""}
    disease |= {"first_day": "2024-01-01", "last_day": "", "evidence": "认定表", "ended_because": ""}
    assert ask("certifieddisease", **disease) == ""
    assert "on record already" in ask("certifieddisease", **disease | {"first_day": "2024-05-01"})
    assert "required" in ask("certifieddisease", **disease | {"code": "M01600", "evidence": ""})
    assert CertifiedDisease.objects.count() == 1


def test_only_the_selected_facility_refers(ask):
    """Heyuan 17; the month of the referral decides."""
    person, hospital, other = insure(), contract(), contract(level="tertiary")
    select(person, hospital, first="2024-01", last="2024-05")
    select(person, other, first="2024-06", kind="change")
    given = {"person": person, "issued_by": hospital, "to_facility": other, "to_elsewhere": ""}
    given |= {"issued_on": "2024-05-31", "valid_until": "2024-06-30", "diagnosis": "需专科治疗"}
    assert ask("referral", **given) == ""
    late = ask("referral", **given | {"issued_on": "2024-06-01"})
    assert f"in 2024-06 that is: {other}" in late and "(article 17)" in late
    assert "does not refer to itself" in ask("referral", **given | {"to_facility": hospital})
    assert "or else the place elsewhere" in ask("referral", **given | {"to_elsewhere": "广州"})
    assert "before it is issued" in ask("referral", **given | {"valid_until": "2024-05-30"})
    empty = ask("referral", **dict.fromkeys(given, "") | {"person": person})
    assert "This field is required." in empty and "cannot be null" not in empty
    assert Referral.objects.count() == 1


def test_a_county_sees_its_own_and_both_sides_of_a_link(client):
    near, far = insure(), insure(county="441621")
    hospital, day = contract(), date(2024, 1, 1)
    for person, relative in ((near, far), (far, near)):
        FamilyLink.objects.create(person=person, relation="parent", relative=relative, first_day=day)
        Filing.objects.create(person=person, kind="resident", destination="广州", first_day=day)
        CertifiedDisease.objects.create(person=person, kind="chronic", code="M1", name="x", first_day=day)
        Referral.objects.create(
            person=person, issued_by=hospital, to_elsewhere="x", issued_on=day, valid_until=day, diagnosis="x"
        )
    clerk = member("clerk", "yuancheng", counties=("441602",))
    with acting(staff=clerk, origin="page", role="c441600_app"):
        for model in (Filing, CertifiedDisease, Referral):
            assert [record.person_id for record in model.objects.all()] == [near.pk]
        assert FamilyLink.objects.count() == 2
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            FamilyLink.objects.filter(person_id=far.pk).update(last_day=day, ended_because="other")
    client.force_login(clerk)
    assert client.get(f"/insured/person/{near.pk}/change/").status_code == 200


def test_terms_are_said_in_chinese(client):
    person = insure()
    client.force_login(member("clerk"))
    with override("zh-hans"):
        page = client.get(f"/insured/person/{person.pk}/change/").content.decode()
    for title in ("可使用本账户的亲属", "异地就医备案", "慢特病认定", "转诊"):
        assert title in page
