"""The case of an alert: explained by the facility, accepted or referred to audit, recovered or closed.

Each step is taken by another person; the database holds the order and the rights, and counts what came back.
All here raise ValidationError.
"""

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from monitoring.models import Alert, CaseState, CaseStep
from office.models import Staff
from office.scope import in_scope
from office.worklist import PILES, Pile

COUNTY = ("facility__county",)
# In which state an alert waits for whom.
WAITS_FOR = {
    CaseState.OPEN: "monitoring.explain_alert",
    CaseState.EXPLAINED: "monitoring.decide_alert",
    CaseState.REFERRED: "monitoring.audit_alert",
}


def explain(alert: Alert, *, reason: str, received_on: date, attachment: str, by: Staff) -> None:
    """What the facility answered, and on which day; the attachment by its name or number in the archive."""
    _take(alert, CaseState.EXPLAINED, reason=reason, received_on=received_on, attachment=attachment, by=by)


def accept(alert: Alert, *, reason: str, by: Staff) -> None:
    _take(alert, CaseState.ACCEPTED, reason=reason, by=by)


def refer(alert: Alert, *, reason: str, by: Staff) -> None:
    _take(alert, CaseState.REFERRED, reason=reason, by=by)


def recover(alert: Alert, *, reason: str, by: Staff) -> None:
    """End it with what recoveries and deductions of its visits brought back."""
    if not recovered(alert):
        raise ValidationError(
            _("Nothing came back of these visits yet: recover them, or deduct them from a statement, first.")
        )
    _take(alert, CaseState.RECOVERED, reason=reason, by=by)


def close(alert: Alert, *, reason: str, by: Staff) -> None:
    _take(alert, CaseState.CLOSED, reason=reason, by=by)


def recovered(alert: Alert) -> Decimal:
    """Yuan that came back of the alert's visits, wherever they are."""
    with connection.cursor() as cursor:
        cursor.execute("select monitoring_recovered(%s)", [alert.pk])
        return cursor.fetchone()[0]


@transaction.atomic
def _take(alert: Alert, state: CaseState, *, by: Staff, **said) -> None:
    if alert.steps.filter(by__person_key=by.person_key).exists():
        raise ValidationError(_("You took another step of this case: somebody else takes this one."))
    CaseStep.objects.create(alert=alert, state=state, by=by, **said)


def open_counts(staff: Staff) -> dict[str, int]:
    """How many alerts wait for this person, by their state."""
    asked = [state for state, permission in WAITS_FOR.items() if staff.has_perm(permission)]
    waiting = in_scope(Alert.objects.filter(state__in=asked), staff=staff, by=COUNTY) if asked else None
    return dict(waiting.order_by().values_list("state").annotate(Count("pk"))) if asked else {}


def piles_of(staff: Staff) -> list[Pile]:
    """The same for the inbox; alerts move no money by themselves."""
    said = {
        CaseState.OPEN: (pgettext("alerts", "to explain"), _("%(count)s alerts without the facility's word")),
        CaseState.EXPLAINED: (pgettext("alerts", "to decide"), _("%(count)s alerts explained by facilities")),
        CaseState.REFERRED: (pgettext("alerts", "to audit"), _("%(count)s alerts referred to audit")),
    }
    return [
        Pile(
            asked=said[state][0],
            said=said[state][1] % {"count": count},
            url=reverse("admin:monitoring_alert_changelist", query={"state__exact": state}),
            amount=None,
            since=in_scope(Alert.objects.filter(state=state), staff=staff, by=COUNTY)
            .earliest("found_at")
            .found_at,
        )
        for state, count in open_counts(staff).items()
    ]


PILES.append(piles_of)
