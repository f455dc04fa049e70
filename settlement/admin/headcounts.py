"""The frozen heads of a month: counted, counted again with a reason, and held against the heads of today."""

from collections import Counter

from django import forms
from django.contrib import admin
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from facilities.admin import FacilityAdmin
from facilities.models import Facility
from insured.models import Person
from office.admin.panels import ROWS_SHOWN, Pages, Panel, first_of, linked
from office.admin.records import RecordAdmin
from office.policy import newest_version, pack_of
from policies.month import Month
from settlement.freezing import differences, freeze, is_intact, newest, provisional, reason_of
from settlement.models import Headcount, HeadcountLine

MONTHS_SHOWN = 24


class CountingForm(forms.ModelForm):
    """Which month to count; one that was counted before is counted again for a reason."""

    class Meta:
        model = Headcount
        fields = ["scheme", "month", "reason"]

    def clean(self):
        data = super().clean()
        scheme, month = data.get("scheme"), data.get("month")
        if self.errors:
            return data
        if month > Month.of(timezone.localdate()):
            self.add_error("month", _("%(month)s is still to come.") % {"month": month})
        elif pack_of(newest_version(scheme=scheme)).capitation is None:
            self.add_error("scheme", _("This scheme does not pay by capitation."))
        elif newest(scheme=scheme, month=month) and not data["reason"].strip():
            self.add_error("reason", _("This month is counted already: say why it is counted again."))
        return data


@admin.register(Headcount)
class HeadcountAdmin(RecordAdmin):
    empty_note = gettext_lazy("The heads of a month are frozen from the workbench before its prepayment.")
    form = CountingForm
    list_display = ["month", "scheme", "number", "heads", "at", "by", "why"]
    list_display_links = ["month"]
    list_select_related = ["by"]
    list_filter = [("scheme", ChoicesDropdownFilter)]
    ordering = ["-month", "scheme", "-number"]
    sortable_by = ()
    add_label = gettext_lazy("Count the heads of a month")

    def has_add_permission(self, request):
        return super().has_add_permission(request) and request.user.sees_whole_city

    def has_change_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        if obj is None:
            return [("scheme", "month"), "reason"]
        return [("month", "scheme"), ("number", "heads"), ("at", "by"), ("run", "why"), "sealed"]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["why", "sealed"]

    def save_model(self, request, obj, form, change):
        """Counted by the portal; nothing of a headcount is typed."""
        counted = freeze(scheme=obj.scheme, month=obj.month, by=request.user, reason=obj.reason.strip())
        obj.pk = counted.pk

    @admin.display(description=gettext_lazy("reason"))
    def why(self, headcount):
        return reason_of(headcount) or "–"

    @admin.display(description=gettext_lazy("digest"))
    def sealed(self, headcount):
        return headcount.digest

    def panels_of(self, request, headcount):
        found = [standing(request, headcount)]
        if headcount == newest(scheme=headcount.scheme, month=headcount.month):
            found += against_today(request, headcount)
        return [*found, by_facility(headcount)]


def standing(request, headcount: Headcount) -> Panel:
    """All counts of the month, and whether this one still is what was written down."""
    figures = []
    if request.user.sees_whole_city:
        intact = _("matches") if is_intact(headcount) else _("does not match: tell the auditor")
        figures = [(_("Digest"), intact)]
    counts = Headcount.objects.filter(scheme=headcount.scheme, month=headcount.month).select_related("by")
    return Panel(
        title=_("Counts of this month"),
        columns={
            _("Count no."): "text",
            _("Heads"): "integer",
            _("Counted at"): "text",
            _("By"): "text",
            _("Reason"): "text",
        },
        rows=[
            (linked(count, f"{count.number}"), count.heads, count.at, count.by, reason_of(count))
            for count in counts
        ],
        figures=figures,
        note=_("Counted while the month lasted: it is counted again when it is over.")
        if provisional(headcount)
        else "",
    )


