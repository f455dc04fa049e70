"""What the made-up city's months show to those who watch them, and one question about its benefits."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from monitoring import benefit_trials, cases
from monitoring.models import Alert, CaseState
from monitoring.watching import watch
from office.documents import issue
from office.models import Staff
from office.policy import newest_version, pack_of
from policies.month import Month
from policies.otherwise import benefit_figures, entries_of
from settlement.admin.papers import STATEMENT
from settlement.models import Statement

NEWEST = 6


def watched(months: list[Month], *, schemes: Iterable[str], today: date, hands) -> None:
    for month in months:
        watch(month)
    deal_with(day=today, hands=hands)
    print_statements(of=months[-1], by=hands["clerk"])
    for scheme in schemes:
        try_half(scheme=scheme, year=months[-1].year, hands=hands)


@transaction.atomic
def deal_with(*, day: date, hands) -> None:
    """All but the newest alerts were answered by their facilities: one answer waits, one did not hold."""
    found = list(Alert.objects.filter(state=CaseState.OPEN).order_by("id"))[:-NEWEST]
    for alert in found:
        cases.explain(
            alert, reason="复诊取药，病历已附", received_on=day, attachment="函复-01", by=hands["clerk"]
        )
    for alert in found[2:]:
        cases.accept(alert, reason="病历相符，予以采信", by=hands["reviewer"])
    for alert in found[1:2]:
        cases.refer(alert, reason="病历与票据不符", by=hands["reviewer"])


def print_statements(*, of: Month, by: Staff) -> None:
    for statement in Statement.objects.filter(month=of).order_by("id")[:8]:
        issue(statement, STATEMENT, county=statement.county_id, by=by)


def try_half(*, scheme: str, year: int, hands) -> None:
    """What if the first of the rules' figures that benefits rest on were half of what it is?"""
    policy = newest_version(scheme=scheme)
    for value in benefit_figures(pack_of(policy), year=year):
        figure = entries_of(value, year=year)[-1].figure
        if not isinstance(figure, dict | None):
            trial = benefit_trials.ask(
                name=f"{year}年标准减半",
                policy=policy,
                year=year,
                figures={value.name: figure / 2},
                by=hands["policy_officer"],
            )
            benefit_trials.work(trial.pk)
            return
