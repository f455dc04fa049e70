"""Facilities' months compared with their reports: the list, and the page where differences are settled."""

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    FieldTextFilter,
    RelatedDropdownFilter,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct
from office.admin.panels import linked
from office.admin.records import ReadOnlyAdmin
from office.models import Scheme
from office.policy import schemes_here
from office.templatetags.figures import badge, signed, yuan
from policies.month import Month
from settlement import reconciling
from settlement.admin.filing import asked_of
from settlement.admin.payment_acts import ReasonForm
from settlement.admin.reconciliation_panels import (
    classes,
    days,
    months_of_facility,
    of_statement,
    reported,
    sides,
)
from settlement.admin.statements import StatementAdmin
from settlement.filing import not_filed
from settlement.models import (
    Difference,
    DifferenceClass,
    DifferenceState,
    Explanation,
    Reconciliation,
    Standing,
)
from settlement.tasks import compare_facility


class StandingFilter(DropdownFilter):
    title = gettext_lazy("state")
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return Standing.choices

    def queryset(self, request, queryset):
        return queryset.filter(standing=self.value()) if self.value() in Standing.values else queryset


class StatedFilter(DropdownFilter):
    title = gettext_lazy("statement")
    parameter_name = "statement"

    def lookups(self, request, model_admin):
        return [("none", gettext_lazy("not drawn up yet"))]

    def queryset(self, request, queryset):
        return queryset.unstated() if self.value() == "none" else queryset


