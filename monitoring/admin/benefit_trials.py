"""Benefits tried out 待遇测算: the list, a new one, and the page of each with what it came to."""

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import ExtractYear
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from monitoring import benefit_trials
from monitoring.admin import benefit_panels
from monitoring.admin.benefit_form import ChoiceForm, FiguresForm
from monitoring.benefit_sums import Sums, read
from monitoring.models import BenefitTrial, TrialState
from monitoring.tasks import enqueue_trial
from office import exports, tables
from office.access import note
from office.admin.panels import badged
from office.admin.records import ReadOnlyAdmin
from office.kinds import Table
from office.models import Act, PolicyState, PolicyVersion
from office.policy import policy_in_force, schemes_here
from office.scope import may_in_whole_city
from policies.money import to_yuan
from policies.month import Month
from policies.node import PackError
from settlement.models import Visit

ADD = "monitoring.add_benefittrial"
YEARS_BACK = 5
STOP_POLLING = 286  # what htmx takes for "ask no more"


@admin.register(BenefitTrial)
class BenefitTrialAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy(
        "A trial works out last year's visits again under other rules; nothing that is stored changes."
    )
    list_display = ["name", "scheme", "year", "policy", "badge", "difference", "asked_by", "created_at"]
    list_display_links = ["name"]
    list_select_related = ["policy", "asked_by"]
    list_filter = [("scheme", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter)]
    exported = ["name", "scheme", "year", "policy", "state", "asked_by", "created_at"]
    sortable_by = ()
    add_label = gettext_lazy("Try out other figures")
    list_note = gettext_lazy("Benefits are tried out for the whole city, by those who work for all of it.")

    @admin.display(description=gettext_lazy("state"))
    def badge(self, trial):
        return badged(trial)

    @admin.display(description=gettext_lazy("The fund pays more or less"))
    def difference(self, trial):
        if trial.result is None:
            return "–"
        everybody = trial.result["everybody"]
        return f"{to_yuan(everybody['after'] - everybody['before']):+,.2f}"

    def has_view_permission(self, request, obj=None):
        """Its sums are the whole city's."""
        return may_in_whole_city(request.user, "monitoring.view_benefittrial")

    def has_add_permission(self, request):
        return may_in_whole_city(request.user, ADD)

    def get_urls(self):
        guarded = self.admin_site.admin_view
        return [
            path("<int:number>/cancel/", guarded(self.cancel), name="monitoring_benefittrial_cancel"),
            path("<int:number>/progress/", guarded(self.progress), name="monitoring_benefittrial_progress"),
            path("<int:number>/trial.xlsx", guarded(self.workbook), name="monitoring_benefittrial_workbook"),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """The version and the year first, as the address says; then the year's figures, to be changed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        versions = PolicyVersion.objects.exclude(state=PolicyState.WITHDRAWN)
        years = _years()
        given = {"policy": _in_force(request.GET.get("scheme"), years[0]).pk, "year": years[0]}
        asked = {name: request.GET.get(name) or str(default) for name, default in given.items()}
        choice = ChoiceForm(asked, versions=versions, years=years)
        if not choice.is_valid():
            raise Http404
        policy, year = choice.cleaned_data["policy"], choice.cleaned_data["year"]
        form = FiguresForm(request.POST or None, policy=policy, year=year)
        if request.method == "POST" and form.is_valid():
            try:
                trial = benefit_trials.ask(
                    name=form.cleaned_data["name"],
                    policy=policy,
                    year=year,
                    figures=form.cleaned_data["figures"],
                    by=request.user,
                )
            except benefit_trials.TrialRefused as refusal:
                form.add_error(None, str(refusal))
            except PackError as error:
                form.add_error(None, _("The rules cannot hold this figure: %(error)s") % {"error": error})
            else:
                enqueue_trial(trial)
                return redirect("admin:monitoring_benefittrial_change", trial.pk)
        context = {"title": _("Try out other figures"), "choice": choice, "form": form, "year": year}
        return self._page(request, "monitoring/benefit_trial_new.html", context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """What was asked, how far it is, and what came of it."""
        trial = self._trial(request, object_id)
        context = {
            "title": trial.name,
            "trial": trial,
            "original": trial,
            "changes": benefit_panels.changes(trial),
            "may_cancel": trial.state == TrialState.WORKING and self.has_add_permission(request),
            **_progress(trial),
        }
        if trial.result is not None:
            sums = read(trial.result)
            context |= {
                "charts": benefit_panels.charts(sums),
                "checks": benefit_panels.checks(sums),
                "panels": [panel for panel in _panels(sums, trial) if panel],
                "may_export": request.user.has_perm(exports.PERMISSION),
                **_figures(sums),
            }
        return self._page(request, "monitoring/benefit_trial.html", context)

    @method_decorator(require_GET)
    def progress(self, request, number):
        """The progress bar, asked for every second while workers calculate; then the page reloads."""
        trial = self._trial(request, number)
        if trial.state != TrialState.WORKING:
            return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})
        context = {"trial": trial, **_progress(trial)}
        return TemplateResponse(request, "monitoring/benefit_trial_progress.html", context)

    @method_decorator(require_POST)
    def cancel(self, request, number):
        trial = self._trial(request, number)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            benefit_trials.cancel(trial)
        except benefit_trials.TrialRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Cancelled. What workers have in hand is thrown away."))
        return redirect("admin:monitoring_benefittrial_change", trial.pk)

    @method_decorator(require_GET)
    def workbook(self, request, number):
        """What it came to, a sheet for each table."""
        trial = self._trial(request, number)
        if not request.user.has_perm(exports.PERMISSION):
            raise PermissionDenied
        if trial.result is None:
            raise Http404
        note(request, Act.EXPORT, subject=trial, detail="xlsx")
        panels = [benefit_panels.changes(trial), *_panels(read(trial.result), trial)]
        sheets = [
            Table(title=panel.title, columns=panel.columns, rows=panel.rows) for panel in panels if panel
        ]
        name = f"{_('Benefit trial')}-{trial.name}.xlsx"
        return tables.served(partial(tables.write_book, sheets), name=name)

    def _trial(self, request, number) -> BenefitTrial:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(number).isdecimal():
            raise Http404
        return get_object_or_404(BenefitTrial.objects.select_related("policy", "asked_by"), pk=number)

    def _page(self, request, template: str, context: dict):
        request.current_app = self.admin_site.name
        around = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, around | context)


def _years() -> list[int]:
    """The last years with visits, the last whole one first."""
    today = timezone.localdate()
    first = Visit.objects.order_by("at").values_list(ExtractYear("at"), flat=True).first() or today.year
    whole = list(range(today.year - 1, max(first, today.year - YEARS_BACK) - 1, -1))
    return [*whole, today.year]


def _in_force(scheme: str | None, year: int) -> PolicyVersion:
    """The version that holds at the end of the year, or now."""
    known = schemes_here()
    last = min(Month(year, 12), Month.of(timezone.localdate()))
    return policy_in_force(scheme=scheme if scheme in known else known[0], month=last)


def _progress(trial: BenefitTrial) -> dict:
    parts = trial.parts.count()
    done = trial.parts.filter(result__isnull=False).count()
    return {"parts": parts, "done": done, "percent": 100 * done // parts if parts else 0}


def _panels(sums: Sums, trial: BenefitTrial) -> list:
    return [
        benefit_panels.by_month(sums, year=trial.year),
        benefit_panels.by_group(sums),
        benefit_panels.largest(sums),
    ]


def _figures(sums: Sums) -> dict:
    everybody = sums.everybody
    return {
        "before": to_yuan(everybody.before),
        "after": to_yuan(everybody.after),
        "difference": to_yuan(everybody.after - everybody.before),
        "share": (everybody.after - everybody.before) / everybody.before if everybody.before else None,
        "visits": sum(month.visits for month in sums.months.values()),
        "changed": sums.changed,
        "everybody": everybody,
        "gained": to_yuan(everybody.gained),
        "lost": to_yuan(everybody.lost),
        "same": everybody.people - everybody.gaining - everybody.losing,
    }
