"""Designated facilities: what they are by month, who stands under whom, their closing."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from facilities.admin.acts import ActsAdmin, FacilityField, RecordAct, day_field, reason_field
from facilities.agreements import contracted_between
from facilities.models import Agreement, AgreementKind, AgreementState, Facility, Level, Office
from facilities.placements import above, close, office_by_rule, place, reopen
from office.admin.panels import Panel, PanelOf, linked
from office.admin.protected import ProtectedNumbers, keep_unless_typed, typed_or_kept
from office.admin.records import MONTH_INPUT, RecordAdmin
from office.fields import MonthFormField
from office.sealing import masked_account
from office.templatetags.figures import badge
from policies.month import Month

BY_MONTH = ("level", "parent", "office")
# The states of agreements in the colours of other states (`portal.css`).
COLOURS = {
    AgreementState.DRAFT: "held",
    AgreementState.SIGNED: "supported",
    AgreementState.IN_FORCE: "approved",
    AgreementState.SUSPENDED: "refused",
    AgreementState.ENDED: "none",
}


class FacilityForm(forms.ModelForm):
    """A facility; its bank account is typed anew, never shown, and sealed for the code it has then."""

    bank_account = forms.CharField(
        label=gettext_lazy("bank account"), max_length=40, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Facility
        fields = "__all__"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = self.instance.bank_account
        if "bank_account" in self.fields:
            keep_unless_typed(self.fields["bank_account"], masked_account(self.account))

    def _post_clean(self):
        super()._post_clean()
        self.instance.pay_into(typed_or_kept(self.cleaned_data.get("bank_account", ""), self.account))


class PlaceForm(forms.Form):
    first_month = MonthFormField(
        label=gettext_lazy("Holds from"), widget=UnfoldAdminTextInputWidget(attrs=MONTH_INPUT)
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Level"), choices=Level.choices, widget=UnfoldAdminSelectWidget
    )
    parent = FacilityField(
        label=gettext_lazy("Parent facility"),
        required=False,
        help_text=gettext_lazy("Code of the facility it stands under."),
    )
    office = forms.ChoiceField(
        label=gettext_lazy("Responsible office"), choices=Office.choices, widget=UnfoldAdminSelectWidget
    )
    reason = reason_field()


class CloseForm(forms.Form):
    on = day_field(gettext_lazy("Closed from"))
    successor = FacilityField(
        label=gettext_lazy("Successor"),
        required=False,
        help_text=gettext_lazy("Code of the facility that takes its people over, if there is one."),
    )
    reason = reason_field()


class ReopenForm(forms.Form):
    reason = reason_field()


class StateOfAgreement(DropdownFilter):
    """By the state of the outpatient agreement, today."""

    title = gettext_lazy("outpatient agreement")
    parameter_name = "agreement"

    def lookups(self, request, model_admin):
        return [*AgreementState.choices, ("none", _("None at all"))]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        outpatient = Agreement.objects.with_state(timezone.localdate()).filter(
            facility=OuterRef("pk"), kind=AgreementKind.OUTPATIENT
        )
        if self.value() == "none":
            return queryset.filter(~Exists(outpatient))
        return queryset.filter(Exists(outpatient.filter(state=self.value())))


class Closed(DropdownFilter):
    title = gettext_lazy("at work")
    parameter_name = "closed"

    def lookups(self, request, model_admin):
        return [("no", pgettext("facility", "Open")), ("yes", pgettext("facility", "Closed"))]

    def queryset(self, request, queryset):
        closed = Q(closed_on__lte=timezone.localdate())
        return {"yes": queryset.filter(closed), "no": queryset.exclude(closed)}.get(self.value(), queryset)


def agreements(request, facility) -> Panel:
    """The facility's agreements, latest first."""
    link = None
    if request.user.has_perm("facilities.add_agreement"):
        link = (
            _("Add an agreement"),
            reverse("admin:facilities_agreement_add", query={"facility": facility.pk}),
        )
    found = facility.agreements.with_state(timezone.localdate()).order_by("-first_day", "kind")
    return Panel(
        title=_("Agreements"),
        columns={
            _("Kind"): "text",
            _("State"): "text",
            _("First day"): "text",
            _("Last day"): "text",
            _("Signed on"): "text",
            _("Number"): "text",
        },
        rows=[
            (
                linked(agreement, agreement.get_kind_display()),
                state_badge(agreement.state),
                agreement.first_day,
                agreement.last_in_force,
                agreement.signed_on,
                agreement.number,
            )
            for agreement in found
        ],
        link=link,
    )


