"""In which scheme visits of somebody are settled."""

from insured.models import Person
from office.policy import schemes_here
from policies.month import Month


def scheme_of(person: Person, month: Month) -> str:
    """In which scheme somebody is insured in a month, or else was last; of nobody the city's first."""
    spells = list(person.enrolments.filter(scheme__in=schemes_here()).order_by("-first_month"))
    covering = [s for s in spells if s.first_month <= month and (s.last_month or month) >= month]
    return next(iter([*covering, *spells])).scheme if spells else schemes_here()[0]
