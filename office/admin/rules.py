"""The rules: their versions, the page of each, entering a new figure, approving it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from office import versions
from office.admin import rule_panels
from office.admin.figure_form import FigureForm, can_be_entered
from office.admin.figure_words import in_language, in_words, stretch
from office.admin.panels import Panel, badged
from office.admin.records import ReadOnlyAdmin
from office.admin.rule_words import NAMES, SECTIONS
from office.admin.timeline import timeline
from office.admin.version_acts import ACTS, acts_open_to
from office.line import led_on, place_of
from office.models import PolicyState, PolicyVersion, Scheme
from office.policy import newest_version, open_version, pack_of, schemes_here
from office.versions import VersionRefused
from policies.node import PackError


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = [
        "version",
        "scheme",
        "badge",
        "holds_from",
        "used",
        "created_by",
        "approved_by",
        "created_at",
    ]
    list_display_links = ["version"]
    list_select_related = ["created_by", "approved_by"]
    ordering = ["scheme", "-number"]
    sortable_by = ()
    add_label = gettext_lazy("New figure")

    @admin.display(description=gettext_lazy("version"))
    def version(self, version):
        return _("Version %(number)s") % {"number": version.number}

    @admin.display(description=gettext_lazy("state"))
    def badge(self, version):
        return badged(version)

    @admin.display(description=gettext_lazy("holds from"))
    def holds_from(self, version):
        return version.effective or _("the beginning")

    @admin.display(description=gettext_lazy("used by runs"))
    def used(self, version):
        return _("yes") if versions.is_frozen(version) else "–"

    def has_add_permission(self, request):
        """Entering a figure is what adds a version."""
        return request.user.has_perm("office.add_policyversion")

    def get_urls(self):
        guarded = self.admin_site.admin_view
        return [
            path("<int:number>/act/<str:name>/", guarded(self.act), name="office_policyversion_act"),
            path("figure/<str:scheme>/", guarded(self.figure), name="office_policyversion_figure"),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """The figures of the only scheme; of several schemes those of the first."""
        return self.figure(request, schemes_here()[0])

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of a version: what it changes and with what effect, then all its figures."""
        version = self._version(request, object_id)
        pack, panels, revised = pack_of(version), [], []
        if version.base is not None:
            before = pack_of(version.base)
            day = max(version.effective.first_day, pack.starts)
            panels = [
                rule_panels.changes(before, pack),
                rule_panels.effect_on_money(before, pack, version.effective),
                rule_panels.effect_on_visits(before, pack, day),
            ]
            revised = versions.posted_since(version)
        panels += [
            *rule_panels.figures(version, request.user),
            rule_panels.credits(version),
            rule_panels.account_rules(version),
            rule_panels.choosing(version),
            rule_panels.counties(),
            rule_panels.events(version),
            timeline(request, version),
        ]
        return self._page(
            request,
            "office/version.html",
            {
                "version": version,
                "original": version,
                "title": str(version),
                "name": in_language(pack.title),
                "in_force": stretch(pack.starts, pack.ends),
                "frozen": versions.is_frozen(version),
                "acts": acts_open_to(version, request.user),
                "place": place_of(version, request.user),
                "may_enter": self._may_enter(request, version),
                "missing": [NAMES.get(value.name, value.name) for value in rule_panels.missing(pack)],
                "revised": revised,
                "panels": [panel for panel in panels if panel],
            },
        )

    def figure(self, request, scheme):
        """Choose a value, the missing ones first; then enter its new figure into the draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if scheme not in schemes_here():
            raise Http404
        version = open_version(scheme=scheme) or newest_version(scheme=scheme)
        values = {value.name: value for value in pack_of(version).values.values() if can_be_entered(value)}
        chosen = values.get(request.GET.get("value"))
        around = {
            "version": version,
            "scheme": scheme,
            "title": _("New figure"),
            "schemes": [(code, label) for code, label in Scheme.choices if code in schemes_here()],
        }
        if chosen is None:
            choice = {"panels": self._choice(version, list(values.values()))}
            return self._page(request, "office/figure.html", around | choice)
        form = FigureForm(request.POST or None, value=chosen)
        if request.method == "POST" and form.is_valid():
            try:
                draft = versions.enter_figure(
                    scheme=scheme,
                    value=chosen.name,
                    first_month=form.cleaned_data["first_month"],
                    article=form.cleaned_data["article"],
                    figure=form.cleaned_data["figure"],
                    source=form.cleaned_data["source"],
                    by=request.user,
                )
            except VersionRefused as refusal:
                form.add_error(None, str(refusal))
            except PackError as error:
                form.add_error(None, _("The rules cannot hold this figure: %(error)s") % {"error": error})
            else:
                messages.success(request, _("Entered. Look at what it changes, then submit it."))
                return redirect("admin:office_policyversion_change", draft.pk)
        so_far = Panel(
            title=_("So far"),
            columns={_("Article"): "text", _("In force"): "text", _("Figure"): "text"},
            rows=[
                (entry.article, stretch(entry.start, entry.end), in_words(entry, chosen.unit))
                for entry in chosen.entries
            ],
        )
        about = {"form": form, "name": NAMES.get(chosen.name, chosen.name), "panel": so_far}
        return self._page(request, "office/figure.html", around | about)

    def _choice(self, version: PolicyVersion, values: list) -> list[Panel]:
        lacking = [value for value in values if value in rule_panels.missing(pack_of(version))]
        groups = {_("Missing"): lacking}
        for value in values:
            if value not in lacking:
                groups.setdefault(SECTIONS[value.section], []).append(value)
        columns = {_("Article"): "text", _("What"): "text", _("Figure now"): "text", "": "text"}
        return [
            Panel(
                title=title,
                columns=columns,
                rows=[
                    (
                        value.entries[-1].article,
                        NAMES.get(value.name, value.name),
                        in_words(value.entries[-1], value.unit),
                        rule_panels.enter_link(version, value),
                    )
                    for value in group
                ],
            )
            for title, group in groups.items()
            if group
        ]

    @method_decorator(require_POST)
    def act(self, request, number, name):
        """Do one of `ACTS` to the version; a refusal is told, not raised."""
        version = self._version(request, number)
        if name not in ACTS:
            raise Http404
        act = ACTS[name]
        if not request.user.has_perm(act.permission):
            raise PermissionDenied
        home = reverse("admin:office_policyversion_change", args=[version.pk])
        place = place_of(version, request.user)
        try:
            act.do(
                version,
                by=request.user,
                reason=request.POST.get("reason", ""),
                seen=request.POST.get("seen", ""),
            )
        except VersionRefused as refusal:
            messages.error(request, str(refusal))
            return redirect(home)
        messages.success(request, _("Done: %(act)s – %(run)s.") % {"act": act.label, "run": version})
        return led_on(request, place, otherwise=home)

    def _may_enter(self, request, version: PolicyVersion) -> bool:
        """Figures go into one's own draft, or into a new one on the newest version."""
        if not self.has_add_permission(request):
            return False
        found = open_version(scheme=version.scheme)
        if found is None:
            return version == newest_version(scheme=version.scheme)
        own_draft = found.state == PolicyState.DRAFT and found.created_by_id == request.user.pk
        return own_draft and version == found

    def _version(self, request, number) -> PolicyVersion:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(number).isdecimal():
            raise Http404
        return get_object_or_404(PolicyVersion.objects.select_related("base", "created_by"), pk=number)

    def _page(self, request, template: str, context: dict):
        request.current_app = self.admin_site.name
        around = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, around | context)
