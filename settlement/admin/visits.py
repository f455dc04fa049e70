"""Visits: their list, the page that explains one, entry by hand, what other pages show of them."""

from decimal import Decimal
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, TextFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.accounts import SIDES, side_of
from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin, RecordAct
from insured.admin import PersonAdmin
from insured.admin.entitlements import WholeForm
from insured.models import Person, Status
from insured.search import search_people
from office.admin.figure_words import in_language
from office.admin.panels import Panel, linked
from office.admin.records import RecordAdmin
from office.admin.rule_words import CATEGORIES, WORDS
from office.policy import schemes_here
from office.templatetags.figures import badge, yuan
from policies.gates import GATES
from policies.labels import GATE_LABELS
from policies.month import Month
from policies.rooms import Room
from settlement import batches
from settlement.explaining import explain, rooms_of_year
from settlement.models import Accumulator, Visit, VisitBatchKind, VisitChunk, VisitState
from settlement.tasks import enqueue
from settlement.trial_form import LOCALITIES
from settlement.trial_words import room_name, step_name

SHOWN = 12
WAITING = gettext_lazy("Being settled")


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


def scheme_of(person: Person, month: Month) -> str:
    """In which scheme somebody is insured in a month, or else was last; of nobody the city's first."""
    spells = list(person.enrolments.filter(scheme__in=schemes_here()).order_by("-first_month"))
    covering = [s for s in spells if s.first_month <= month and (s.last_month or month) >= month]
    return next(iter([*covering, *spells])).scheme if spells else schemes_here()[0]


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
    open_to=lambda visit: not visit.reverses_id and not visit.reversed_by_id and hasattr(visit, "outcome"),
    permission="settlement.refund_visit",
    danger=True,
)


@admin.register(Visit)
class VisitAdmin(ActsAdmin, RecordAdmin):
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
        found = queryset.filter(bill=text)
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
            [] if obj is None else ["person_link", "facility_link", "prescriber_link", "barred", "batch_link"]
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
        told += ["asked"] if visit.asked is not None else []
        return [*rows, *(tuple(told[first : first + 3]) for first in range(0, len(told), 3))]

    def save_model(self, request, obj, form, change):
        enqueue(batches.enter(obj, by=request.user))

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
        }

    def title_of(self, record):
        return _("Visit %(bill)s") % {"bill": record.bill}

    @admin.display(description=gettext_lazy("insured person"))
    def who(self, visit):
        person = person_of(visit)
        return person.name if person else _("somebody of another county")

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
        return standing_of(visit)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, visit):
        return why_of(visit)


def person_of(visit: Visit) -> Person | None:
    """The person, unless out of sight of whoever asks."""
    try:
        return visit.person
    except Person.DoesNotExist:
        return None


def amount_of(visit: Visit, name: str) -> Decimal | None:
    outcome = getattr(visit, "outcome", None)
    return outcome and getattr(outcome, name)


def standing_of(visit: Visit):
    outcome = getattr(visit, "outcome", None)
    if outcome is None:
        return badge("waiting", WAITING)
    if visit.reversed_by_id:
        return badge("reversed", _("Was taken back"))
    if outcome.state == VisitState.REVERSED:
        return badge("refund", pgettext("visit", "Refund"))
    return badge(outcome.state, outcome.get_state_display())


def why_of(visit: Visit) -> str:
    outcome = getattr(visit, "outcome", None)
    if outcome is None or outcome.state not in (VisitState.DENIED, VisitState.HELD):
        return ""
    if outcome.state == VisitState.HELD:
        return _("A figure of the rules is missing")
    return in_language(GATE_LABELS[outcome.reason])


def room_row(room: Room) -> tuple:
    most = _("no limit entered") if room.most is None else yuan(_yuan(room.most))
    return room_name(room), room.article, most, _yuan(room.used), _yuan(room.left)


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)


def room_columns() -> dict[str, str]:
    return {
        _("Limit or deductible of the year"): "text",
        _("Article"): "text",
        _("In all"): "text",
        _("Used"): "money",
        _("Left"): "money",
    }


def steps(request, visit) -> list[Panel]:
    """Each step with its article, and what remains of each limit after it."""
    outcome = getattr(visit, "outcome", None)
    if outcome is None or outcome.state == VisitState.REVERSED:
        return []
    found = explain(visit, outcome)
    figures = [
        (_("Fund pays"), yuan(outcome.fund)),
        (_("Own account"), yuan(outcome.account)),
        (_("Relative's account"), yuan(outcome.family_account)),
        (_("Cash"), yuan(outcome.cash)),
    ]
    note = "" if found.matches else _("These steps do not come to what was settled: tell the auditor.")
    if _asked_more(visit, outcome):
        note = _("The facility reports %(asked)s taken from accounts; they had %(paid)s.") % {
            "asked": yuan(visit.asked),
            "paid": yuan(outcome.account + outcome.family_account),
        }
    panels = [
        Panel(
            title=_("How it was settled"),
            columns={_("Article"): "text", pgettext("calculation", "Step"): "text", _("Amount"): "money"},
            rows=[
                *((step.article, step_name(step.rule), _yuan(step.amount)) for step in found.steps),
                *((article, step_name(name), None) for name, article in found.missing),
            ],
            figures=figures if outcome.state != VisitState.HELD else [],
            note=note
            or (_("Once the figure is entered, held visits are settled again.") if found.missing else ""),
            anchor="steps",
        )
    ]
    if found.rooms:
        panels.append(
            Panel(
                title=_("Left after this visit"),
                columns=room_columns(),
                rows=[room_row(room) for room in found.rooms],
            )
        )
    return panels


