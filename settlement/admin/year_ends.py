"""Year ends by facility: how each figure comes about, worksheets, and the same year otherwise."""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import prefetch_related_objects
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct
from office import tables
from office.access import note
from office.admin.pages import page
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.models import Act, Run, RunKindName
from office.templatetags.figures import yuan
from settlement import deposits
from settlement.admin.papers import CONFIRMATION, WORKSHEET
from settlement.admin.visits import RefundForm
from settlement.admin.what_if import WhatIfForm, shown, table_of
from settlement.models import YearEnd
from settlement.what_if import otherwise
from settlement.worksheet import MONTHS, Worksheet, figure_of, terms_of_year, worksheet_of
from settlement.worksheet_file import write_worksheets


def release_deposit(line: YearEnd, *, by) -> None:
    deposits.release(line, by=by)


def take_release_back(line: YearEnd, *, by, reason: str) -> None:
    deposits.take_back(line, by=by, reason=reason)


def deposit_given_back(request, line: YearEnd) -> list[Panel]:
    """What a release would give back and leave with the pool, or what stands against it."""
    columns = {_("Assessment score"): "number", _("Deposit"): "money"}
    columns |= {_("Deposit released"): "money", _("Kept by the pool"): "money"}
    try:
        score, released = deposits.releasable(line)
    except ValidationError as refusal:
        return [Panel(title=_("The deposit of the year"), columns=columns, empty=refusal.messages[0])]
    row = (score, line.deposit, released, line.deposit - released)
    return [Panel(title=_("The deposit of the year"), columns=columns, rows=[row])]


RELEASE_DEPOSIT = RecordAct(
    name="release",
    label=gettext_lazy("Release the deposit"),
    explained=gettext_lazy(
        "When the year was settled, its deposit was held. Now the signed assessment decides: what it gives"
        " back becomes payable to the facility, the rest stays in the pool."
    ),
    done=gettext_lazy("The deposit is released."),
    form=forms.Form,
    do=release_deposit,
    consequences=deposit_given_back,
    open_to=deposits.held,
    permission="settlement.release_deposit",
)
TAKE_RELEASE_BACK = RecordAct(
    name="hold",
    label=gettext_lazy("Take the release back"),
    explained=gettext_lazy("The late release of the deposit is reversed, and the deposit is held again."),
    done=gettext_lazy("The deposit is held again."),
    form=RefundForm,
    do=take_release_back,
    open_to=deposits.standing_release,
    permission="settlement.release_deposit",
    danger=True,
)


