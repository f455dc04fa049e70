"""Single differences: their list, which goes to the facility as a workbook, and the page of one."""

from decimal import Decimal

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, FieldTextFilter

from facilities.admin.acts import ActsAdmin, RecordAct
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.templatetags.figures import badge, signed, yuan
from settlement import reconciling
from settlement.admin.difference_figures import LABELS, about, apart, figure, in_words, shown
from settlement.admin.payment_acts import ReasonForm
from settlement.admin.visits import VisitAdmin
from settlement.models import (
    FIGURES,
    Difference,
    DifferenceState,
    Reconciliation,
    ReportedBill,
    ReportedTotal,
    Visit,
)


class Standing(DropdownFilter):
    """What is a difference now, unless asked for what was one."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return DifferenceState.choices

    def queryset(self, request, queryset):
        if self.value() in DifferenceState.values:
            return queryset.filter(state=self.value())
        return queryset.exclude(state=DifferenceState.GONE)


REOPEN = RecordAct(
    name="reopen",
    label=gettext_lazy("Open again"),
    explained=gettext_lazy(
        "The difference is to be looked at again; until then no statement of the month passes."
    ),
    done=gettext_lazy("The difference is open again."),
    form=ReasonForm,
    do=reconciling.reopen,
    open_to=lambda one: one.state == DifferenceState.SETTLED,
    permission="settlement.settle_difference",
)


def column(side: str, name: str, label):
    """A figure of one side, as a column of the workbook."""

    @admin.display(description=label)
    def told(self, one) -> Decimal:
        return figure(getattr(one, side), name)

    return told


@admin.register(Difference)
class DifferenceAdmin(ActsAdmin, ReadOnlyAdmin):
    acts = (REOPEN,)
    list_display = [
        "about",
        "facility",
        "month",
        "kind_shown",
        "theirs_shown",
        "ours_shown",
        "apart",
        "badge",
        "why",
    ]
    list_display_links = ["about"]
    list_select_related = ["reconciliation__facility"]
    list_filter = [
        Standing,
        ("kind", ChoicesDropdownFilter),
        ("reconciliation__month", FieldTextFilter),
        ("reconciliation__id", FieldTextFilter),
    ]
    exported = (
        "reconciliation__facility__code",
        "reconciliation__facility__name",
        "month",
        "kind",
        "about",
        "refund",
        "theirs_day",
        "ours_day",
        *(f"{side}_{name}" for name in FIGURES for side in ("theirs", "ours")),
        "state",
        "explanation",
        "note",
    )
    ordering = ["reconciliation", "kind", "-id"]
    sortable_by = ()
    search_fields = ["bill", "reconciliation__facility__code__istartswith"]
    search_help_text = gettext_lazy("Bill number or facility code")
    counties = ("reconciliation__facility__county",)
    fields = ["month_link", ("kind", "about"), "visit_link"]
    readonly_fields = ["month_link", "about", "visit_link"]
    panels = []

    theirs_visits = column("theirs", "visits", gettext_lazy("facility: visits"))
    ours_visits = column("ours", "visits", gettext_lazy("ours: visits"))
    theirs_refunds = column("theirs", "refunds", gettext_lazy("facility: refunds"))
    ours_refunds = column("ours", "refunds", gettext_lazy("ours: refunds"))
    theirs_total = column("theirs", "total", gettext_lazy("facility: total cost"))
    ours_total = column("ours", "total", gettext_lazy("ours: total cost"))
    theirs_fund = column("theirs", "fund", gettext_lazy("facility: fund"))
    ours_fund = column("ours", "fund", gettext_lazy("ours: fund"))
    theirs_account = column("theirs", "account", gettext_lazy("facility: accounts"))
    ours_account = column("ours", "account", gettext_lazy("ours: accounts"))
    theirs_cash = column("theirs", "cash", gettext_lazy("facility: cash"))
    ours_cash = column("ours", "cash", gettext_lazy("ours: cash"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("reconciliation__facility", "settled_by")

    def get_fields(self, request, obj=None):
        return self.fields if obj is None or obj.visit_id else self.fields[:2]

    def head_of(self, request, one):
        facts = [f"{one.get_explanation_display()} {one.note}".strip()] if one.explanation or one.note else []
        return {"state": (one.state, one.get_state_display()), "facts": facts}

    def title_of(self, one):
        return f"{one.get_kind_display()} {one}"

    def panels_of(self, request, one):
        return [sides(one), versions(one), *super().panels_of(request, one)]

    @admin.display(description=gettext_lazy("bill or day"))
    def about(self, one):
        return about(one)

    @admin.display(description=gettext_lazy("facility"))
    def facility(self, one):
        return one.reconciliation.facility.name

    @admin.display(description=gettext_lazy("month"))
    def month(self, one):
        return str(one.reconciliation.month)

    @admin.display(description=gettext_lazy("reconciliation"))
    def month_link(self, one):
        return linked(one.reconciliation)

    @admin.display(description=pgettext_lazy("difference", "class"))
    def kind_shown(self, one):
        return one.get_kind_display()

    @admin.display(description=gettext_lazy("facility: total cost"))
    def theirs_shown(self, one):
        return yuan(figure(one.theirs, "total"))

    @admin.display(description=gettext_lazy("ours: total cost"))
    def ours_shown(self, one):
        return yuan(figure(one.ours, "total"))

    @admin.display(description=gettext_lazy("difference"))
    def apart(self, one):
        return signed(apart(one, "total"))

    @admin.display(description=gettext_lazy("state"))
    def badge(self, one):
        return badged(one)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, one):
        return one.note or one.get_explanation_display()

    @admin.display(description=gettext_lazy("visit"))
    def visit_link(self, one):
        return linked(Visit(pk=one.visit_id), f"#{one.visit_id}")


def sides(one: Difference) -> Panel:
    """Each figure on both sides."""
    rows = [
        (
            LABELS[name],
            shown(name, figure(one.theirs, name)),
            shown(name, figure(one.ours, name)),
            signed(apart(one, name)),
        )
        for name in FIGURES
    ]
    if one.bill:
        rows.insert(0, (_("Day"), one.theirs_day or "–", one.ours_day or "–", ""))
    return Panel(
        title=_("Both sides"),
        columns={
            pgettext_lazy("worksheet", "Figure"): "text",
            _("Facility"): "number",
            pgettext("reconciliation", "On record"): "number",
            pgettext("reconciliation", "Difference"): "number",
        },
        rows=rows,
        note=""
        if one.bill
        else _("What single bills and days explain already is counted in what is on record."),
    )


def versions(one: Difference) -> Panel:
    """Everything the facility reported of it, latest first."""
    month: Reconciliation = one.reconciliation
    whose = {"facility": month.facility_id, "scheme": month.scheme}
    if one.bill:
        told = ReportedBill.objects.filter(**whose, bill=one.bill, refund=one.refund)
    else:
        told = ReportedTotal.objects.filter(**whose, month=month.month, day=one.day)
    return reports(told.order_by("-version"))


def reports(found) -> Panel:
    """Versions of what a facility reported."""
    return Panel(
        title=_("Reported"),
        columns={
            _("Period"): "text",
            _("Version"): "integer",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            pgettext("visit", "Accounts"): "money",
            pgettext_lazy("visit", "Cash"): "money",
            _("File"): "text",
            _("At"): "text",
            _("State"): "text",
        },
        rows=[
            (
                str(told.day or told.month),
                told.version,
                told.total,
                told.fund,
                told.account,
                told.cash,
                f"#{told.import_id}",
                told.at,
                badge(*standing_of(told)),
            )
            for told in found
        ],
        empty=_("The facility reported nothing of it."),
    )


def standing_of(told: ReportedBill | ReportedTotal) -> tuple[str, str]:
    if not told.current:
        return "cancelled", _("Superseded")
    if getattr(told, "withdrawn", False):
        return "cancelled", pgettext("report", "Withdrawn")
    return "done", pgettext("report", "Current")


def of_visit(request, visit) -> Panel | None:
    """The differences with the facility's reports that are about a visit."""
    if not request.user.has_perm("settlement.view_difference"):
        return None
    found = Difference.objects.filter(visit=visit).exclude(state=DifferenceState.GONE)
    return found and Panel(
        title=_("Differences with the facility's report"),
        columns={
            _("Class"): "text",
            _("Facility"): "money",
            pgettext("reconciliation", "On record"): "money",
            _("What differs"): "text",
            _("State"): "text",
        },
        rows=[
            (
                linked(one, one.get_kind_display()),
                figure(one.theirs, "total"),
                figure(one.ours, "total"),
                in_words(one),
                badged(one),
            )
            for one in found
        ],
    )


VisitAdmin.panels.append(of_visit)