def _asked_more(visit: Visit, outcome) -> bool:
    paid = outcome.state == VisitState.PAID
    return paid and visit.asked is not None and visit.asked > outcome.account + outcome.family_account


def facts(request, visit) -> Panel | None:
    """What the records said when it was settled."""
    outcome = getattr(visit, "outcome", None)
    if outcome is None:
        return None
    yes_no = {True: _("Yes"), False: _("No")}
    month = outcome.selected_month and f"{timezone.localtime(visit.at).year}-{outcome.selected_month:02d}"
    told = [
        (_("Insured as"), Status(outcome.status).label if outcome.status else _("not insured")),
        (_("Level of the facility"), WORDS[outcome.level]),
        (_("Place"), LOCALITIES[outcome.locality]),
        (_("Selected facility"), yes_no[outcome.selected]),
        (_("First selection of the year from"), month),
        (_("Referral on record"), yes_no[outcome.referred]),
        (_("Settled as"), CATEGORIES.get(outcome.category, outcome.category)),
        (_("Diseases on record"), outcome.diseases.replace(",", "、")),
        (_("Barred by the records"), "、".join(_gates(outcome.found))),
    ]
    return Panel(
        title=_("What the records said"),
        columns={_("Fact"): "text", _("On record"): "text"},
        rows=[(label, str(value)) for label, value in told if value],
    )


def _gates(found: str) -> list[str]:
    return [in_language(GATE_LABELS[code]) for code in found.split(",") if code]


def payments(request, visit) -> Panel | None:
    """The transfers by which accounts paid, or were given back."""
    outcome = getattr(visit, "outcome", None)
    if outcome is None or not request.user.has_perm("accounts.view_transfer"):
        return None
    transfers = batches.transfers_of(outcome)
    if not transfers:
        return None
    return Panel(
        title=_("Paid from accounts"),
        columns={
            _("Transfer"): "text",
            _("Kind"): "text",
            _("Debit"): "text",
            _("Credit"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(transfer, f"#{transfer.pk}"),
                transfer.get_kind_display(),
                side_of(transfer, "debit"),
                side_of(transfer, "credit"),
                transfer.amount,
            )
            for transfer in transfers.prefetch_related(*SIDES)
        ],
    )


VisitAdmin.panels += [steps, facts, payments]


def visit_row(visit: Visit, *, whose: bool) -> tuple:
    other = VisitAdmin.who(None, visit) if whose else visit.facility.name
    return (
        linked(visit),
        timezone.localtime(visit.at).strftime("%Y-%m-%d %H:%M"),
        other,
        visit.get_category_display(),
        visit.total,
        amount_of(visit, "fund"),
        standing_of(visit),
        why_of(visit),
    )


def latest_visits(request, found, *, whose: bool, search: str) -> Panel | None:
    if not request.user.has_perm("settlement.view_visit"):
        return None
    shown = (
        found.select_related("facility", "outcome").prefetch_related("person").order_by("-at", "-id")[:SHOWN]
    )
    return Panel(
        title=_("Visits"),
        columns={
            _("Bill number"): "text",
            _("Time"): "text",
            (_("Insured person") if whose else _("Facility")): "text",
            pgettext("visit", "Category"): "text",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            _("State"): "text",
            _("Reason"): "text",
        },
        rows=[visit_row(visit, whose=whose) for visit in shown],
        link=(_("All visits"), reverse("admin:settlement_visit_changelist", query={"q": search})),
        empty=_("No visits."),
    )


def visits_of_person(request, person) -> Panel | None:
    return latest_visits(
        request, Visit.objects.filter(person=person), whose=False, search=person.person_number or person.name
    )


def visits_of_facility(request, facility) -> Panel | None:
    return latest_visits(request, Visit.objects.filter(facility=facility), whose=True, search=facility.code)


def limits_of_person(request, person) -> list[Panel]:
    """What is used and left of each limit this year."""
    if not request.user.has_perm("settlement.view_visit"):
        return []
    year = timezone.localdate().year
    insured = set(person.enrolments.values_list("scheme", flat=True))
    counted = set(Accumulator.objects.filter(person=person, year=year).values_list("scheme", flat=True))
    panels = []
    for scheme in schemes_here():
        if scheme in insured | counted and (rooms := rooms_of_year(person, scheme=scheme, year=year)):
            panels.append(
                Panel(
                    title=_("Limits of %(year)s") % {"year": year},
                    columns=room_columns(),
                    rows=[room_row(room) for room in rooms],
                    note=_("As the person is insured now."),
                )
            )
    return panels


PersonAdmin.panels += [limits_of_person, visits_of_person]
FacilityAdmin.panels.append(visits_of_facility)
