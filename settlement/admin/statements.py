"""Statements: the list, one with its figures, deductions, visits and signatures, and the acts of its way."""

from functools import partial
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    FieldTextFilter,
    RelatedDropdownFilter,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, FacilityField, RecordAct
from office import tables
from office.access import note
from office.admin.pages import page
from office.admin.panels import badged, linked
from office.admin.records import ReadOnlyAdmin
from office.fields import MonthFormField
from office.models import Act, Scheme, StepKind
from office.policy import schemes_here
from office.templatetags.figures import yuan
from policies.month import Month
from settlement import statements
from settlement.admin.papers import STATEMENT
from settlement.admin.statement_acts import ACTS, CLERK, NAMED, POSTED, TakeOffForm
from settlement.admin.statement_panels import (
    deductions,
    figures,
    signatures,
    statements_of_facility,
    totals_of,
    visits,
)
from settlement.models import Statement
from settlement.statement_file import write_statement
from settlement.tasks import enqueue_statements


class DrawForm(forms.Form):
    """Of which month; of all facilities, or one."""

    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"), widget=UnfoldAdminSelectWidget)
    month = MonthFormField(label=gettext_lazy("Month"), widget=UnfoldAdminTextInputWidget)
    facility = FacilityField(
        label=gettext_lazy("Facility code"),
        required=False,
        help_text=gettext_lazy("Left empty, for all facilities you work for."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        here = schemes_here()
        self.fields["scheme"].choices = [choice for choice in Scheme.choices if choice[0] in here]

    def clean_month(self):
        month = self.cleaned_data["month"]
        if month > Month.of(timezone.localdate()):
            raise ValidationError(_("%(month)s is still to come.") % {"month": month})
        return month


@admin.register(Statement)
class StatementAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("Statements are drawn for facilities once their month is reconciled.")
    list_display = ["number", "month", "facility", "office", "visits", "total_shown", "fund_shown",
                    "deducted_shown", "payable_shown", "badge"]  # fmt: skip
    list_display_links = ["number"]
    list_select_related = ["facility"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("office", ChoicesDropdownFilter),
        ("county", RelatedDropdownFilter),
        ("scheme", ChoicesDropdownFilter),
        ("month", FieldTextFilter),
    ]
    list_before_template = "settlement/statements.html"
    # Some thousand a month: they may be counted.
    paginator = Paginator
    ordering = ["-month", "-id"]
    sortable_by = ()
    search_fields = ["number__iexact", "facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Number, or code or name of the facility")
    counties = ("county",)
    acts: ClassVar[tuple[RecordAct, ...]] = ACTS
    papers = (STATEMENT,)
    exported = (
        "number",
        "facility__code",
        "facility__name",
        "scheme",
        "month",
        "office",
        "state",
        "visits",
        "refunds",
        "total",
        "eligible",
        "fund",
        "account",
        "family_account",
        "cash",
        "in_quota",
        "kept",
        "deducted",
        "payable",
        "confirmed_name",
        "confirmed_on",
        "posted_at",
    )
    fields = [
        ("facility_link", "month"),
        ("scheme", "office"),
        ("confirmed_name", "confirmed_on"),
        "confirmed_reference",
    ]
    readonly_fields = ["facility_link"]
    add_label = gettext_lazy("Draw up statements")
    palette_icon = "request_quote"
    history_along = ("deductions",)
    panels = []

    def get_urls(self):
        def named(pattern, view, name):
            return path(pattern, self.admin_site.admin_view(view), name=f"settlement_statement_{name}")

        return [
            named("<int:number>/statement.xlsx", self.xlsx_view, "xlsx"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request):
        return request.user.has_perm("settlement.add_statement")

    def add_view(self, request, form_url="", extra_context=None):
        """Ask for the month; a worker draws the statements up."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = DrawForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            enqueue_statements(**form.cleaned_data, by=request.user)
            messages.success(
                request, _("The statements are being drawn up; load the list again in a moment.")
            )
            return redirect("admin:settlement_statement_changelist")
        context = {"title": _("Draw up statements"), "form": form}
        return page(request, "settlement/draw_statements.html", context)

    def changelist_view(self, request, extra_context=None):
        """The list, with the totals of what is filtered by state."""
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", {}).get("cl")
        if isinstance(listed, ChangeList):
            response.context_data["totals"] = totals_of(listed.queryset)
        return response

    def xlsx_view(self, request, number):
        """The statement with its visits."""
        statement = self._one(request, number)
        if not request.user.has_perm("office.export_lists"):
            raise PermissionDenied
        note(request, Act.EXPORT, subject=statement, detail="xlsx")
        name = f"{_('Statement of expenses')} {statement.number}.xlsx"
        return tables.served(partial(write_statement, statement), name=name)

    def _one(self, request, number) -> Statement:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).select_related("facility", "drawn_by")
        return get_object_or_404(found, pk=number)

    def _may(self, request, act, statement) -> bool:
        if not statements.reaches(statement, request.user):
            return False
        if act.name == "sign":
            return not statements.refusal_of(statement, request.user)
        if act.name == "reopen":
            step = statements.next_step(statement)
            return request.user.has_perm(CLERK) or (step and request.user.has_perm(f"office.{step}_run"))
        return request.user.has_perm(act.permission)

    def form_of(self, act, statement):
        if act.name != "take_off":
            return act.form
        found = statement.deductions.select_related("visit")
        choices = [
            (each.pk, f"{each} {each.visit.bill if each.visit_id else _('lump sum')} {each.reason}")
            for each in found
        ]
        field = forms.TypedChoiceField(
            label=TakeOffForm.base_fields["number"].label,
            coerce=int,
            choices=choices,
            widget=UnfoldAdminSelectWidget,
        )
        return type("ChosenForm", (TakeOffForm,), {"number": field})

    def given_with(self, request, act):
        return {"by": request.user} if act.name in NAMED else {}

    def initial_of(self, act, statement):
        return {"seen": statements.seen_of(statement)} if act.name == "sign" else {}

    def head_of(self, request, statement):
        facts = [
            statement.facility.name,
            str(statement.month),
            _("payable %(amount)s yuan") % {"amount": yuan(statement.payable)},
        ]
        if step := statements.next_step(statement):
            facts.append(_("Waiting for: %(step)s") % {"step": StepKind(step).label})
            if request.user.has_perm(f"office.{step}_run") and (
                refusal := statements.refusal_of(statement, request.user)
            ):
                facts.append(refusal)
        if statement.undo_asked_by_id and statement.state == POSTED:
            facts.append(_("to be undone, asked by %(staff)s") % {"staff": statement.undo_asked_by})
        if statement.reason:
            facts.append(statement.reason)
        return {"state": (statement.state, statement.get_state_display()), "facts": facts}

    def panels_of(self, request, statement):
        return [
            *figures(request, statement),
            deductions(request, statement),
            signatures(request, statement),
            *super().panels_of(request, statement),
            visits(request, statement),
        ]

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, statement):
        return linked(statement.facility)

    @admin.display(description=gettext_lazy("total cost"))
    def total_shown(self, statement):
        return yuan(statement.total)

    @admin.display(description=gettext_lazy("fund pays"))
    def fund_shown(self, statement):
        return yuan(statement.fund)

    @admin.display(description=gettext_lazy("deducted"))
    def deducted_shown(self, statement):
        return yuan(statement.deducted)

    @admin.display(description=pgettext_lazy("statement", "payable"))
    def payable_shown(self, statement):
        return yuan(statement.payable)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, statement):
        return badged(statement)


FacilityAdmin.panels.append(statements_of_facility)
