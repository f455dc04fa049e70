"""What happens to insured people from a month on: retired, back at work, suspended, resumed, on other terms.

Each function is one recorded step (`recording.py`) and raises ValidationError. Months may lie in the past:
the step replaces the months it covers and no others. `last` is the last month covered; without it all later
months of the scheme are.
"""

from collections.abc import Callable
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from insured.models import Employer, Enrolment, Person, PersonChangeKind, Status
from insured.recording import recording
from office.models import County, Staff
from policies.month import Month

RETIRED = (Status.RETIRED, Status.SPONSORED_RETIREE)


def retire(
    person: Person,
    *,
    completed: Month,
    group: str,
    base: Decimal | None = None,
    reason: str,
    by: Staff | None,
) -> None:
    """Retired from the month after the one in which retirement was completed (common reading 4).

    `base` is what a pension counts as where credits go by it (Honghe 16).
    """
    if completed > Month.of(timezone.localdate()):
        raise ValidationError({"completed": _("This month is still to come.")})
    month = completed + 1
    with recording(person, kind=PersonChangeKind.RETIRED, first_month=month, reason=reason, by=by):
        if insured_in(person, month).status in RETIRED:
            raise ValidationError(_("The person is retired already in %(month)s.") % {"month": month})
        _set(person, month, None, status=Status.RETIRED, retirement_group=group, base=base, employer=None)


def return_to_work(
    person: Person,
    *,
    month: Month,
    base: Decimal,
    employer: Employer | None = None,
    status: str = Status.ACTIVE,
    reason: str,
    by: Staff | None,
) -> None:
    """A retired person is insured as working again."""
    with recording(person, kind=PersonChangeKind.RETURNED, first_month=month, reason=reason, by=by):
        if insured_in(person, month).status not in RETIRED:
            raise ValidationError(_("The person is not retired in %(month)s.") % {"month": month})
        _set(person, month, None, status=status, retirement_group="", base=base, employer=employer)


def change(
    person: Person,
    *,
    month: Month,
    last: Month | None = None,
    base: Decimal | None = None,
    employer: Employer | None = None,
    county: County | None = None,
    status: str | None = None,
    reason: str,
    by: Staff | None,
) -> None:
    """Other terms from a month on; what is not given stays as each month has it."""
    given = {"base": base, "employer": employer, "county": county, "status": status}
    terms = {name: value for name, value in given.items() if value not in (None, "")}
    if status and status not in RETIRED:
        terms["retirement_group"] = ""
    with recording(person, kind=PersonChangeKind.CHANGED, first_month=month, reason=reason, by=by):
        _set(person, month, last, **terms)


def suspend(
    person: Person, *, month: Month, last: Month | None = None, reason: str, by: Staff | None
) -> None:
    """Not insured in these months."""
    with recording(person, kind=PersonChangeKind.SUSPENDED, first_month=month, reason=reason, by=by):
        insured_in(person, month)
        replace(person, month, _in_order(month, last), instead=lambda spell: None)


def resume(
    person: Person, *, month: Month, base: Decimal | None = None, reason: str, by: Staff | None
) -> None:
    """Insured again on the terms of the last spell before, until the next spell or the month of death."""
    with recording(person, kind=PersonChangeKind.RESUMED, first_month=month, reason=reason, by=by):
        died = person.died_on and Month.of(person.died_on)
        if died and month > died:
            raise ValidationError(_("This person died on %(day)s.") % {"day": person.died_on})
        if covering(person, month).exists():
            raise ValidationError(_("The person is insured in %(month)s already.") % {"month": month})
        before = person.enrolments.filter(last_month__lt=month).order_by("-first_month").first()
        if before is None:
            raise ValidationError(_("There is no earlier spell that could be resumed."))
        following = person.enrolments.filter(first_month__gt=month).order_by("first_month").first()
        last = following.first_month - 1 if following else died
        spell = copy_of(before, first_month=month, last_month=last)
        spell.base = base or before.base
        save(spell)


def covering(person: Person, first: Month, last: Month | None = None):
    """The spells with months from the first to the last, or in the first alone."""
    return person.enrolments.filter(
        Q(last_month__isnull=True) | Q(last_month__gte=first), first_month__lte=last or first
    )


def insured_in(person: Person, month: Month) -> Enrolment:
    """The spell of a month; raises ValidationError when there is none."""
    spell = covering(person, month).first()
    if spell is None:
        raise ValidationError(_("The person is not insured in %(month)s.") % {"month": month})
    return spell


def replace(
    person: Person,
    first: Month,
    last: Month | None,
    *,
    instead: Callable[[Enrolment], Enrolment | None],
    scheme: str | None = None,
) -> None:
    """Put something else, or nothing, in place of the months from first to last, of one scheme or of any.

    `instead` gets the part of a spell that lies within them. Spells only ever shrink before another is
    entered, so that no month is ever held twice.
    """
    met = person.enrolments.filter(Q(last_month__isnull=True) | Q(last_month__gte=first))
    if last is not None:
        met = met.filter(first_month__lte=last)
    if scheme is not None:
        met = met.filter(scheme=scheme)
    for spell in met.order_by("first_month"):
        goes_on = last is not None and (spell.last_month is None or spell.last_month > last)
        begins, ends = max(first, spell.first_month), last if goes_on else spell.last_month
        within = instead(copy_of(spell, first_month=begins, last_month=ends))
        if within is not None and terms_of(within) == terms_of(spell):
            continue
        rest = copy_of(spell, first_month=last + 1, last_month=spell.last_month) if goes_on else None
        parts = [part for part in (within, rest) if part is not None]
        if spell.first_month < first:
            spell.last_month = first - 1
            save(spell)
        elif parts:
            parts[0].pk, parts[0]._state.adding = spell.pk, False
        else:
            spell.delete()
        for part in parts:
            save(part)


def terms_of(spell: Enrolment) -> tuple:
    """As what somebody is insured, apart from when."""
    return (
        spell.scheme,
        spell.status,
        spell.retirement_group,
        spell.base,
        spell.employer_id,
        spell.county_id,
    )


def copy_of(spell: Enrolment, **values) -> Enrolment:
    """The same terms for other months, yet to be saved."""
    columns = {field.attname: getattr(spell, field.attname) for field in Enrolment._meta.concrete_fields}
    return Enrolment(**columns | {"id": None} | values)


def save(spell: Enrolment) -> None:
    """Checked as a form would check it; raises ValidationError."""
    spell.full_clean(validate_constraints=False)
    # Of an open spell those with its last month are left to the database: they could not be asked for null.
    spell.validate_constraints(exclude=["last_month"] if spell.last_month is None else None)
    spell.save()


def _set(person: Person, first: Month, last: Month | None, **terms) -> None:
    """The terms hold in the months of the scheme in which the person is in the first of them."""

    def with_terms(spell: Enrolment) -> Enrolment:
        for name, value in terms.items():
            setattr(spell, name, value)
        return spell

    scheme = insured_in(person, first).scheme
    replace(person, first, _in_order(first, last), scheme=scheme, instead=with_terms)


def _in_order(first: Month, last: Month | None) -> Month | None:
    if last is not None and last < first:
        raise ValidationError({"last": _("The last month is before the first.")})
    return last