@admin.register(YearEnd)
class YearEndAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("A facility's year is settled by the year-end run.")
    acts = (RELEASE_DEPOSIT, TAKE_RELEASE_BACK)
    papers = (WORKSHEET, CONFIRMATION)
    list_display = [
        "facility",
        "year",
        "person_months",
        "quota_shown",
        "actual_shown",
        "payable_shown",
        "due_shown",
        "badge",
    ]
    exported = (
        "facility__code",
        "facility__name",
        "year",
        "person_months",
        "quota",
        "actual",
        "payable",
        "prepaid",
        "cleared",
        "deposit",
        "released",
        "deducted",
        "due",
    )  # fmt: skip
    list_display_links = ["facility"]
    list_select_related = ["facility", "run"]
    list_filter = [
        ("run__scheme", ChoicesDropdownFilter),
        ("run__state", ChoicesDropdownFilter),
        ("run__id", FieldTextFilter),
    ]
    ordering = ["-run__period", "-run", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    counties = ("facility__county",)
    fields = [("facility", "year", "linked_run")]
    readonly_fields = ["year", "linked_run"]

    @admin.display(description=gettext_lazy("year"))
    def year(self, line):
        return str(line.run.period.year)

    @admin.display(description=gettext_lazy("run"))
    def linked_run(self, line):
        return linked(line.run)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, line):
        return badged(line.run)

    @admin.display(description=gettext_lazy("annual quota"))
    def quota_shown(self, line):
        return yuan(line.quota)

    @admin.display(description=gettext_lazy("actual usage"))
    def actual_shown(self, line):
        return yuan(line.actual)

    @admin.display(description=gettext_lazy("payable for the year"))
    def payable_shown(self, line):
        return yuan(line.payable)

    @admin.display(description=gettext_lazy("due"))
    def due_shown(self, line):
        return yuan(line.due)

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, line) -> dict:
        made, facts = deposits.standing_release(line), []
        if deposits.held(line) and line.deposit:
            facts = [_("Deposit of %(amount)s yuan held") % {"amount": yuan(line.deposit)}]
        elif made:
            told = {"day": date_format(timezone.localtime(made.at)), "who": made.by}
            told |= {"released": yuan(made.released), "kept": yuan(made.kept)}
            facts = [
                _("Deposit released on %(day)s by %(who)s: %(released)s given back, %(kept)s kept") % told
            ]
        return {"state": (line.run.state, line.run.get_state_display()), "facts": facts}

    def title_of(self, line):
        return f"{line.facility.name} {line.run.period.year}"

    def panels_of(self, request, line):
        prefetch_related_objects([line], MONTHS)
        worksheet = worksheet_of(line, terms=terms_of_year(line))
        return [reckoning(request, worksheet), months(worksheet)]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:number>/worksheet.xlsx", view(self.worksheet), name="settlement_yearend_worksheet"),
            path(
                "run/<int:number>/worksheets.xlsx",
                view(self.worksheets),
                name="settlement_yearend_worksheets",
            ),
            path("run/<int:number>/what-if/", view(self.what_if), name="settlement_yearend_what_if"),
            *super().get_urls(),
        ]

    def worksheet(self, request, number):
        """One facility's worksheet."""
        line = get_object_or_404(self.get_queryset(request).select_related("facility", "run"), pk=number)
        name = _("Year-end worksheet %(year)s") % {"year": line.run.period.year}
        return self._download(request, [line], subject=line, name=f"{name} {line.facility.code}")

    def worksheets(self, request, number):
        """The worksheets of all facilities of a run in one workbook."""
        run, lines = self._lines(request, number)
        name = _("Year-end worksheets %(year)s") % {"year": run.period.year}
        return self._download(request, lines, subject=run, name=name)

    def what_if(self, request, number):
        """The year under other parameters beside the real one; nothing is stored."""
        run, lines = self._lines(request, number)
        if not lines:
            raise Http404
        terms = terms_of_year(lines[0])
        form = WhatIfForm(request.GET or None, terms=terms)
        found = (
            otherwise(lines, terms=terms, **form.cleaned_data) if form.is_bound and form.is_valid() else []
        )
        title = _("What if: year end %(year)s") % {"year": run.period.year}
        if found and "xlsx" in request.GET:
            self._demand_export(request)
            note(request, Act.EXPORT, subject=run, detail="what-if xlsx")
            return tables.download(table_of(found, title=title), "xlsx")
        return page(
            request,
            "settlement/what_if.html",
            {
                "title": title,
                "run": run,
                "form": form,
                "panel": shown(found),
                "asked": request.GET.urlencode(),
            },
        )

    def _lines(self, request, number: int) -> tuple[Run, list[YearEnd]]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(Run, pk=number, kind=RunKindName.YEAR_END)
        lines = self.get_queryset(request).filter(run=run).select_related("facility", "run__policy")
        return run, list(lines.order_by("facility__code"))

    def _download(self, request, lines: list[YearEnd], *, subject, name: str) -> FileResponse:
        self._demand_export(request)
        if not lines:
            raise Http404
        note(request, Act.EXPORT, subject=subject, detail="worksheet xlsx")
        terms = terms_of_year(lines[0])
        prefetch_related_objects(lines, MONTHS)
        worksheets = (worksheet_of(line, terms=terms) for line in lines)
        return tables.served(partial(write_worksheets, worksheets), name=f"{name}.xlsx")

    def _demand_export(self, request) -> None:
        if not (self.has_view_permission(request) and request.user.has_perm("office.export_run")):
            raise PermissionDenied


def reckoning(request, worksheet: Worksheet) -> Panel:
    """The year's figures one after the other, as on the worksheet."""
    link = None
    if request.user.has_perm("office.export_run"):
        url = reverse("admin:settlement_yearend_worksheet", args=[worksheet.line.pk])
        link = (_("Worksheet (Excel)"), url)
    return Panel(
        title=_("How the year is settled"),
        columns={
            pgettext("worksheet", "Line"): "text",
            _("Value"): "number",
            _("How it comes about"): "text",
        },
        rows=[(line.label, figure_of(line), line.how) for line in worksheet.lines],
        link=link,
    )


def months(worksheet: Worksheet) -> Panel:
    """The months behind the year."""
    return Panel(
        title=_("Months of the year"),
        columns=dict(worksheet.columns.values()),
        rows=[
            [month[name].value if name in month else None for name in worksheet.columns]
            for month in worksheet.months
        ],
    )


def year_ends(request, facility) -> Panel | None:
    """The facility's year ends, latest first."""
    if not request.user.has_perm("settlement.view_yearend"):
        return None
    lines = YearEnd.objects.filter(facility=facility).select_related("run").order_by("-run__period", "-run")
    return Panel(
        title=_("Year ends"),
        columns={
            _("Year"): "text",
            _("Person-months"): "integer",
            _("Quota"): "money",
            _("Actual usage"): "money",
            _("Usage rate"): "percent",
            _("Surplus"): "money",
            _("Facility's share"): "money",
            _("Payable"): "money",
            _("Prepaid"): "money",
            _("Due"): "money",
            _("State"): "text",
        },
        rows=[
            (
                linked(line, line.run.period_label),
                line.person_months,
                line.quota,
                line.actual,
                line.actual / line.quota if line.quota else None,
                line.surplus,
                line.facility_share,
                line.payable,
                line.prepaid,
                line.due,
                badged(line.run),
            )
            for line in lines
        ],
    )


FacilityAdmin.panels += [year_ends]
