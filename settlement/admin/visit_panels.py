"""What pages show of visits: each one's steps and what it leaves, and those of a person or a facility."""

from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.admin.accounts import side_of, with_sides
from insured.models import Person, Status
from office.admin.figure_words import in_language
from office.admin.panels import Panel, linked
from office.admin.rule_words import CATEGORIES, WORDS
from office.policy import schemes_here
from office.templatetags.figures import badge, yuan
from policies.labels import GATE_LABELS
from policies.rooms import Room
from settlement import batches
from settlement.explaining import explain, rooms_of_year
from settlement.models import Accumulator, Visit, VisitState
from settlement.trial_form import LOCALITIES
from settlement.trial_words import room_name, step_name

SHOWN = 12
WAITING = gettext_lazy("Being settled")


def person_of(visit: Visit) -> Person | None:
    """The person, unless out of sight of whoever asks."""
    try:
        return visit.person
    except Person.DoesNotExist:
        return None


def who_of(visit: Visit) -> str:
    person = person_of(visit)
    return person.name if person else _("somebody of another county")


def alike(visit: Visit):
    """Other bills that stand, of the same person, time and amount."""
    if visit.reverses_id or visit.reversed_by_id:
        return Visit.objects.none()
    same = Visit.objects.filter(person=visit.person_id, at=visit.at, total=visit.total, reversed_by=None)
    return same.exclude(pk=visit.pk).select_related("facility")[:3]


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
            for transfer in with_sides(transfers)
        ],
    )


def visit_row(visit: Visit, *, whose: bool) -> tuple:
    other = who_of(visit) if whose else visit.facility.name
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
