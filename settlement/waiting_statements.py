"""What of the statements waits for somebody: one line for each step that is theirs to take (Nanchang 34)."""

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.line import LINES
from office.models import Staff
from office.worklist import PILES, Pile
from settlement.models import Statement, StatementState, VisitRecovery, VisitRecoveryState

# Of statements in a state: what is asked, and by which right.
ASKED = {
    StatementState.DRAFT: (gettext_lazy("to send to facilities"), "settlement.change_statement"),
    StatementState.SENT: (gettext_lazy("to have confirmed"), "settlement.change_statement"),
    StatementState.CONFIRMED: (gettext_lazy("to review"), "office.review_run"),
    StatementState.REVIEWED: (gettext_lazy("to audit"), "office.audit_run"),
    StatementState.AUDITED: (gettext_lazy("to release"), "office.release_run"),
}


def piles_of(staff: Staff) -> list[Pile]:
    """Statements that wait for this person: a county's, or the municipal centre's."""
    if not staff.has_perm("settlement.view_statement"):
        return []
    mine = {state: asked for state, (asked, right) in ASKED.items() if staff.has_perm(right)}
    found = []
    if mine:
        waiting = _theirs(staff).filter(state__in=mine).order_by().values_list("state")
        found = [
            Pile(
                asked=str(mine[state]),
                said=_("%(count)s statements") % {"count": count},
                url=reverse("admin:settlement_statement_changelist", query={"state__exact": state}),
                amount=amount,
                since=since,
            )
            for state, count, amount, since in waiting.annotate(Count("pk"), Sum("payable"), Min("drawn_at"))
        ]
    return found + _recoveries(staff)


def _theirs(staff: Staff) -> QuerySet[Statement]:
    if staff.sees_whole_city:
        return Statement.objects.all()
    return Statement.objects.filter(office="county", county__in=staff.county_numbers)


def in_line(staff: Staff, statement: Statement) -> list[int]:
    """The statements that wait for the same act, as their list has them."""
    asked = ASKED.get(statement.state)
    if asked is None or not staff.has_perm(asked[1]):
        return []
    same = _theirs(staff).filter(state=statement.state).order_by("-month", "-id")
    return list(same.values_list("pk", flat=True))


def _recoveries(staff: Staff) -> list[Pile]:
    if not staff.has_perm("settlement.decide_visitrecovery"):
        return []
    proposed = _proposed(staff)
    found = proposed.aggregate(count=Count("pk"), amount=Sum("amount"), since=Min("entered_at"))
    if not found["count"]:
        return []
    url = reverse("admin:settlement_visitrecovery_changelist", query={"state__exact": "proposed"})
    said = _("%(count)s recoveries of visits") % {"count": found["count"]}
    return [Pile(asked=_("to decide"), said=said, url=url, amount=found["amount"], since=found["since"])]


def _proposed(staff: Staff) -> QuerySet[VisitRecovery]:
    proposed = VisitRecovery.objects.filter(state=VisitRecoveryState.PROPOSED)
    if staff.sees_whole_city:
        return proposed
    counties = staff.county_numbers
    return proposed.filter(Q(visit__facility__county__in=counties) | Q(visit__person__county__in=counties))


def recoveries_in_line(staff: Staff, recovery: VisitRecovery) -> list[int]:
    if not staff.has_perm("settlement.decide_visitrecovery"):
        return []
    return list(_proposed(staff).order_by("-id").values_list("pk", flat=True))


PILES.append(piles_of)
LINES[Statement] = in_line
LINES[VisitRecovery] = recoveries_in_line