def tree(request, facility) -> Panel | None:
    """Who the facility stands under, and who under it, this month."""
    over = above(facility)
    under = facility.stations.order_by("code")
    if not over and not under:
        return None
    steps = [*enumerate([*over, facility]), *((len(over) + 1, station) for station in under)]
    return Panel(
        title=_("Tree"),
        columns={
            _("Facility"): "text",
            _("Facility code"): "text",
            _("Kind"): "text",
            _("Level"): "text",
            _("State"): "text",
        },
        rows=[
            (
                format_html(
                    '<span class="step-{}">{}</span>',
                    min(depth, 3),
                    format_html("<b>{}</b>", each.name) if each == facility else linked(each, each.name),
                ),
                each.code,
                each.get_kind_display(),
                each.get_level_display(),
                open_or_closed(each),
            )
            for depth, each in steps
        ],
    )


def placements(request, facility) -> Panel:
    """Level, parent and responsible office, latest first."""
    found = list(facility.placements.select_related("parent").order_by("first_month"))
    found = sorted(found, key=lambda each: str(each.first_month or ""), reverse=True)
    return Panel(
        title=_("Level, parent and responsible office by month"),
        columns={
            pgettext("placement", "From"): "text",
            _("Level"): "text",
            _("Parent facility"): "text",
            _("Responsible office"): "text",
            _("Reason"): "text",
        },
        rows=[
            (
                str(placement),
                placement.get_level_display(),
                placement.parent and linked(placement.parent),
                placement.get_office_display(),
                placement.reason,
            )
            for placement in found
        ],
    )


def assessments(request, facility) -> Panel | None:
    """The facility's assessments, latest first."""
    found = facility.assessments.scored().select_related("signed_by").order_by("-year")
    if not found:
        return None
    return Panel(
        title=_("Assessments"),
        columns={_("Year"): "text", _("Points"): "money", _("Result"): "text", _("Signed off by"): "text"},
        rows=[
            (
                linked(assessment, assessment.year),
                assessment.total,
                assessment.result if assessment.signed_by else None,
                assessment.signed_by or _("not signed off"),
            )
            for assessment in found
        ],
    )


# Panels that show whom a closing concerns; upper rooms add to them.
CONCERNED_BY_CLOSING: list[PanelOf] = [tree, agreements]


def concerned_by_closing(request, facility) -> list[Panel]:
    return [panel for panel_of in CONCERNED_BY_CLOSING if (panel := panel_of(request, facility))]


ACTS = (
    RecordAct(
        name="place",
        label=gettext_lazy("Change level or parent"),
        explained=gettext_lazy(
            "Holds from its month until the next change. Quotas and heads of a month go by what holds in it."
        ),
        done=gettext_lazy("The change was entered."),
        form=PlaceForm,
        do=place,
        consequences=lambda request, facility: [placements(request, facility)],
    ),
    RecordAct(
        name="close",
        label=gettext_lazy("Close the facility"),
        explained=gettext_lazy(
            "From this day on nobody selects it and its agreements hold no more, nor do stations work under "
            "it: they need another parent. At the carry-over its people are listed, with the successor."
        ),
        done=gettext_lazy("The facility is closed from this day on."),
        form=CloseForm,
        do=close,
        open_to=lambda facility: facility.closed_on is None,
        consequences=concerned_by_closing,
        danger=True,
    ),
    RecordAct(
        name="reopen",
        label=gettext_lazy("Take the closing back"),
        explained=gettext_lazy("The facility is as if it had not been closed; its agreements hold again."),
        done=gettext_lazy("The facility is open again."),
        form=ReopenForm,
        do=reopen,
        open_to=lambda facility: facility.closed_on is not None,
        danger=True,
    ),
)


