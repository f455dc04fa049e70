"""Visits: their list, the page that explains one, entry by hand and taking back."""

from decimal import Decimal
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, TextFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct
from insured.admin import PersonAdmin
from insured.admin.entitlements import WholeForm
from insured.models import Person
from insured.search import search_people
from office.admin.figure_words import in_language
from office.admin.panels import linked
from office.admin.records import RecordAdmin
from office.refusal import RunRefused
from office.templatetags.figures import badge, yuan
from policies.gates import GATES
from policies.labels import GATE_LABELS
from policies.month import Month
from settlement import batches
from settlement.admin.visit_panels import (
    WAITING,
    alike,
    amount_of,
    facts,
    limits_of_person,
    payments,
    person_of,
    standing_of,
    steps,
    visits_of_facility,
    visits_of_person,
    who_of,
    why_of,
)
from settlement.models import Visit, VisitBatchKind, VisitChunk, VisitState
from settlement.online import settle_at_once
from settlement.schemes import scheme_of
from settlement.tasks import enqueue


class MonthOfVisit(TextFilter):
    title = gettext_lazy("month of the visit")
    parameter_name = "month"

    def queryset(self, request, queryset):
        try:
            month = Month.parse(self.value() or "")
        except ValueError:
            return queryset
        first, after = (timezone.make_aware(_midnight(each)) for each in (month, month + 1))
        return queryset.filter(at__gte=first, at__lt=after)


def _midnight(month: Month):
    return timezone.datetime(month.year, month.number, 1)


class StateOfVisit(DropdownFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("waiting", WAITING), *VisitState.choices, ("twice", _("Possible duplicates"))]

    def queryset(self, request, queryset):
        chosen = self.value()
        if chosen == "waiting":
            return queryset.filter(outcome=None)
        if chosen == "twice":
            return queryset.filter(resembles=True)
        return queryset.filter(outcome__state=chosen) if chosen in VisitState.values else queryset


class BatchOfVisit(TextFilter):
    """Of a batch the numbers lie close together, and are found by them."""

    title = gettext_lazy("batch of visits")
    parameter_name = "batch"

    def queryset(self, request, queryset):
        chosen = self.value() or ""
        chunks = VisitChunk.objects.filter(batch=int(chosen)) if chosen.isdecimal() else []
        ranges = [stretch for chunk in chunks for stretch in chunk.visits]
        if not ranges:
            return queryset.none() if chosen else queryset
        first, last = min(each.lower for each in ranges), max(each.upper for each in ranges)
        found = queryset.filter(pk__gte=first, pk__lt=last)
        held_again = chunks[0].batch.kind == VisitBatchKind.HELD
        return found.filter(outcome__chunk__in=chunks) if held_again else found.filter(batch=int(chosen))


