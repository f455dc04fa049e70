"""What of the statements waits for somebody: one line for each step that is theirs to take (Nanchang 34)."""

from django.db.models import Count, Min, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
        theirs = Q() if staff.sees_whole_city else Q(office="county", county__in=staff.county_numbers)
        waiting = Statement.objects.filter(theirs, state__in=mine).order_by().values_list("state")
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


def _recoveries(staff: Staff) -> list[Pile]:
    if not staff.has_perm("settlement.decide_visitrecovery"):
        return []
    proposed = VisitRecovery.objects.filter(state=VisitRecoveryState.PROPOSED)
    if not staff.sees_whole_city:
        counties = staff.county_numbers
        proposed = proposed.filter(
            Q(visit__facility__county__in=counties) | Q(visit__person__county__in=counties)
        )
    found = proposed.aggregate(count=Count("pk"), amount=Sum("amount"), since=Min("entered_at"))
    if not found["count"]:
        return []
    url = reverse("admin:settlement_visitrecovery_changelist", query={"state__exact": "proposed"})
    said = _("%(count)s recoveries of visits") % {"count": found["count"]}
    return [Pile(asked=_("to decide"), said=said, url=url, amount=found["amount"], since=found["since"])]


PILES.append(piles_of)
