"""How a figure comes into the rules: entered by one person, approved by another, fixed from then on."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from office import policy, runs, versions
from office.models import PolicyState, PolicyVersion
from office.policy import load_shipped_packs, newest_version, pack_of, policy_in_force
from office.versions import VersionRefused
from policies.compare import changes, effect_on_money, effect_on_visits
from policies.entered import published_part
from policies.month import Month
from policies.node import PackError
from tests.accounts.test_credit_run import balance, prepared
from tests.population import insure, member, posted
from tests.services import CITY

JANUARY = Month(2025, 1)


@pytest.fixture
def officer(db):
    return member("policy_officer")


@pytest.fixture
def reviewer(db):
    return member("reviewer")


@pytest.fixture
def clerk(db):
    return member("clerk")


def enter(officer, *, value="retired_monthly_credit", first=JANUARY, figure=Decimal("105.00")):
    return versions.enter_figure(
        scheme="310",
        value=value,
        first_month=first,
        article="7(3)",
        figure=figure,
        source="2025年第1号通知",
        by=officer,
    )


def approved(officer, reviewer, **figure) -> PolicyVersion:
    version = enter(officer, **figure)
    versions.submit(version, by=officer)
    versions.approve(version, by=reviewer)
    return version


def test_a_retired_credit_is_held_until_its_figure_is_approved(officer, reviewer, clerk):
    retired = insure(status="retired", base=None, group="enterprise")
    run = prepared(clerk, period=JANUARY)
    assert [e.code for e in run.exceptions.all()] == ["parameter_missing"]

    draft = enter(officer)
    runs.send_back(run, by=reviewer, origin="page", reason="the figure is being entered")
    assert runs.compute(run.pk).policy_id == draft.base_id

    versions.submit(draft, by=officer)
    versions.approve(draft, by=reviewer)
    run.refresh_from_db()
    runs.send_back(run, by=reviewer, origin="page", reason="the figure is there")
    run = posted(runs.compute(run.pk))
    assert run.policy == draft
    assert not run.exceptions.exists()
    assert balance(retired) == Decimal("105.00")

    december = posted(prepared(clerk, period=Month(2024, 12)))
    assert december.policy == draft.base
    assert balance(retired) == Decimal("207.79")


def test_a_month_takes_the_newest_version_that_holds_in_it(officer, reviewer):
    first = newest_version(scheme="310")
    second = approved(officer, reviewer)
    third = approved(officer, reviewer, value="quota_rate", first=Month(2024, 1), figure=Decimal("330.00"))
    held = {
        month: policy_in_force(scheme="310", month=month)
        for month in (Month(2022, 8), Month(2023, 12), Month(2024, 1), Month(2025, 1), Month(2030, 1))
    }
    assert list(held.values()) == [first, first, third, third, third]
    assert (second.base, third.base) == (first, second)
    assert pack_of(third).value("retired_monthly_credit", JANUARY) == Decimal("105.00")


def test_two_figures_make_one_draft_that_holds_from_the_earlier_one(officer):
    enter(officer)
    draft = enter(officer, value="quota_rate", first=Month(2024, 1), figure=Decimal("330.00"))
    assert PolicyVersion.objects.filter(scheme="310").count() == 2
    assert (draft.number, draft.effective) == (2, Month(2024, 1))
    found = {
        (change.value.name, str(change.start)) for change in changes(pack_of(draft.base), pack_of(draft))
    }
    assert found == {("retired_monthly_credit", "2025-01-01"), ("quota_rate", "2024-01-01")}
    [entered, _other] = pack_of(draft).entered
    assert (entered.by, entered.source) == (str(officer), "2025年第1号通知")
    assert published_part(draft.document) == published_part(draft.base.document)


def test_a_figure_holds_until_the_documents_next_one(officer):
    draft = enter(officer, first=Month(2024, 7))
    entries = pack_of(draft).values["retired_monthly_credit"].entries
    assert [(str(e.start), str(e.end), e.figure) for e in entries] == [
        ("2022-08-01", "2024-06-30", Decimal("102.79")),
        ("2024-07-01", "2024-12-31", Decimal("105.00")),
        ("2025-01-01", "None", None),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "no_such_value"},
        {"value": "credit_rate", "figure": Decimal("101")},
        {"figure": Decimal("1.005")},
        {"figure": {"enterprise": Decimal("1.00")}},
        {"first": Month(2022, 7)},
        {"value": "outpatient_rate", "figure": {"active": {"primary": Decimal("70")}}},
    ],
)
def test_a_figure_the_rules_cannot_hold_is_refused(officer, wrong):
    with pytest.raises(PackError):
        enter(officer, **wrong)
    assert PolicyVersion.objects.filter(scheme="310").count() == 1


def test_nobody_approves_what_they_entered(officer, clerk):
    version = enter(officer)
    versions.submit(version, by=officer)
    for staff in (officer, clerk):
        with pytest.raises(VersionRefused):
            versions.approve(version, by=staff)
    with pytest.raises(DatabaseError, match="policy_version_approver_is_not_author"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(
            state=PolicyState.APPROVED, approved_by=officer, approved_at=timezone.now()
        )
    with pytest.raises(DatabaseError, match="is_approved_by_somebody"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(state=PolicyState.APPROVED)
    versions.approve(version, by=member("policy_officer", "second"))
    assert version.state == PolicyState.APPROVED


def test_one_version_is_open_at_a_time(officer, reviewer):
    second = member("policy_officer", "second")
    version = enter(officer)
    with pytest.raises(VersionRefused):
        enter(second)
    versions.submit(version, by=officer)
    with pytest.raises(VersionRefused):
        enter(officer)
    versions.send_back(version, by=reviewer, reason="the figure is 106.00")
    versions.withdraw(version, by=officer, reason="entered anew")
    again = enter(officer, figure=Decimal("106.00"))
    assert (again.number, again.base_id) == (3, version.base_id)
    assert [event.act for event in version.events.all()] == ["enter", "submit", "send_back", "withdraw"]


def test_what_was_changed_meanwhile_is_not_approved(officer, reviewer):
    version = enter(officer)
    seen = version.sha256
    version = enter(officer, value="quota_rate", figure=Decimal("330.00"))
    versions.submit(version, by=officer)
    with pytest.raises(VersionRefused):
        versions.approve(version, by=reviewer, seen=seen)


@pytest.mark.parametrize(
    "statement",
    [
        "update office_policyversion set document = document || ' ' where id = %s",
        "update office_policyversion set effective = '2024-01-01' where id = %s",
        "update office_policyversion set state = 'draft' where id = %s",
        "delete from office_policyversion where id = %s",
    ],
)
def test_an_approved_version_cannot_be_changed(officer, reviewer, statement):
    version = approved(officer, reviewer)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [version.pk])


def test_a_submitted_text_is_the_one_that_is_approved(officer):
    version = enter(officer)
    versions.submit(version, by=officer)
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(document="other")


def test_a_version_has_one_approved_successor(officer, reviewer):
    version = approved(officer, reviewer)
    with pytest.raises(DatabaseError, match="policy_version_one_successor"), transaction.atomic():
        policy.new_version(
            pack=pack_of(version),
            document=version.document,
            base=version.base,
            effective=JANUARY,
            state=PolicyState.APPROVED,
            created_by=officer,
            approved_by=reviewer,
            approved_at=timezone.now(),
        )


def test_an_upgraded_pack_waits_for_approval_with_the_figures_entered(
    officer, reviewer, tmp_path, monkeypatch
):
    approved(officer, reviewer)
    load_shipped_packs(CITY)
    assert PolicyVersion.objects.filter(scheme="310").count() == 2
    text = newest_version(scheme="310").base.document.replace("102.79", "102.80")
    (tmp_path / "pack.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(policy, "FOLDER", tmp_path)
    for _again in range(2):
        load_shipped_packs(CITY)
    [upgrade] = PolicyVersion.objects.filter(scheme="310", state=PolicyState.SUBMITTED)
    assert pack_of(upgrade).value("retired_monthly_credit", Month(2023, 1)) == Decimal("102.80")
    assert pack_of(upgrade).value("retired_monthly_credit", JANUARY) == Decimal("105.00")
    versions.approve(upgrade, by=reviewer)
    assert policy_in_force(scheme="310", month=Month(2023, 1)).number == 1


def test_the_effect_of_a_figure_is_told_in_visits_and_money(officer):
    draft = enter(officer)
    old, new = pack_of(draft.base), pack_of(draft)
    [effect] = effect_on_money(old, new, JANUARY)
    assert (effect.kind, effect.status, effect.before, effect.after) == (
        "credit",
        "retired",
        None,
        Decimal("105.00"),
    )
    sampled = effect_on_visits(old, new, JANUARY.first_day)
    assert len(sampled) == 10
    assert not any(effect.differs for effect in sampled)
    draft = enter(officer, value="annual_limit", figure=Decimal("1900.00"))
    [thirteenth] = [e for e in effect_on_visits(old, pack_of(draft), JANUARY.first_day) if e.differs]
    assert (thirteenth.before["fund"], thirteenth.after["fund"]) == ("0.00", "100.00")