class VisitForm(WholeForm):
    """A visit entered by hand, held to what its row in a file would be held to."""

    class Meta:
        model = Visit
        fields: ClassVar = [
            "person", "facility", "bill", "at", "category", "total", "full_self_paid", "over_price",
            "prior_self_paid", "eligible", "diagnosis_fee", "consultation_fee", "examination_fee", "disease",
            "drug", "prescriber", "emergency", "admitted", "gate", "asked",
        ]  # fmt: skip
        help_texts: ClassVar = {
            "asked": gettext_lazy("Left empty, accounts pay the person's part as far as they have money."),
            "prescriber": gettext_lazy("Whose level counts, where it is another one."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "at" not in self.fields:
            return  # shown, not entered
        self.fields["at"] = forms.DateTimeField(
            label=self.fields["at"].label,
            input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%d"],
            widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD HH:MM"}),
            error_messages={"invalid": gettext_lazy("Enter a time as YYYY-MM-DD HH:MM.")},
        )
        gates = [("", "–"), *((code, in_language(GATE_LABELS[code])) for code in GATES)]
        self.fields["gate"] = forms.ChoiceField(
            label=self.fields["gate"].label,
            choices=gates,
            required=False,
            widget=self.fields["category"].widget.__class__,
        )

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"batch"}  # made when the visit is saved

    def demand(self):
        visit, asked = self.instance, self.cleaned_data.get("asked")
        if visit.at > timezone.now():
            raise ValidationError({"at": _("This time is still to come.")})
        if asked is not None and asked > visit.total:
            raise ValidationError({"asked": _("This is more than the total.")})
        visit.scheme = scheme_of(visit.person, Month.of(timezone.localdate(visit.at)))
        visit.resembles = Visit.objects.filter(
            person=visit.person, at=visit.at, total=visit.total, reversed_by=None
        ).exists()


class RefundForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def take_back(visit: Visit, *, by, reason: str) -> None:
    enqueue(batches.take_back(visit, by=by, reason=reason).batch)


TAKE_BACK = RecordAct(
    name="refund",
    label=gettext_lazy("Take back"),
    explained=gettext_lazy(
        "A refund is entered that gives back exactly what the visit used of limits and accounts; later visits"
        " stay as they were settled."
    ),
    done=gettext_lazy("The visit is taken back."),
    form=RefundForm,
    do=take_back,
    open_to=lambda visit: (
        not visit.reverses_id
        and not visit.reversed_by_id
        and hasattr(visit, "outcome")
        and not hasattr(visit, "receipt")  # the claim it belongs to takes it back
    ),
    permission="settlement.refund_visit",
    danger=True,
)


@admin.register(Visit)
class VisitAdmin(ActsAdmin, RecordAdmin):
    empty_note = gettext_lazy("Visits come with the facilities' files, or are entered here.")
    form = VisitForm
    acts = (TAKE_BACK,)
    change_form_outer_before_template = "settlement/visit_head.html"
    list_display = ["bill", "at", "facility", "who", "category", "cost", "fund", "person_part", "standing"]
    list_display_links = ["bill"]
    exported = (
        "bill", "facility__code", "facility__name", "person_number", "who", "at", "category", "total",
        "eligible", "deductible", "fund", "account", "family_account", "cash", "standing", "why",
    )  # fmt: skip
    list_select_related = ["facility", "outcome"]
    list_filter = [MonthOfVisit, StateOfVisit, ("category", ChoicesDropdownFilter), BatchOfVisit]
    ordering = ["-at", "-id"]
    sortable_by = ()
    search_fields = ["bill"]
    search_help_text = gettext_lazy("Bill number, facility code, or name or number of the person")
    autocomplete_fields = ["person", "facility", "prescriber"]
    counties = ()  # by row-level security: those of a county's people and of its facilities
    panels = []
    add_label = gettext_lazy("Enter a visit")
    fields = [
        ("person", "facility"),
        ("bill", "at"),
        ("category", "emergency", "admitted"),
        ("total", "eligible"),
        ("full_self_paid", "over_price", "prior_self_paid"),
        ("diagnosis_fee", "consultation_fee", "examination_fee"),
        ("disease", "drug"),
        ("prescriber", "gate"),
        "asked",
    ]

    def get_urls(self):
        view = self.admin_site.admin_view(self.settled_view)
        return [path("<int:number>/settled/", view, name="settlement_visit_settled"), *super().get_urls()]

    def settled_view(self, request, number):
        """Asked every second while a visit waits: the page is loaded anew once it is settled."""
        visit = get_object_or_404(self.get_queryset(request), pk=number)
        done = hasattr(visit, "outcome")
        return HttpResponse(status=204, headers={"HX-Refresh": "true"} if done else {})

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("person")

    def get_search_results(self, request, queryset, search_term):
        text = search_term.strip()
        if not text:
            return queryset, False
        # Each half has an index of its own.
        found = queryset.filter(Q(bill=text, reversed_by=None) | Q(bill=text, reversed_by__isnull=False))
        if found.exists():
            return found, False
        at_facility = queryset.filter(facility__code=text.upper())
        if at_facility.exists():
            return at_facility, False
        return queryset.filter(person__in=search_people(request, Person.objects.all(), text)), False

    def get_fields(self, request, obj=None):
        return self.fields if obj is None else self.shown_of(obj)

    def get_readonly_fields(self, request, obj=None):
        return (
            []
            if obj is None
            else ["person_link", "facility_link", "prescriber_link", "barred", "batch_link", "claim_link"]
        )

    def shown_of(self, visit) -> list:
        """What the bill says, without what it leaves empty."""
        rows = [
            ("person_link", "facility_link"),
            ("bill", "at"),
            ("category", "batch_link"),
            ("total", "eligible"),
            ("full_self_paid", "over_price", "prior_self_paid"),
            ("diagnosis_fee", "consultation_fee", "examination_fee"),
        ]
        told = [
            name for name in ("disease", "drug", "emergency", "admitted", "referred") if getattr(visit, name)
        ]
        told += ["prescriber_link"] if visit.prescriber_id else []
        told += ["barred"] if visit.gate else []
        if hasattr(visit, "receipt"):
            told.append("claim_link")
        elif visit.asked is not None:
            told.append("asked")
        return [*rows, *(tuple(told[first : first + 3]) for first in range(0, len(told), 3))]

    def save_model(self, request, obj, form, change):
        try:
            chunk = settle_at_once(obj, by=request.user)
        except RunRefused as refused:
            raise ValidationError(str(refused)) from None
        enqueue(chunk.batch)  # to be compared with what the facility reported

    def given_with(self, request, act):
        return {"by": request.user}

    def response_post_save_add(self, request, obj):
        return HttpResponseRedirect(reverse("admin:settlement_visit_change", args=[obj.pk]))

    def head_of(self, request, visit) -> dict:
        outcome = getattr(visit, "outcome", None)
        twin = visit.reversed_by_id or visit.reverses_id
        return {
            "visit": visit,
            "outcome": outcome,
            "standing": standing_of(visit),
            "why": why_of(visit),
            "other": twin and linked(Visit(pk=twin), f"#{twin}"),
            "alike": [linked(each, f"{each.facility.name} {each.bill}") for each in alike(visit)],
        }

    def title_of(self, record):
        return _("Visit %(bill)s") % {"bill": record.bill}

    @admin.display(description=gettext_lazy("insured person"))
    def who(self, visit):
        return who_of(visit)

    @admin.display(description=gettext_lazy("person number"))
    def person_number(self, visit):
        person = person_of(visit)
        return person and person.person_number

    @admin.display(description=gettext_lazy("insured person"))
    def person_link(self, visit):
        person = person_of(visit)
        return linked(person) if person else _("somebody of another county")

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, visit):
        return linked(visit.facility)

    @admin.display(description=gettext_lazy("prescribing facility"))
    def prescriber_link(self, visit):
        return linked(visit.prescriber)

    @admin.display(description=gettext_lazy("not payable because"))
    def barred(self, visit):
        return in_language(GATE_LABELS[visit.gate])

    @admin.display(description=gettext_lazy("batch"))
    def batch_link(self, visit):
        text = f"{visit.batch}" + (f" · {_('row')} {visit.row}" if visit.row else "")
        return linked(visit.batch, text)

    @admin.display(description=gettext_lazy("manual reimbursement"))
    def claim_link(self, visit):
        return linked(visit.receipt.claim)

    @admin.display(description=gettext_lazy("total cost"))
    def cost(self, visit):
        return yuan(visit.total)

    @admin.display(description=gettext_lazy("fund pays"))
    def fund(self, visit) -> Decimal:
        return amount_of(visit, "fund")

    @admin.display(description=gettext_lazy("person pays"))
    def person_part(self, visit) -> Decimal:
        fund = amount_of(visit, "fund")
        return None if fund is None else visit.total - fund

    @admin.display(description=gettext_lazy("deductible"))
    def deductible(self, visit) -> Decimal:
        return amount_of(visit, "deductible")

    @admin.display(description=gettext_lazy("own account"))
    def account(self, visit) -> Decimal:
        return amount_of(visit, "account")

    @admin.display(description=gettext_lazy("relative's account"))
    def family_account(self, visit) -> Decimal:
        return amount_of(visit, "family_account")

    @admin.display(description=gettext_lazy("cash"))
    def cash(self, visit) -> Decimal:
        return amount_of(visit, "cash")

    @admin.display(description=gettext_lazy("state"))
    def standing(self, visit):
        if visit.resembles and not visit.reversed_by_id:
            return format_html("{} {}", standing_of(visit), badge("held", _("Possible duplicate")))
        return standing_of(visit)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, visit):
        return why_of(visit)


VisitAdmin.panels += [steps, facts, payments]
PersonAdmin.panels += [limits_of_person, visits_of_person]
FacilityAdmin.panels.append(visits_of_facility)