class SettleForm(forms.Form):
    explanation = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=Explanation, widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(
        label=pgettext_lazy("difference", "Note"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


def compare_again(record: Reconciliation) -> None:
    asked = (record.scheme, str(record.month), record.facility_id)
    transaction.on_commit(lambda: compare_facility.delay(*asked))


COMPARE = RecordAct(
    name="compare",
    label=gettext_lazy("Compare again"),
    explained=gettext_lazy(
        "The month is compared with what is on record now. What was settled stays so while its figures do."
    ),
    done=gettext_lazy("The month is being compared: load the page again in a moment."),
    form=forms.Form,
    do=compare_again,
    permission="settlement.settle_difference",
)


UNREPORTED = RecordAct(
    name="unreported",
    label=gettext_lazy("Say why nothing is reported"),
    explained=gettext_lazy("The facility's statement of the month may then be approved without its report."),
    done=gettext_lazy("It is noted why the facility reported nothing."),
    form=ReasonForm,
    do=reconciling.say_unreported,
    open_to=lambda month: month.report_id is None,
    permission="settlement.settle_difference",
)


@admin.register(Reconciliation)
class ReconciliationAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy(
        "Once a facility has reported its totals of a month, they are compared with the visits on record."
    )
    acts = (COMPARE, UNREPORTED)
    list_display = [
        "facility_link", "month", "visits", "ours_shown", "theirs_shown", "apart", "fund_by", "bills",
        "open_ones", "badge",
    ]  # fmt: skip
    list_display_links = ["facility_link"]
    list_select_related = ["facility", "report"]
    list_filter = [
        ("month", FieldTextFilter),
        StandingFilter,
        StatedFilter,
        ("facility__county", RelatedDropdownFilter),
        ("scheme", ChoicesDropdownFilter),
    ]
    list_before_template = "settlement/reconciliations.html"
    change_form_outer_after_template = "settlement/reconciliation.html"
    # Some hundred a month.
    paginator = Paginator
    exported = (
        "facility__code", "facility__name", "month", "visits", "total", "theirs", "by_total", "fund",
        "report__fund", "open_ones", "badge",
    )  # fmt: skip
    ordering = ["-month", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    counties = ("facility__county",)
    fields = ["facility_page", ("month", "scheme")]
    readonly_fields = ["facility_page"]
    panels = []

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.settle_view))
        return [
            path("<int:number>/settle/", view, name="settlement_reconciliation_settle"),
            *super().get_urls(),
        ]

    def get_queryset(self, request):
        found = Difference.objects.filter(reconciliation=OuterRef("pk"), state=DifferenceState.OPEN)
        counted = found.order_by().values("reconciliation").annotate(number=Count("pk")).values("number")
        return (
            super().get_queryset(request).with_standing().annotate(open_count=Coalesce(Subquery(counted), 0))
        )

    def changelist_view(self, request, extra_context=None):
        """The list, with the totals of what is filtered."""
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", {}).get("cl")
        if isinstance(listed, ChangeList):
            response.context_data["totals"] = totals_of(listed.queryset)
            response.context_data["unfiled"] = unfiled(request)
        return response

    def settle_view(self, request, number):
        """Settle the differences chosen, or all of a class, as they were shown."""
        month = get_object_or_404(self.get_queryset(request), pk=number)
        if not request.user.has_perm("settlement.settle_difference"):
            raise PermissionDenied
        form, chosen = SettleForm(request.POST), chosen_of(request.POST)
        home = redirect(reverse("admin:settlement_reconciliation_change", args=[month.pk]))
        if chosen is None or not form.is_valid():
            messages.error(request, _("Choose the differences that are settled, and the reason."))
            return home
        wanted = Difference.objects.filter(chosen, reconciliation=month, state=DifferenceState.OPEN)
        try:
            settled = reconciling.settle(wanted, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            messages.error(request, "; ".join(refusal.messages))
            return home
        if settled:
            messages.success(request, _("%(count)s differences are settled.") % {"count": settled})
        missed = len(request.POST.getlist("chosen")) - settled
        if missed > 0:
            messages.warning(
                request, _("%(count)s have changed meanwhile: look at them again.") % {"count": missed}
            )
        return home

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["classes"] = classes(obj)
            context["may_settle"] = request.user.has_perm("settlement.settle_difference")
            context["any_open"] = obj.open_count
            context["settle_form"] = SettleForm()
        return super().render_change_form(request, context, add, change, form_url, obj)

    def given_with(self, request, act):
        return {"by": request.user} if act is UNREPORTED else {}

    def head_of(self, request, month):
        facts = [_("compared at %(at)s") % {"at": at_of(month.compared_at)}]
        if month.unsettled:
            facts.append(_("%(count)s visits are not settled yet") % {"count": month.unsettled})
        if reconciling.stands_against(**whose(month)) == "stale":
            facts.append(reconciling.OBJECTIONS["stale"])
        if month.unreported_note:
            facts.append(_("not reported: %(why)s") % {"why": month.unreported_note})
        return {"state": (month.standing, Standing(month.standing).label), "facts": facts}

    def panels_of(self, request, month):
        return [sides(month), days(month), reported(month), *super().panels_of(request, month)]

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, month):
        return month.facility.name

    @admin.display(description=gettext_lazy("facility"))
    def facility_page(self, month):
        return linked(month.facility, f"{month.facility.code} {month.facility.name}")

    @admin.display(description=gettext_lazy("total on record"))
    def ours_shown(self, month):
        return yuan(month.total)

    @admin.display(description=gettext_lazy("total reported"))
    def theirs(self, month) -> Decimal:
        return month.report and month.report.total

    @admin.display(description=gettext_lazy("total reported"))
    def theirs_shown(self, month):
        return yuan(self.theirs(month))

    @admin.display(description=gettext_lazy("difference in total"))
    def by_total(self, month) -> Decimal:
        return month.report and month.report.total - month.total

    @admin.display(description=gettext_lazy("difference in total"))
    def apart(self, month):
        return signed(self.by_total(month))

    @admin.display(description=gettext_lazy("difference in fund"))
    def fund_by(self, month):
        return signed(month.report and month.report.fund - month.fund)

    @admin.display(description=gettext_lazy("open differences"))
    def open_ones(self, month) -> int:
        return month.open_count

    @admin.display(description=gettext_lazy("state"))
    def badge(self, month):
        return badge(month.standing, Standing(month.standing).label)


def whose(month: Reconciliation) -> dict:
    return {"facility_id": month.facility_id, "scheme": month.scheme, "month": month.month}


def at_of(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def chosen_of(data) -> Q | None:
    """Which differences a form means: each as it was when it was shown. None when it means none."""
    pairs = [text.split("-") for text in data.getlist("chosen")]
    wanted = [
        Q(pk=int(pair[0]), revision=int(pair[1]))
        for pair in pairs
        if len(pair) == 2 and "".join(pair).isdecimal()
    ]
    kinds = [kind for kind in data.getlist("kind") if kind in DifferenceClass.values]
    compared_at = parse_datetime(data.get("compared_at", ""))
    if kinds and compared_at:
        wanted.append(Q(kind__in=kinds, found_at__lte=compared_at))
    return Q(*wanted, _connector=Q.OR) if wanted else None


def unfiled(request) -> list[tuple[str, int, str]]:
    """Of the month the list is filtered by: scheme, facilities of which nothing has come, and their list."""
    try:
        month = Month.parse(request.GET.get("month", ""))
    except ValueError:
        return []
    told = []
    for scheme in schemes_here():
        if missing := len(not_filed(scheme=scheme, month=month, staff=request.user)):
            query = {"not_filed": asked_of(scheme=scheme, month=month)}
            url = reverse("admin:facilities_facility_changelist", query=query)
            told.append((Scheme(scheme).label, missing, url))
    return told


def totals_of(months) -> dict:
    """Of what is listed: how many stand how, and what both sides come to where the facility reported."""
    stood = dict(months.order_by().values_list("standing").annotate(Count("pk")))
    sums = months.order_by().aggregate(
        ours=Sum("total", filter=~Q(report=None)), theirs=Sum("report__total"), open=Sum("open_count")
    )
    return {
        "standings": [(state, state.label, stood[state]) for state in Standing if state in stood],
        "ours": sums["ours"],
        "theirs": sums["theirs"],
        "by": None if sums["theirs"] is None else sums["theirs"] - sums["ours"],
        "open": sums["open"] or 0,
    }


FacilityAdmin.panels.append(months_of_facility)
StatementAdmin.panels.append(of_statement)
