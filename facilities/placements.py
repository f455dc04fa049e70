"""What facilities are by month, who settles with them by the rules, and their closing."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from facilities.models import Facility, Level, Office, Placement
from office.policy import pack_of, policy_in_force, schemes_here
from office.statements import execute, fetch
from policies.month import Month
from policies.values import LEVELS as LEVELS_OF_RULES


def levels_in(month: Month) -> dict[int, Level]:
    """The level of every facility in a month."""
    return {number: Level(level) for number, level in fetch("facilities/levels", month=month.first_day)}


def show_this_month() -> int:
    """Have every facility show the placement of the month that has begun; how many changed."""
    return execute("facilities/show_this_month")


def value_of_rules(name: str, month: Month):
    """What the city's rules say of facilities in a month; None where no scheme says anything."""
    for scheme in schemes_here():
        pack = pack_of(policy_in_force(scheme=scheme, month=month))
        if name in pack.values and pack.in_force(month.first_day):
            return pack.value(name, month)
    return None


def settled_by_city(month: Month) -> list[str]:
    """The levels of facilities with which the municipal centre settles (Nanchang 34)."""
    return list(value_of_rules("settled_by_city_levels", month) or [])


def office_by_rule(level: str, *, month: Month | None = None) -> Office:
    """Who settles with a facility of this level, unless somebody says otherwise."""
    of_rules = level if level in LEVELS_OF_RULES else Level.PRIMARY
    by_city = settled_by_city(month or Month.of(timezone.localdate()))
    return Office.CITY if of_rules in by_city else Office.COUNTY


def place(
    facility: Facility, *, first_month: Month, level: str, parent: Facility | None, office: str, reason: str
) -> Placement:
    """Say what the facility is from a month on, where it was not that before; raises ValidationError."""
    until_then = facility.placements.filter(Q(first_month=None) | Q(first_month__lte=first_month))
    held = until_then.order_by(F("first_month").desc(nulls_last=True)).first()
    if held and (held.level, held.parent, held.office) == (level, parent, office):
        raise ValidationError(_("This is what it is in that month already: there is nothing to change."))
    placement = facility.placements.filter(first_month=first_month).first() or Placement(facility=facility)
    placement.first_month, placement.level, placement.parent = first_month, level, parent
    placement.office, placement.reason = office, reason
    placement.full_clean()
    placement.save()
    facility.refresh_from_db()
    return placement


def close(facility: Facility, *, on: date, successor: Facility | None, reason: str) -> None:
    """From a day on nobody selects the facility and its agreements hold no more; raises ValidationError."""
    if successor is not None and successor.closed_on is not None and successor.closed_on <= on:
        raise ValidationError({"successor": _("The successor is closed itself by then.")})
    facility.closed_on, facility.successor, facility.closing_reason = on, successor, reason
    facility.full_clean()
    facility.save(update_fields=["closed_on", "successor", "closing_reason"])


def reopen(facility: Facility, *, reason: str) -> None:
    """Take the closing back, as if it had not been."""
    facility.closed_on, facility.successor, facility.closing_reason = None, None, reason
    facility.save(update_fields=["closed_on", "successor", "closing_reason"])


def above(facility: Facility) -> list[Facility]:
    """Who the facility stands under, the topmost first."""
    found: list[Facility] = []
    while facility.parent is not None:
        facility = facility.parent
        found.insert(0, facility)
    return found
