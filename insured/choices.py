"""Choosing a facility: when, where, and from which month it holds (Heyuan 12(5), 16-18; Shaoguan 6).

The rules and their articles are those of the pack; files of selections are held to the same ones, set-based
(`selections.py`). A choice is planned first, which writes nothing and says why it cannot be, then entered.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from facilities.agreements import contracted_between
from facilities.models import AgreementKind, Facility, FacilityKind
from insured.models import Person, Selection, SelectionKind, Slot
from office.policy import newest_version, pack_of, schemes_here
from policies.month import Month
from policies.pack import Pack
from policies.values import NotInForce


class ChoiceRefused(Exception):
    """The facility cannot be chosen so; the text says why and by which article."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How facilities are chosen in a scheme; `window` are the first and last month of choosing for next year.

    articles: of the pack's `selection.rules`, and of `window`, `insured` and `agreement`.
    """

    scheme: str
    station_slot: str
    levels: tuple[str, ...]
    outside: bool
    window: tuple[int, int] | None
    articles: Mapping[str, str]

    @property
    def slots(self) -> list[Slot]:
        return [Slot.PRIMARY, Slot.STATION] if self.station_slot == Slot.STATION else [Slot.PRIMARY]

    def slot_of(self, facility: Facility) -> Slot:
        """A village station takes a slot of its own where there are two."""
        return Slot(self.station_slot if facility.kind == FacilityKind.VILLAGE_STATION else Slot.PRIMARY)


@dataclass(kw_only=True)
class Choice:
    """A selection to be entered, and the one that ends the month before."""

    selection: Selection
    ends: Selection | None = None


def rules_here(today: date) -> dict[str, Rules]:
    """The rules of every scheme here in which facilities are chosen."""
    packs = {scheme: pack_of(newest_version(scheme=scheme)) for scheme in schemes_here()}
    return {scheme: _rules(pack, today) for scheme, pack in packs.items() if pack.selection}


def _rules(pack: Pack, today: date) -> Rules:
    articles = dict(pack.selection.articles)
    articles |= {
        "insured": pack.gates.articles["not_insured"],
        "agreement": pack.gates.articles["facility_not_contracted"],
    }
    window = None
    if "selection_window" in pack.values:
        try:
            entry = pack.entry("selection_window", today)
            window, articles["window"] = tuple(map(int, entry.figure)), entry.article
        except NotInForce:
            pass
    levels = pack.gates.selectable_levels
    slots = pack.capitation.slots if pack.capitation else ()
    return Rules(
        scheme=pack.scheme,
        station_slot=(Slot.STATION if "station" in slots else Slot.PRIMARY).value,
        levels=(*levels, "ungraded") if "primary" in levels else levels,
        outside=pack.selection.outside,
        window=window,
        articles=articles,
    )


def rules_of_rows(today: date) -> list[dict]:
    """The same rules for the statements of an import."""
    return [asdict(rules) for rules in rules_here(today).values()]


def choose(person: Person, *, facility: Facility, year: int, today: date) -> Selection:
    """Choose for this year or the next; raises ChoiceRefused."""
    return enter(plan_choice(person, facility=facility, year=year, today=today))


def change_choice(person: Person, *, facility: Facility, reason: str, today: date) -> Selection:
    """Change this year's choice from next month on; raises ChoiceRefused."""
    return enter(plan_change(person, facility=facility, reason=reason, today=today))


@transaction.atomic
def enter(choice: Choice) -> Selection:
    """Write down what was planned."""
    if choice.ends is not None:
        choice.ends.last_month = choice.selection.first_month - 1
        choice.ends.save(update_fields=["last_month"])
    choice.selection.save()
    return choice.selection


def plan_choice(person: Person, *, facility: Facility, year: int, today: date) -> Choice:
    """The first choice of this year, from this month on, or the next year's, from January on.

    Who is insured from later on chooses from then on. Next year's choice, until it begins, may be made anew.
    Raises ChoiceRefused.
    """
    rules, month = _insured_from(person, max(Month(year, 1), Month.of(today)), today=today)
    if year not in (today.year, today.year + 1):
        raise ChoiceRefused(
            _("A facility is chosen for this year or for the next (article %(article)s).")
            % {"article": rules.articles.get("window", rules.articles["once"])}
        )
    if year > today.year:
        _demand_window(person, rules=rules, today=today)
    demand_suitable(facility, rules=rules, month=month)
    slot = rules.slot_of(facility)
    chosen = _chosen(person, slot=slot, year=year)
    if not chosen:
        selection = Selection(
            person=person, facility=facility, slot=slot, first_month=month, last_month=Month(year, 12)
        )
        selection.kind = SelectionKind.FIRST
        return Choice(selection=selection)
    if len(chosen) == 1 and chosen[0].first_month > Month.of(today):
        return _instead(chosen[0], facility=facility, reason="", rules=rules)
    raise ChoiceRefused(
        _("%(facility)s is chosen for %(year)s already: enter a change (article %(article)s).")
        % {"facility": chosen[-1].facility, "year": year, "article": rules.articles["once"]}
    )