def against_today(request, headcount: Headcount) -> list[Panel]:
    """At which facilities today's records would give other heads, and who is behind it."""
    found = differences(headcount, staff=request.user)
    facilities = Facility.objects.in_bulk({difference.facility for difference in found})
    arrived = Counter(difference.facility for difference in found if difference.arrived)
    left = Counter(difference.facility for difference in found if not difference.arrived)
    lines = headcount.lines.filter(facility__in=facilities)
    frozen = dict(lines.values_list("facility").annotate(Sum("heads")))
    may_count = request.user.sees_whole_city and request.user.has_perm("settlement.add_headcount")
    link = None
    if found and may_count:
        query = {"scheme": headcount.scheme, "month": str(headcount.month)}
        link = (_("Count again"), reverse("admin:settlement_headcount_add", query=query))
    by_facility = Panel(
        title=_("Frozen and today"),
        columns={
            _("Facility code"): "text",
            _("Facility"): "text",
            _("Frozen heads"): "integer",
            _("Arrived"): "integer",
            pgettext("headcount", "Left"): "integer",
            _("Heads today"): "integer",
        },
        rows=[
            (
                facility.code,
                linked(facility, facility.name),
                count := frozen.get(facility.pk, 0),
                arrived[facility.pk],
                left[facility.pk],
                count + arrived[facility.pk] - left[facility.pk],
            )
            for facility in sorted(facilities.values(), key=lambda facility: facility.code)
        ],
        empty=_("Today's records give the same heads."),
        note=_("What is paid goes by the frozen heads until the month is counted again.") if found else "",
        link=link,
        anchor="today",
    )
    if not found:
        return [by_facility]
    first = first_of(request.GET.get("people_from"), len(found))
    shown = found[first : first + ROWS_SHOWN]
    people = Person.objects.in_bulk({difference.person for difference in shown})
    behind = Panel(
        title=_("People behind the difference"),
        columns={
            _("Facility"): "text",
            _("Person number"): "text",
            pgettext("person", "Name"): "text",
            _("Arrived or left"): "text",
        },
        rows=[
            (
                facilities[difference.facility].name,
                people[difference.person].person_number,
                linked(people[difference.person]),
                _("arrived") if difference.arrived else _("left"),
            )
            for difference in shown
        ],
        pages=Pages(first, len(found), "people_from", "#people"),
        anchor="people",
    )
    return [by_facility, behind]


def by_facility(headcount: Headcount) -> Panel:
    """The frozen heads of each facility, its stations' people included."""
    lines = headcount.lines.select_related("facility", "chosen").order_by("facility__code", "chosen__code")
    found: dict[Facility, dict[str, int]] = {}
    for line in lines.defer("people"):
        heads = found.setdefault(line.facility, {"own": 0, "stations": 0})
        heads["own" if line.chosen_id == line.facility_id else "stations"] += line.heads
    return Panel(
        title=_("Frozen heads by facility"),
        columns={
            _("Facility code"): "text",
            _("Facility"): "text",
            _("Chose it"): "integer",
            _("Chose its stations"): "integer",
            _("Heads"): "integer",
        },
        rows=[
            (
                facility.code,
                linked(facility, facility.name),
                heads["own"],
                heads["stations"],
                sum(heads.values()),
            )
            for facility, heads in found.items()
        ],
    )


def headcounts(request, facility) -> Panel | None:
    """The facility's frozen heads by month, latest first."""
    if not request.user.has_perm("settlement.view_headcount"):
        return None
    lines = (
        HeadcountLine.objects.filter(facility=facility)
        .values_list("headcount")
        .annotate(heads=Sum("heads"))
        .order_by("-headcount__month", "-headcount__number")[:MONTHS_SHOWN]
    )
    counts = Headcount.objects.in_bulk([number for number, _heads in lines])
    return Panel(
        title=_("Frozen heads by month"),
        columns={
            _("Month"): "text",
            _("Count no."): "text",
            _("Heads"): "integer",
            _("Counted at"): "text",
            _("Reason"): "text",
        },
        rows=[
            (
                linked(counts[number], str(counts[number].month)),
                str(counts[number].number),
                heads,
                counts[number].at,
                reason_of(counts[number]),
            )
            for number, heads in lines
        ],
    )


FacilityAdmin.panels += [headcounts]
