"""Alerts and their cases: the list by what waits, and the page on which a case goes its way."""

from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct, day_field, reason_field
from monitoring import cases
from monitoring.admin.words import told
from monitoring.models import Alert, AlertVisit, CaseState
from monitoring.tasks import enqueue_watch
from office.admin.pages import page
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.fields import MonthFormField
from office.scope import in_scope
from office.templatetags.figures import yuan
from policies.month import Month
from settlement.admin.visit_panels import who_of
from settlement.admin.visit_recoveries import shown as recoveries
from settlement.admin.visits import VisitAdmin
from settlement.models import Visit, VisitRecovery

SHOWN = 12
VISITS_SHOWN = 100


class WatchForm(forms.Form):
    month = MonthFormField(label=gettext_lazy("Month"), widget=UnfoldAdminTextInputWidget)

    def clean_month(self):
        month = self.cleaned_data["month"]
        if month > Month.of(timezone.localdate()):
            raise ValidationError(_("%(month)s is still to come.") % {"month": month})
        return month


class ReasonForm(forms.Form):
    reason = reason_field()


class ExplainForm(forms.Form):
    received_on = day_field(gettext_lazy("Received on"))
    reason = reason_field()
    attachment = forms.CharField(
        label=gettext_lazy("Attachment"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Name or number of the facility's letter, as it is filed."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("The facility's explanation")

    def clean_received_on(self):
        if (day := self.cleaned_data["received_on"]) > timezone.localdate():
            raise ValidationError(_("This day is still to come."))
        return day


def stands(state: CaseState):
    return lambda alert: alert.state == state


@admin.register(Alert)
class AlertAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("Nothing unusual was found.")
    list_display = ["title", "month", "facility_link", "found_shown", "visit_count", "badge"]
    list_display_links = ["title"]
    list_select_related = ["facility"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("rule", ChoicesDropdownFilter),
        ("month", FieldTextFilter),
        ("facility__county", RelatedDropdownFilter),
    ]
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    ordering = ["-id"]
    sortable_by = ()
    counties = cases.COUNTY
    exported = (
        "rule", "month", "facility__code", "facility__name", "found_shown", "visit_count", "state",
        "found_at",
    )  # fmt: skip
    add_label = gettext_lazy("Look for alerts")
    fields = [("facility_page", "month"), "found_shown"]
    readonly_fields = ["facility_page", "found_shown"]
    panels = []
    acts: ClassVar[tuple[RecordAct, ...]] = (
        RecordAct(
            name="explain",
            label=gettext_lazy("Enter explanation"),
            explained=gettext_lazy(
                "What the facility answers; somebody else accepts it or refers it to audit."
            ),
            done=gettext_lazy("The explanation was entered: a second person decides on it."),
            form=ExplainForm,
            do=cases.explain,
            open_to=stands(CaseState.OPEN),
            permission="monitoring.explain_alert",
        ),
        RecordAct(
            name="accept",
            label=pgettext_lazy("case", "Accept explanation"),
            explained=gettext_lazy("The case ends here: the facility's explanation holds."),
            done=gettext_lazy("The explanation was accepted."),
            form=ReasonForm,
            do=cases.accept,
            open_to=stands(CaseState.EXPLAINED),
            permission="monitoring.decide_alert",
        ),
        RecordAct(
            name="refer",
            label=pgettext_lazy("case", "Refer to audit"),
            explained=gettext_lazy("The auditors look into it and end the case."),
            done=gettext_lazy("The case was referred to audit."),
            form=ReasonForm,
            do=cases.refer,
            open_to=stands(CaseState.EXPLAINED),
            permission="monitoring.decide_alert",
            danger=True,
        ),
        RecordAct(
            name="recover",
            label=pgettext_lazy("case", "End as recovered"),
            explained=gettext_lazy(
                "The case ends with what came back: recoveries of its visits that are posted, and deductions"
                " for them on posted statements."
            ),
            done=gettext_lazy("The case ended with what was recovered."),
            form=ReasonForm,
            do=cases.recover,
            open_to=stands(CaseState.REFERRED),
            consequences=lambda request, alert: [came_back(request, alert)],
            permission="monitoring.audit_alert",
        ),
        RecordAct(
            name="close",
            label=pgettext_lazy("case", "Close without result"),
            explained=gettext_lazy("The case ends here and nothing is recovered."),
            done=gettext_lazy("The case was closed."),
            form=ReasonForm,
            do=cases.close,
            open_to=stands(CaseState.REFERRED),
            permission="monitoring.audit_alert",
            danger=True,
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(behind=Count("visits"))

    def has_add_permission(self, request):
        return request.user.has_perm("monitoring.watch_alert")

    def add_view(self, request, form_url="", extra_context=None):
        """Ask for the month; a worker looks at it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = WatchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            enqueue_watch(form.cleaned_data["month"])
            messages.success(request, _("The month is being looked at; load the list again in a moment."))
            return redirect("admin:monitoring_alert_changelist")
        return page(request, "monitoring/watch.html", {"title": _("Look for alerts"), "form": form})

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, alert):
        return {"state": (alert.state, alert.get_state_display()), "facts": [told(alert)]}

    def panels_of(self, request, alert):
        return [steps(alert), visits(alert), came_back(request, alert), *super().panels_of(request, alert)]

    def title_of(self, alert):
        return self.title(alert)

    @admin.display(description=gettext_lazy("alert"))
    def title(self, alert):
        return str(alert)

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, alert):
        return alert.facility.name

    @admin.display(description=gettext_lazy("facility"))
    def facility_page(self, alert):
        return linked(alert.facility, f"{alert.facility.code} {alert.facility.name}")

    @admin.display(description=gettext_lazy("what was found"))
    def found_shown(self, alert):
        return told(alert)

    @admin.display(description=gettext_lazy("visits"))
    def visit_count(self, alert) -> int:
        return alert.behind

    @admin.display(description=gettext_lazy("state"))
    def badge(self, alert):
        return badged(alert)


def steps(alert: Alert) -> Panel:
    """What became of it, step by step."""
    return Panel(
        title=_("Steps of the case"),
        columns={
            pgettext("case", "Step"): "text",
            _("Reason"): "text",
            _("Attachment"): "text",
            _("Received on"): "text",
            _("Recovered (yuan)"): "money",
            pgettext("case", "By"): "text",
            pgettext("case", "At"): "text",
        },
        rows=[
            (
                badged(step),
                step.reason,
                step.attachment,
                step.received_on,
                step.amount,
                str(step.by),
                timezone.localtime(step.at).strftime("%Y-%m-%d %H:%M"),
            )
            for step in alert.steps.select_related("by")
        ],
        empty=_("Nobody has dealt with it yet: the facility is asked first."),
    )


def visits(alert: Alert) -> Panel | None:
    """The visits behind it that whoever asks may see; each is recovered on its own page."""
    if not alert.behind:
        return None
    seen = Visit.objects.filter(alerts__alert=alert).select_related("facility", "person", "outcome")
    rows = [
        (
            linked(visit),
            visit.facility.name,
            who_of(visit),
            timezone.localtime(visit.at).strftime("%Y-%m-%d %H:%M"),
            visit.get_category_display(),
            visit.total,
            visit.outcome.fund if hasattr(visit, "outcome") else None,
        )
        for visit in seen.order_by("at", "id")[:VISITS_SHOWN]
    ]
    hidden = alert.behind - seen.count()
    return Panel(
        title=_("Visits behind it"),
        columns={
            _("Bill number"): "text",
            _("Facility"): "text",
            _("Insured person"): "text",
            pgettext("visit", "At"): "text",
            pgettext("visit", "Category"): "text",
            _("Total cost"): "money",
            _("Fund pays"): "money",
        },
        rows=rows,
        note=_("%(count)s more in counties you do not work for.") % {"count": hidden} if hidden else "",
    )


def came_back(request, alert: Alert) -> Panel | None:
    """Recoveries of its visits, and what came back altogether."""
    if not alert.visits.exists():
        return None
    found = recoveries(request, VisitRecovery.objects.filter(visit__alerts__alert=alert))
    figures = [(_("Came back of these visits (yuan)"), yuan(cases.recovered(alert)))]
    return Panel(
        title=_("Recoveries of visits"),
        columns=found.columns if found else {},
        rows=found.rows if found else [],
        figures=figures,
        empty=_("No recovery is proposed: propose one on the page of a visit."),
    )


def alerts_of(found, *, title: str) -> Panel | None:
    rows = [
        (linked(alert), str(alert.month), told(alert), badged(alert))
        for alert in found.order_by("-id")[:SHOWN]
    ]
    columns = {_("Alert"): "text", _("Month"): "text", _("What was found"): "text", _("State"): "text"}
    return Panel(title=title, columns=columns, rows=rows) if rows else None


def alerts_of_facility(request, facility) -> Panel | None:
    if not request.user.has_perm("monitoring.view_alert"):
        return None
    return alerts_of(
        in_scope(facility.alerts.all(), staff=request.user, by=cases.COUNTY),
        title=_("Alerts"),
    )


def alerts_of_visit(request, visit) -> Panel | None:
    if not request.user.has_perm("monitoring.view_alert"):
        return None
    behind = AlertVisit.objects.filter(visit=visit).values("alert")
    found = in_scope(Alert.objects.filter(pk__in=behind), staff=request.user, by=cases.COUNTY)
    return alerts_of(found, title=_("Alerts"))


FacilityAdmin.panels.append(alerts_of_facility)
VisitAdmin.panels.append(alerts_of_visit)
