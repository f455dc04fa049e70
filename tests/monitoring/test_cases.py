"""The way of a case: every step by another person who may, in order, and held by the database."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from monitoring import cases
from monitoring.models import Alert, CaseState, CaseStep, IndicatorValue
from monitoring.watching import watch
from office.acting import acting
from policies.month import Month
from settlement import statements, visit_recoveries
from settlement.batches import settle
from settlement.models import Visit, VisitBatch
from tests.cities import rules_of
from tests.files import applied
from tests.monitoring.watched import visited
from tests.population import contract, insure, member, reported

pytestmark = pytest.mark.django_db
MARCH = Month(2023, 3)
TODAY = {"received_on": date(2023, 4, 3), "attachment": "情况说明.pdf"}


@pytest.fixture
def alert():
    person, facility = insure(), contract()
    for hour in ("09", "16"):
        visited(person, facility, f"2023-03-05 {hour}:00", fund=70)
    watch(MARCH)
    return Alert.objects.get(rule="duplicate_visit")


def refused(match: str | None = None):
    return pytest.raises(DatabaseError, match=match)


def step(alert, state: str, by, **said) -> None:
    with transaction.atomic():
        CaseStep.objects.create(alert=alert, state=state, by=by, reason="说明", **said)


def test_a_case_goes_its_way_step_by_step_and_tells_what_came_back(alert):
    clerk, reviewer, auditor = member("clerk"), member("reviewer"), member("auditor")
    both = member("reviewer", "both")
    for state in ("accepted", "referred", "recovered", "closed", "open"):
        with refused("does not go"):
            step(alert, state, reviewer)
    with refused("by who may"):
        step(alert, "explained", reviewer, received_on=date(2023, 4, 3))
    assert cases.open_counts(clerk) == {"open": 1}
    cases.explain(alert, reason="录入重复", by=clerk, **TODAY)
    assert (cases.open_counts(clerk), cases.open_counts(reviewer)) == ({}, {"explained": 1})

    both.user_permissions.set(reviewer.groups.get().permissions.filter(codename="decide_alert"))
    type(both).objects.filter(pk=both.pk).update(person_key=clerk.person_key, is_active=True)
    with refused("took another step"):  # the clerk under another sign-in
        step(alert, "accepted", both)
    both.groups.clear()
    with refused("by who may"):
        step(alert, "accepted", clerk)
    with refused("does not go"):
        step(alert, "recovered", auditor)
    cases.refer(alert, reason="票据不符", by=reviewer)
    with refused("does not go"):
        step(alert, "accepted", reviewer)

    with pytest.raises(ValidationError):
        cases.recover(alert, reason="已退回", by=auditor)
    with refused("recovered_an_amount"):
        step(alert, "recovered", auditor, amount=70)
    cases.close(alert, reason="查无实据", by=auditor)
    alert.refresh_from_db()
    assert alert.state == CaseState.CLOSED
    with refused("does not go"):
        step(alert, "recovered", member("auditor", "late"))
    told = alert.steps.values_list("state", "by__username", "attachment")
    assert list(told) == [
        ("explained", "clerk", "情况说明.pdf"), ("referred", "reviewer", ""), ("closed", "auditor", ""),
    ]  # fmt: skip
    assert watch(MARCH) == 0  # what was dealt with is not found again


def test_what_came_back_is_counted_by_the_database():
    """The second of two bills alike is recovered from the facility: 60 % of 600.00 less 100.00."""
    rules_of("shijiazhuang")
    hands = {role: member(role) for role in ("clerk", "reviewer", "auditor", "finance_accountant")}
    person, clinic = insure(), contract()
    row = {
        "机构代码": clinic.code, "证件号码": person.document_number, "就诊时间": "2023-03-10 09:00",
        "医疗类别": "普通门诊", "总费用": "600.00", "政策范围内": "600.00",
    }  # fmt: skip
    file = applied([{"单据号": bill, **row} for bill in ("B1", "B2")], name="费用.xlsx", kind="visits")
    for batch in VisitBatch.objects.filter(import_file=file):
        settle(batch.pk)
    [statement] = statements.draw_up(scheme="310", month=MARCH, facility=clinic, by=hands["clerk"])
    statements.deduct(
        statement, visit=Visit.objects.get(bill="B1"), kind="20", amount=Decimal("1.50"), reason="超量",
        by=hands["clerk"],
    )  # fmt: skip
    statements.send(statement)
    statements.confirm(statement, name="张院长", day=timezone.localdate(), reference="JS")
    reported(clinic, MARCH)
    watch(MARCH)
    alert = Alert.objects.get(rule="duplicate_visit")
    assert cases.recovered(alert) == 0  # the deduction is not posted yet
    for role in ("reviewer", "auditor", "finance_accountant"):
        statement = statements.sign(statement, by=hands[role])
    recovery = visit_recoveries.propose(
        Visit.objects.get(bill="B2"), debtor="facility", amount=Decimal(360), reason="重复", evidence="JH-1",
        by=hands["clerk"],
    )  # fmt: skip
    assert cases.recovered(alert) == Decimal("1.50")
    visit_recoveries.agree(recovery, by=hands["reviewer"])
    cases.explain(alert, reason="录入重复", by=hands["clerk"], **TODAY)
    cases.refer(alert, reason="票据不符", by=hands["reviewer"])
    cases.recover(alert, reason="已退回", by=hands["auditor"])
    assert alert.steps.last().amount == Decimal("361.50")


def test_what_is_found_and_done_is_not_rewritten(alert):
    clerk = member("clerk")
    cases.explain(alert, reason="录入重复", by=clerk, **TODAY)
    for change in (
        lambda: Alert.objects.update(state="closed"),
        lambda: Alert.objects.update(month=MARCH + 1),
        lambda: CaseStep.objects.update(reason="另"),
        lambda: CaseStep.objects.all().delete(),
        lambda: alert.visits.all().delete(),
    ):
        with refused(), transaction.atomic():
            change()


def test_counties_see_and_deal_with_the_alerts_of_their_facilities(alert):
    other = member("clerk", "other")
    here = member("clerk", "here", counties=("441602",))
    there = member("clerk", "there", counties=("441621",))
    for staff, seen in ((here, 1), (there, 0)):
        with acting(staff=staff, origin="page", role=settings.PAGES_ROLE):
            assert Alert.objects.count() == alert.visits.model.objects.count() / 2 == seen
            assert IndicatorValue.objects.exists() == bool(seen)
        assert cases.open_counts(staff) == ({"open": 1} if seen else {})
    with refused(), acting(staff=there, origin="page", role=settings.PAGES_ROLE):
        cases.explain(alert, reason="录入重复", by=there, **TODAY)
    with refused("in their own name"), acting(staff=here, origin="page", role=settings.PAGES_ROLE):
        cases.explain(alert, reason="录入重复", by=other, **TODAY)
    with refused("permission denied"), acting(staff=here, origin="page", role=settings.PAGES_ROLE):
        Alert.objects.update(found={})

    url, client = f"/monitoring/alert/{alert.pk}/", Client()
    client.force_login(there)
    assert client.get(f"{url}change/").status_code == client.post(f"{url}act/explain/").status_code == 404
    client.force_login(here)
    page = client.get(f"{url}change/").content.decode()
    assert alert.visits.first().visit.bill in page
    sent = {"received_on": "2023-04-03", "reason": "录入重复", "attachment": "情况说明.pdf"}
    assert client.post(f"{url}act/explain/", sent).status_code == 302
    assert client.get(f"{url}act/accept/").status_code == 403  # a clerk explains, a reviewer decides
    assert "情况说明.pdf" in client.get(f"{url}change/").content.decode()
    assert client.get("/monitoring/alert/").status_code == 200
