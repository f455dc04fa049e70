"""Facility selections: chosen and changed by the rules, corrected with a reason."""

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget

from facilities.admin import FacilityAdmin
from facilities.models import Facility
from insured.admin.people import OfPersonAdmin, PersonAdmin
from insured.choices import (
    ChoiceRefused,
    Rules,
    demand_suitable,
    enter,
    plan_change,
    plan_choice,
    rules_here,
)
from insured.models import Enrolment, Selection
from office.admin.changes import NAMES
from office.admin.panels import Panel, linked
from policies.month import Month

THIS_YEAR, NEXT_YEAR, CHANGE = "this", "next", "change"

# In the history, by what does not change later.
NAMES[Selection] = lambda selection: f"{selection.facility} {selection.first_month}"


class ChoosingForm(forms.ModelForm):
    """A choice by the rules: from when it holds follows from what is asked for, and from today."""

    act = forms.ChoiceField(label=gettext_lazy("What is asked for"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Selection
        fields = ["person", "facility", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = timezone.localdate()
        now = Month.of(self.today)
        first = (
            THIS_YEAR,
            _("First choice of %(year)s, from %(month)s on") % {"year": now.year, "month": now},
        )
        self.fields["act"].choices = [
            *([] if _all_chosen(self.initial.get("person"), self.today) else [first]),
            (CHANGE, _("Change, from %(month)s on") % {"month": now + 1}),
            (NEXT_YEAR, _("Choice for %(year)s") % {"year": now.year + 1}),
        ]
        self.fields["person"].help_text = _chosen_by(self.initial.get("person"), now)
        self.fields["reason"].help_text = _("Needed for a change, such as a move to another place.")

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        who = {"person": data["person"], "facility": data["facility"], "today": self.today}
        try:
            if data["act"] == CHANGE:
                self.choice = plan_change(reason=data["reason"], **who)
            else:
                year = self.today.year + (data["act"] == NEXT_YEAR)
                self.choice = plan_choice(year=year, **who)
        except ChoiceRefused as refused:
            self.add_error(None, str(refused))
        return data

    def save(self, commit=True):
        self.save_m2m = lambda: None  # as a ModelForm has it; a choice has no such relations
        return self.choice.selection


def _all_chosen(person, today) -> bool:
    """Whether the person a form is opened for has this year's facility in every slot of their scheme."""
    schemes = Enrolment.objects.filter(person=person).values_list("scheme", flat=True)
    slots = {slot for scheme, rules in rules_here(today).items() if scheme in schemes for slot in rules.slots}
    year = Month(today.year, 12)
    found = Selection.objects.filter(person=person, last_month__gte=Month.of(today), last_month__lte=year)
    return bool(slots) and slots <= set(found.values_list("slot", flat=True))


def _chosen_by(person, now: Month) -> str:
    """What the person a form is opened for has chosen, from this month on."""
    found = Selection.objects.filter(person=person, last_month__gte=now).select_related("facility")
    return "；".join(
        f"{choice.first_month} – {choice.last_month} {choice.facility}"
        for choice in found.order_by("first_month", "slot")
    )


class CorrectionForm(forms.ModelForm):
    """Another facility for a choice that was entered wrongly, from its own first month; with the reason."""

    class Meta:
        model = Selection
        fields = ["facility", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = True
            self.fields["reason"].label = _("reason for the correction")
            self.fields["facility"].help_text = _(
                "Only to correct what was entered wrongly. When people change their mind, enter a change."
            )

    def clean(self):
        data = super().clean()
        facility = data.get("facility")
        rules = rules_here(timezone.localdate()).values()
        fitting = [each for each in rules if facility and each.slot_of(facility) == self.instance.slot]
        if facility and not fitting:
            self.add_error("facility", _("This facility does not belong to the slot."))
        for each in fitting[:1]:
            try:
                demand_suitable(facility, rules=each, month=self.instance.first_month)
            except ChoiceRefused as refused:
                self.add_error("facility", str(refused))
        return data


@admin.register(Selection)
class SelectionAdmin(OfPersonAdmin):
    empty_note = gettext_lazy("What insured people choose comes with a file, or is entered on their page.")
    list_display = ["person", "facility", "first_month", "last_month", "kind", "slot"]
    list_select_related = ["person", "facility"]
    exported = (
        "person__person_number",
        "person__name",
        "document",
        "facility__code",
        "facility__name",
        "slot",
        "first_month",
        "last_month",
        "kind",
        "reason",
    )
    list_filter = [("kind", ChoicesDropdownFilter), ("slot", ChoicesDropdownFilter)]
    autocomplete_fields = ["person", "facility"]
    search_help_text = gettext_lazy("Name or number of the person, or code of the facility")
    add_label = gettext_lazy("Choose or change a facility")

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = CorrectionForm if change else ChoosingForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["person", "act", "facility", "reason"]
        return ["person_link", ("first_month", "last_month"), ("kind", "slot"), "facility", "reason"]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["person_link", "first_month", "last_month", "kind", "slot"]

    def save_model(self, request, obj, form, change):
        if change:
            super().save_model(request, obj, form, change)
        else:
            enter(form.choice)

    def get_search_results(self, request, queryset, search_term):
        facility = Facility.objects.filter(code=search_term.strip().upper()).first() if search_term else None
        if facility is not None:
            return queryset.filter(facility=facility), False
        return super().get_search_results(request, queryset, search_term)


def selections(request, person) -> Panel:
    """The facilities the person chose, latest first, and what may be chosen now."""
    today = timezone.localdate()
    found = list(person.selections.select_related("facility").order_by("-first_month", "slot"))
    rows = [
        (
            linked(selection.facility),
            linked(selection, f"{selection.first_month} – {selection.last_month}"),
            selection.get_slot_display(),
            selection.get_kind_display(),
            selection.reason,
        )
        for selection in found
    ]
    here = list(rules_here(today).values())
    return Panel(
        title=_("Facility selections"),
        columns={
            _("Facility"): "text",
            _("Months"): "text",
            _("Slot"): "text",
            _("Kind"): "text",
            _("Reason"): "text",
        },
        rows=rows,
        figures=[figure for rules in here[:1] for figure in _now(found, rules=rules, today=today)],
        link=_asking(request, person, found, today) if here else None,
    )


def _now(found: list[Selection], *, rules: Rules, today) -> list[tuple]:
    """Of each slot the facility chosen at present."""
    now = Month.of(today)
    current = {s.slot: s for s in found if s.first_month <= now <= s.last_month}
    return [
        (slot.label, current[slot].facility.name if slot in current else _("none chosen"))
        for slot in rules.slots
    ]


def _asking(request, person, found: list[Selection], today) -> tuple[str, str] | None:
    """A button for what is likely asked for: a change once this year's facility is chosen."""
    if not request.user.has_perm("insured.add_selection"):
        return None
    now = Month.of(today)
    chosen = any(selection.first_month <= now <= selection.last_month for selection in found)
    text = _("Change the choice") if chosen else _("Choose a facility")
    query = {"person": person.pk, "act": CHANGE if chosen else THIS_YEAR}
    return text, reverse("admin:insured_selection_add", query=query)


PersonAdmin.panels += [selections]
FacilityAdmin.chosen_in.add("insured.selection")
