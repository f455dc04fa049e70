"""This month's work, step by step and scheme by scheme, for the counties of whoever asks.

In a month the visits of the month before are received, reconciled, stated and paid; heads, prepayments and
credits are the month's own. Each kind of step is asked for once for all schemes, whatever their size.
"""

from collections.abc import Mapping

from monitoring.payment_steps import payments
from monitoring.run_steps import close, headcounts, runs
from monitoring.steps import Asked, Step
from monitoring.visit_steps import filings, reconciliations, statements
from office.kinds import kinds_of
from office.models import Staff, WorkStep
from office.policy import schemes_here
from office.schedule import due_dates
from policies.month import Month


def calendar_of(staff: Staff, month: Month, *, waiting: Mapping[int, str]) -> list[Step]:
    """The steps of a month by their dates; `waiting` says what is asked of somebody of which runs."""
    kinds = {scheme: kinds_of(scheme=scheme) for scheme in schemes_here()}
    asked = Asked(staff=staff, month=month, schemes=list(kinds), due=due_dates(month))
    found = runs(asked, kinds, waiting)
    if staff.has_perm("settlement.view_headcount"):
        found += headcounts(asked, kinds)
    if staff.has_perm("settlement.view_reconciliation"):
        found += [*filings(asked), *reconciliations(asked)]
    if staff.has_perm("settlement.view_statement"):
        found += statements(asked)
    if staff.has_perm("settlement.view_paymentorder"):
        found += payments(asked)
    if staff.has_perm("office.view_periodevent"):
        found.append(close(asked))
    order = list(WorkStep)
    return sorted(found, key=lambda step: (step.due, order.index(step.step), step.scheme))
