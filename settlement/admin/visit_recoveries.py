"""Recoveries of visits: proposed on the visit's page, decided here, shown wherever somebody looks."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Receivable
from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct
from insured.admin import PersonAdmin
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.templatetags.figures import yuan
from settlement import visit_recoveries
from settlement.admin.visits import VisitAdmin
from settlement.models import Debtor, StatementLine, Visit, VisitRecovery, VisitRecoveryState

SHOWN = 12
PROPOSED = VisitRecoveryState.PROPOSED


class ProposeForm(forms.Form):
    debtor = forms.ChoiceField(
        label=gettext_lazy("Recovered from"), choices=Debtor, widget=UnfoldAdminSelectWidget
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"),
        max_digits=12,
        decimal_places=2,
        min_value=0.01,
        widget=UnfoldAdminTextInputWidget,
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence number"), max_length=100, widget=UnfoldAdminTextInputWidget
    )


class EmptyForm(forms.Form):
    """Asks for nothing but a yes."""


PROPOSE = RecordAct(
    name="recover",
    label=gettext_lazy("Recover"),
    explained=gettext_lazy(
        "For misuse found after it was paid: what is proposed here is owed once a second person agrees, at"
        " most what the fund paid for the visit."
    ),
    done=gettext_lazy("The recovery was proposed: a second person decides on it."),
    form=ProposeForm,
    do=visit_recoveries.propose,
    open_to=lambda visit: (
        not visit.reverses_id and not visit.reversed_by_id and visit_recoveries.line_of(visit) is not None
    ),
    permission="settlement.add_visitrecovery",
    danger=True,
)


@admin.register(VisitRecovery)
class VisitRecoveryAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("What a facility must pay back for a visit would stand here.")
    list_display = ["title", "visit_link", "debtor", "owed_by", "yuan", "reason", "badge", "entered_at"]
    list_display_links = ["title"]
    list_select_related = ["visit__facility", "account__facility", "account__person", "entered_by"]
    list_filter = [("state", ChoicesDropdownFilter), ("debtor", ChoicesDropdownFilter)]
    ordering = ["-id"]
    sortable_by = ()
    counties = ()  # by row-level security: those of the visits somebody sees
    exported = (
        "visit__bill",
        "visit__facility__code",
        "debtor",
        "amount",
        "reason",
        "evidence",
        "state",
        "entered_by",
        "entered_at",
        "decided_by",
        "decided_at",
    )
    fields = [
        ("visit_link", "facility_link"),
        ("debtor", "owed_by"),
        ("yuan", "evidence"),
        "reason",
        ("entered_by", "entered_at"),
        ("decided_by", "decided_at"),
        "receivable",
    ]
    readonly_fields = ["visit_link", "facility_link", "owed_by", "yuan", "receivable"]
    panels = []
    acts: ClassVar[tuple[RecordAct, ...]] = (
        RecordAct(
            name="agree",
            key="a",
            label=gettext_lazy("Agree and post"),
            explained=gettext_lazy(
                "It is owed from now on: repaid, set against payment orders or written off on the receivable."
            ),
            done=gettext_lazy("The recovery was posted."),
            form=EmptyForm,
            do=visit_recoveries.agree,
            open_to=lambda recovery: recovery.state == PROPOSED,
            permission="settlement.decide_visitrecovery",
        ),
        RecordAct(
            name="reject",
            key="r",
            label=pgettext_lazy("recovery", "Reject"),
            explained=gettext_lazy("Nothing is recovered; the proposal stays on record."),
            done=gettext_lazy("The proposal was rejected."),
            form=EmptyForm,
            do=visit_recoveries.reject,
            open_to=lambda recovery: recovery.state == PROPOSED,
            permission="settlement.decide_visitrecovery",
            danger=True,
        ),
    )

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, recovery):
        return {
            "state": (recovery.state, recovery.get_state_display()),
            "facts": [_owner_of(recovery), f"{yuan(recovery.amount)} {_('yuan')}"],
        }

    def title_of(self, recovery):
        return self.title(recovery)

    @admin.display(description=gettext_lazy("recovery"))
    def title(self, recovery):
        return f"#{recovery.pk}"

    @admin.display(description=gettext_lazy("visit"))
    def visit_link(self, recovery):
        return linked(recovery.visit)

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, recovery):
        return linked(recovery.visit.facility)

    @admin.display(description=gettext_lazy("owed by"))
    def owed_by(self, recovery):
        return _owner_of(recovery)

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, recovery):
        return yuan(recovery.amount)

    @admin.display(description=gettext_lazy("receivable"))
    def receivable(self, recovery):
        return linked(Receivable(pk=recovery.account_id), str(recovery.account))

    @admin.display(description=gettext_lazy("state"))
    def badge(self, recovery):
        return badged(recovery)


def _owner_of(recovery: VisitRecovery) -> str:
    account = recovery.account
    return (account.facility or account.person).name


def shown(request, found) -> Panel | None:
    """Recoveries with where they stand; None where there are none."""
    if not request.user.has_perm("settlement.view_visitrecovery"):
        return None
    rows = [
        (
            linked(each, f"#{each.pk}"),
            linked(each.visit),
            each.get_debtor_display(),
            each.amount,
            each.reason,
            each.evidence,
            timezone.localtime(each.entered_at).strftime("%Y-%m-%d"),
            badged(each),
        )
        for each in found.select_related("visit").order_by("-id")[:SHOWN]
    ]
    if not rows:
        return None
    return Panel(
        title=_("Recoveries of visits"),
        columns={
            _("Recovery"): "text",
            pgettext("settlement", "Visit"): "text",
            _("Recovered from"): "text",
            _("Amount (yuan)"): "money",
            _("Reason"): "text",
            _("Evidence number"): "text",
            _("Proposed on"): "text",
            _("State"): "text",
        },
        rows=rows,
    )


def recoveries_of_visit(request, visit: Visit) -> list[Panel]:
    """Where the visit is stated, what was deducted of it, and what is recovered."""
    if not request.user.has_perm("settlement.view_statement"):
        return []
    lines = StatementLine.objects.filter(visit=visit, live=True).select_related("statement")
    stated = [
        (
            linked(line.statement),
            str(line.statement.month),
            line.payable,
            sum(each.amount for each in visit.deductions.filter(statement=line.statement)) or None,
            badged(line.statement),
        )
        for line in lines
    ]
    panels = []
    if stated:
        panels.append(
            Panel(
                title=_("On statements"),
                columns={
                    _("Statement"): "text",
                    _("Month"): "text",
                    pgettext("statement", "Payable"): "money",
                    _("Deducted"): "money",
                    _("State"): "text",
                },
                rows=stated,
            )
        )
    found = shown(request, visit.recoveries)
    return [*panels, *([found] if found else [])]


def recoveries_of_facility(request, facility) -> Panel | None:
    return shown(request, VisitRecovery.objects.filter(account__facility=facility))


def recoveries_of_person(request, person) -> Panel | None:
    return shown(request, VisitRecovery.objects.filter(account__person=person))


VisitAdmin.acts += (PROPOSE,)
VisitAdmin.panels.append(recoveries_of_visit)
FacilityAdmin.panels.append(recoveries_of_facility)
PersonAdmin.panels.append(recoveries_of_person)