@admin.register(Facility)
class FacilityAdmin(ActsAdmin, ProtectedNumbers, RecordAdmin):
    empty_note = gettext_lazy("Facilities come with a file under Imports, or are entered here.")
    form = FacilityForm
    show_permission = "facilities.show_facility"
    list_display = ["code", "name", "level", "kind", "county", "office", "parent_name", "state"]
    list_select_related = ["county", "parent"]
    list_filter = [
        ("level", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("county", RelatedDropdownFilter),
        ("office", ChoicesDropdownFilter),
        StateOfAgreement,
        Closed,
    ]
    ordering = ["code"]
    sortable_by = ["code", "name", "level"]
    search_fields = ["code__istartswith", "name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["parent"]
    acts = ACTS
    panels = [tree, placements, agreements, assessments]
    history_along = ("placements", "agreements", "assessments")
    counties = ("county",)
    # Records of people, whose forms complete the facilities that may be chosen, of whatever county.
    chosen_in: ClassVar[set[str]] = set()
    exported = (
        "code",
        "name",
        "level",
        "kind",
        "county",
        "parent__code",
        "parent__name",
        "credit_code",
        "bank_name",
        "bank_holder",
        "account_masked",
    )
    opened = {"account_masked": "bank_account"}
    palette_icon = "local_hospital"

    def get_queryset(self, request):
        asking = f"{request.GET.get('app_label')}.{request.GET.get('model_name')}"
        if request.resolver_match.url_name != "autocomplete" or asking not in self.chosen_in:
            return super().get_queryset(request)
        today = timezone.localdate()
        days = {"first": today, "last": today.replace(year=today.year + 1, month=12, day=31)}
        hired = contracted_between(**days, kind=AgreementKind.OUTPATIENT)
        return Facility.objects.filter(Q(county=None) | Q(pk__in=hired))

    def get_fields(self, request, obj=None):
        may_change = obj is None or self.has_change_permission(request, obj)
        return [
            ("code", "name"),
            ("level", "kind"),
            ("county", "parent"),
            ("credit_code", "bank_holder"),
            ("bank_name", "bank_account" if may_change else "account_masked"),
        ]

    def get_readonly_fields(self, request, obj=None):
        """What holds by month is changed from a month on, by an act."""
        return ["account_masked", *(BY_MONTH if obj is not None else ())]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.office = office_by_rule(obj.level)
        super().save_model(request, obj, form, change)

    def head_of(self, request, facility):
        facts = [facility.get_office_display()]
        if facility.closed_on:
            facts.append(_("closed from %(day)s") % {"day": facility.closed_on})
            facts.append(facility.closing_reason)
        if facility.successor:
            facts.append(_("successor: %(facility)s") % {"facility": facility.successor})
        return {"state": _state_of(facility), "facts": facts}

    def initial_of(self, act, facility):
        if act.name != "place":
            return {}
        return {
            "first_month": str(Month.of(timezone.localdate())),
            "level": facility.level,
            "parent": facility.parent and facility.parent.code,
            "office": facility.office,
        }

    def in_brief(self, facility):
        return " · ".join(
            filter(None, (facility.get_level_display(), facility.county and facility.county.name))
        )

    def protected_numbers(self, facility):
        return [(_("bank account"), facility.bank_account, masked_account)]

    @admin.display(description=gettext_lazy("bank account"))
    def account_masked(self, facility):
        return masked_account(facility.bank_account) or "–"

    @admin.display(description=gettext_lazy("parent"))
    def parent_name(self, facility):
        return facility.parent.name if facility.parent else "–"

    @admin.display(description=gettext_lazy("state"))
    def state(self, facility):
        return open_or_closed(facility)


def open_or_closed(facility: Facility):
    return badge(*_state_of(facility))


def _state_of(facility: Facility) -> tuple[str, str]:
    if facility.is_closed:
        return "refused", pgettext("facility", "Closed")
    return "posted", pgettext("facility", "Open")


def state_badge(state: str):
    """The state of an agreement in its colour."""
    return badge(COLOURS[state], AgreementState(state).label)