def plan_change(person: Person, *, facility: Facility, reason: str, today: date) -> Choice:
    """This year's choice changed from next month on, the earlier one ending with this month.

    A change that has not begun may be made anew. Raises ChoiceRefused.
    """
    now = Month.of(today)
    rules, month = _insured_from(person, now + 1, today=today)
    if month.year > now.year:
        raise ChoiceRefused(
            _("A change holds from the next month on: now choose for next year (article %(article)s).")
            % {"article": rules.articles["takes_effect"]}
        )
    if not reason.strip():
        raise ChoiceRefused(
            _("A facility is chosen for a year: say why it is changed (article %(article)s).")
            % {"article": rules.articles["change"]}
        )
    demand_suitable(facility, rules=rules, month=month)
    slot = rules.slot_of(facility)
    chosen = _chosen(person, slot=slot, year=now.year)
    if not chosen or chosen[-1].last_month < now:
        raise ChoiceRefused(_("No facility is chosen for this year that could be changed: choose one."))
    last = chosen[-1]
    if last.first_month > now:
        return _instead(last, facility=facility, reason=reason, rules=rules)
    _demand_other(last, facility, rules=rules)
    selection = Selection(
        person=person, facility=facility, slot=slot, first_month=month, last_month=last.last_month
    )
    selection.kind, selection.reason = SelectionKind.CHANGE, reason.strip()
    return Choice(selection=selection, ends=last)


def demand_suitable(facility: Facility, *, rules: Rules, month: Month) -> None:
    """Raise ChoiceRefused unless the facility may be chosen from a month on."""
    said = {"facility": facility, "month": month}
    if facility.county_id is None and not rules.outside:
        raise ChoiceRefused(
            _("%(facility)s lies outside the city: one in the city has to be chosen (article %(article)s).")
            % (said | {"article": rules.articles["place"]})
        )
    if facility.level not in rules.levels:
        raise ChoiceRefused(
            _("%(facility)s is of a level that cannot be chosen (article %(article)s).")
            % (said | {"article": rules.articles["place"]})
        )
    if facility.closed_on is not None and facility.closed_on <= month.first_day:
        succeeded = _("Its successor is %(facility)s.") % {"facility": facility.successor}
        raise ChoiceRefused(
            _("%(facility)s is closed from %(day)s on.") % (said | {"day": facility.closed_on})
            + (f" {succeeded}" if facility.successor else "")
        )
    if facility.county_id is not None and not _contracted(facility, month):
        raise ChoiceRefused(
            _("%(facility)s has no outpatient agreement in %(month)s (article %(article)s).")
            % (said | {"article": rules.articles["agreement"]})
        )


def _contracted(facility: Facility, month: Month) -> bool:
    """A station works under its parent's agreement."""
    return facility.pk in contracted_between(month.first_day, month.last_day, kind=AgreementKind.OUTPATIENT)


def _insured_from(person: Person, wanted: Month, *, today: date) -> tuple[Rules, Month]:
    """The scheme's rules, and from `wanted` on the first month of its year in which the person is insured."""
    here = rules_here(today)
    if not here:
        raise ChoiceRefused(_("By the rules here no facility is chosen."))
    spell = (
        person.enrolments.filter(
            Q(last_month=None) | Q(last_month__gte=wanted),
            scheme__in=here,
            first_month__lte=Month(wanted.year, 12),
        )
        .order_by("first_month")
        .first()
    )
    if spell is None or (person.died_on and person.died_on < wanted.first_day):
        article = next(iter(here.values())).articles["insured"]
        raise ChoiceRefused(
            _("This person is not insured in %(month)s (article %(article)s).")
            % {"month": wanted, "article": article}
        )
    return here[spell.scheme], max(wanted, spell.first_month)


def _demand_window(person: Person, *, rules: Rules, today: date) -> None:
    """Next year's facility is chosen in some months; new members choose any time (Heyuan 18)."""
    if rules.window is None or rules.window[0] <= today.month <= rules.window[1]:
        return
    spells = person.enrolments.filter(scheme=rules.scheme)
    if spells.filter(first_month__lt=Month(today.year, 1)).exists():
        first, last = rules.window
        raise ChoiceRefused(
            _("Next year's facility is chosen from month %(first)s to month %(last)s (article %(article)s).")
            % {"first": first, "last": last, "article": rules.articles["window"]}
        )


def _chosen(person: Person, *, slot: Slot, year: int) -> list[Selection]:
    """The choices of a year in order; whoever else chooses for this person waits."""
    Person.objects.select_for_update().get(pk=person.pk)
    return list(
        person.selections.filter(slot=slot, first_month__gte=Month(year, 1), first_month__lte=Month(year, 12))
        .select_related("facility")
        .order_by("first_month")
    )


def _instead(selection: Selection, *, facility: Facility, reason: str, rules: Rules) -> Choice:
    """Another facility for a choice that has not begun."""
    _demand_other(selection, facility, rules=rules)
    selection.facility, selection.run_id = facility, None
    if selection.kind == SelectionKind.CARRIED:
        selection.kind = SelectionKind.FIRST
    selection.reason = reason.strip() or selection.reason
    return Choice(selection=selection)


def _demand_other(selection: Selection, facility: Facility, *, rules: Rules) -> None:
    if selection.facility_id == facility.pk:
        raise ChoiceRefused(
            _("%(facility)s is the facility chosen already (article %(article)s).")
            % {"facility": facility, "article": rules.articles["once"]}
        )
