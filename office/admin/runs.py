"""Runs: the list, preparing one, its page, its acts and its downloads."""

import contextlib

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, FieldTextFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from office import comparison, runs, tables, worklist
from office.access import note
from office.admin.panels import badged
from office.admin.progress import is_working, standing_of
from office.admin.records import MONTH_INPUT, ReadOnlyAdmin
from office.admin.run_acts import ACTS
from office.admin.run_page import run_page
from office.fields import MonthFormField
from office.kinds import kind_of, kinds_of
from office.line import led_on, place_of
from office.models import YEARLY_KINDS, Act, Origin, Run, RunKindName, RunState, Scheme
from office.policy import schemes_here
from office.refusal import RunRefused
from office.scope import may_in_whole_city
from office.tasks import enqueue
from office.templatetags.figures import whole, yuan
from policies.month import Month

STOP_POLLING = 286


class PrepareForm(forms.Form):
    """Which run: its kind, its scheme, and a month, or for yearly kinds a year."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        widget=UnfoldAdminSelectWidget(attrs={"x-model": "kind"}),
    )
    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"), widget=UnfoldAdminSelectWidget)
    month = MonthFormField(
        label=gettext_lazy("Month"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs=MONTH_INPUT),
    )
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        required=False,
        min_value=2000,
        max_value=2100,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        here = schemes_here()
        self.fields["scheme"].choices = [choice for choice in Scheme.choices if choice[0] in here]
        kinds = dict.fromkeys(kind for scheme in here for kind in kinds_of(scheme=scheme))
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]

    def clean(self):
        data = super().clean()
        yearly = data.get("kind") in YEARLY_KINDS
        asked = "year" if yearly else "month"
        if asked not in self.errors and not data.get(asked):
            self.add_error(asked, _("Enter a year.") if yearly else _("Enter a month as YYYY-MM."))
        elif asked in data:
            data["period"] = Month(data["year"], 1) if yearly else data["month"]
        return data


class Stopped(DropdownFilter):
    """Runs whose background work met with something."""

    title = gettext_lazy("background work")
    parameter_name = "stopped"

    def lookups(self, request, model_admin):
        return [("1", gettext_lazy("stopped"))]

    def queryset(self, request, queryset):
        if self.value() != "1":
            return queryset
        return queryset.filter(state__in=[RunState.DRAFT, RunState.POSTING]).exclude(error="")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("Runs begin on the workbench, by hand or by the schedule.")
    list_display = [
        "number",
        "kind",
        "period_shown",
        "scheme",
        "badge",
        "rows_shown",
        "yuan",
        "prepared_by",
        "reviewed_by",
        "posted_at",
    ]
    exported = (
        "number",
        "kind",
        "period_shown",
        "scheme",
        "state",
        "rows",
        "amount",
        "prepared_by",
        "reviewed_by",
        "posted_at",
    )
    list_display_links = ["number", "kind"]
    list_select_related = ["prepared_by", "reviewed_by", "reverses"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("scheme", ChoicesDropdownFilter),
        ("period", FieldTextFilter),
        Stopped,
    ]
    ordering = ["-id"]
    sortable_by = ()
    search_fields = ["kind"]  # shows the search box
    search_help_text = gettext_lazy("Number, month or kind of the run")
    palette_icon = "event_repeat"
    add_label = gettext_lazy("Prepare a run")

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip().lstrip("#")
        if not term:
            return queryset, False
        kinds = [kind for kind, label in RunKindName.choices if term.casefold() in str(label).casefold()]
        found = Q(kind__in=kinds)
        if term.isdecimal() and len(term) < 19:
            found |= Q(pk=term)
        with contextlib.suppress(ValueError):
            found |= Q(period=Month.parse(term))
        return queryset.filter(found), False

    def in_brief(self, run):
        return f"{run.get_state_display()} · {yuan(run.amount)}"

    @admin.display(description=gettext_lazy("number"))
    def number(self, run):
        return f"#{run.pk}"

    @admin.display(description=gettext_lazy("period"))
    def period_shown(self, run):
        return run.period_label

    @admin.display(description=gettext_lazy("state"))
    def badge(self, run):
        """The state; beside it what the background work met with, which the page tells in full."""
        if not run.error:
            return badged(run)
        stopped = '<span class="state state-error" title="{}">{}</span>'
        return format_html("{} " + stopped, badged(run), run.error, _("stopped"))

    @admin.display(description=gettext_lazy("rows"))
    def rows_shown(self, run):
        return whole(run.rows)

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, run):
        return yuan(run.amount)

    def has_add_permission(self, request):
        """Unfold shows its add button by this; preparing is what adds a run."""
        return may_in_whole_city(request.user, "office.prepare_run")

    def get_urls(self):
        return [
            path("<int:number>/act/<str:name>/", self.admin_site.admin_view(self.act), name="office_run_act"),
            path(
                "<int:number>/acknowledge/<int:excess>/",
                self.admin_site.admin_view(self.acknowledge),
                name="office_run_acknowledge",
            ),
            path(
                "<int:number>/progress/",
                self.admin_site.admin_view(self.progress),
                name="office_run_progress",
            ),
            path(
                "<int:number>/table.<str:extension>",
                self.admin_site.admin_view(self.table),
                name="office_run_table",
            ),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """Ask which run, open it, and hand it to a worker."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        first_guess = {"month": str(Month.of(today)), "year": today.year - 1, **request.GET.dict()}
        form = PrepareForm(request.POST or None, initial=first_guess)
        if request.method == "POST" and form.is_valid():
            chosen = form.cleaned_data
            try:
                run = runs.prepare(
                    kind=chosen["kind"],
                    scheme=chosen["scheme"],
                    period=chosen["period"],
                    by=request.user,
                    origin=Origin.PAGE,
                )
            except RunRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                enqueue(run)
                return redirect("admin:office_run_change", run.pk)
        return self._page(request, "office/run_prepare.html", {"form": form, "title": _("Prepare a run")})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of a run."""
        run = self._run(request, object_id)
        worklist.mark_seen(run, by=request.user)
        return self._page(
            request,
            "office/run.html",
            {
                "original": run,
                "title": str(run),
                "papers": self.papers_of(request, run),
                **run_page(run, request.user, request.GET),
            },
        )

    @method_decorator(require_POST)
    def act(self, request, number, name):
        """Do one of `ACTS` to the run; a refusal is told, not raised."""
        run = self._run(request, number)
        if name not in ACTS:
            raise Http404
        act = ACTS[name]
        if not act.may(request.user):
            raise PermissionDenied
        place = place_of(run, request.user)
        try:
            if run.state not in act.states:
                raise RunRefused(runs.wrong_state(run))
            next_run = act.do(
                run, by=request.user, reason=request.POST.get("reason", ""), seen=request.POST.get("seen", "")
            )
        except RunRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:office_run_change", run.pk)
        messages.success(request, _("Done: %(act)s – %(run)s.") % {"act": act.label, "run": run})
        return led_on(request, place, otherwise=reverse("admin:office_run_change", args=[next_run.pk]))

    @method_decorator(require_POST)
    def acknowledge(self, request, number, excess):
        """Put the person's note to one change beyond a threshold."""
        run = self._run(request, number)
        found = get_object_or_404(run.excesses, pk=excess)
        try:
            comparison.acknowledge(
                found, by=request.user, note=request.POST.get("note", ""), origin=Origin.PAGE
            )
        except RunRefused as refusal:
            messages.error(request, str(refusal))
        return redirect(reverse("admin:office_run_change", args=[run.pk]) + "#comparison")

    @method_decorator(require_GET)
    def progress(self, request, number):
        """The progress bar, asked for every second while a worker has the run; then the page reloads."""
        run = self._run(request, number)
        if not is_working(run):
            return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})
        return TemplateResponse(request, "office/run_progress.html", standing_of(run))

    @method_decorator(require_GET)
    def table(self, request, number, extension):
        """The run's table as a file."""
        run = self._run(request, number)
        if not request.user.has_perm("office.export_run"):
            raise PermissionDenied
        export = kind_of(run).export
        if export is None or extension not in tables.WRITERS or not run.input_hash:
            raise Http404
        note(request, Act.EXPORT, subject=run, detail=extension)
        return tables.download(export(run), extension)

    def _run(self, request, number) -> Run:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(number).isdecimal():
            raise Http404
        with_people = Run.objects.select_related(
            "prepared_by", "reviewed_by", "policy", "reverses", "compared_with"
        )
        return get_object_or_404(with_people, pk=number)

    def _page(self, request, template: str, context: dict):
        request.current_app = self.admin_site.name
        around = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, around | context)
