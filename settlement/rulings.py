"""By which rules a visit is settled: its facts, in words of the records, to its gate or its terms."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from accounts.purposes import purposes_on
from office.models import PolicyVersion
from office.policy import pack_of, policy_number
from policies.adjudicate import Terms
from policies.gates import article_of, first_gate
from policies.month import Month
from policies.terms import TermsBook, settled_as

# Of visits that fail these, the person's part is still an own share. Accounts may pay it where there is an
# agreement for them, and a pharmacy may have no other. What no account ever pays (Heyuan 10, Nanchang 26) is
# barred by the other gates.
STILL_OWN_SHARE = {
    None,
    "facility_not_contracted",
    "not_selected",
    "out_of_area_unfiled",
    "not_certified",
    "category_not_covered",
}


class Facts(NamedTuple):
    """What bill and records say of a visit, as `settlement/visit_facts.sql` gives it: texts, flags as t or f.

    accounts_contracted: whether accounts may pay the facility; found: gates that the records establish;
    diseases: all on record; both with commas between.
    """

    day: str
    category: str
    disease: str
    gate: str
    emergency: str
    admitted: str
    pharmacy: str
    accounts_contracted: str
    level: str
    station: str
    locality: str
    status: str
    selected: str
    selected_month: str | None
    referred: str
    newborn: str
    diseases: str
    found: str
    birth_date: str | None


class Ruling(NamedTuple):
    """How a visit with some facts is settled: barred by a gate, or paid by the terms of a version.

    payers: whose accounts may pay the person's part: what the person is to their holders, `self` for the own.
    """

    policy: int
    category: str
    gate: str | None
    terms: Terms | None
    payers: frozenset[str]


class Rules:
    """The rules of a scheme as visits meet them, by month, or of one version whatever the month."""

    def __init__(self, scheme: str, *, version: PolicyVersion | None = None) -> None:
        self.scheme = scheme
        self.version = None if version is None else (version.pk, book_of(version))
        self._by_month: dict[Month, tuple[int, TermsBook]] = {}

    def version_of(self, day: date) -> tuple[int, TermsBook]:
        """The version of the day by its number on record, and its terms."""
        if self.version is not None:
            return self.version
        month = Month.of(day)
        if month not in self._by_month:
            number, sha256 = policy_number(scheme=self.scheme, month=month)
            self._by_month[month] = number, _book(number, sha256)
        return self._by_month[month]

    def ruling(self, facts: Facts) -> Ruling:
        return _ruling(*self.version_of(date.fromisoformat(facts.day)), facts)


@lru_cache(maxsize=4096)
def _ruling(version: int, book: TermsBook, facts: Facts) -> Ruling:
    day = date.fromisoformat(facts.day)
    category = settled_as(book.pack, facts.category)
    gate = gate_of(book, facts, category=category, day=day)
    terms = None if gate else terms_of(book, facts, category=category, day=day)
    payers = payers_of(book, facts, day=day) if gate in STILL_OWN_SHARE else frozenset()
    return Ruling(version, category, gate, terms, payers)


def gate_of(book: TermsBook, facts: Facts, *, category: str, day: date) -> str | None:
    spec = book.pack.categories.get(category)
    return first_gate(
        book.pack.gates,
        in_force=book.pack.in_force(day),
        covered=spec is not None,
        certified=spec is None or not spec.certified or facts.disease in facts.diseases.split(","),
        level=facts.level,
        locality=facts.locality,
        selected=facts.selected == "t",
        referred=facts.referred == "t",
        emergency=facts.emergency == "t" or facts.category == "emergency",
        newborn=facts.newborn == "t",
        clerk=facts.gate or None,
        found=facts.found.split(",") if facts.found else (),
    )


def terms_of(book: TermsBook, facts: Facts, *, category: str, day: date) -> Terms:
    selected_from = Month(day.year, int(facts.selected_month)) if facts.selected_month else None
    case = book.case(
        day,
        category=category,
        level=facts.level,
        status=facts.status,
        facility_kind="village_station" if facts.station == "t" else None,
        locality=facts.locality,
        selected_from=selected_from,
        born=date.fromisoformat(facts.birth_date) if facts.birth_date else None,
        admitted=facts.admitted == "t",
        disease=facts.disease or None,
        diseases=frozenset(facts.diseases.split(",")) if facts.diseases else frozenset(),
    )
    return book.terms(day, case)


def payers_of(book: TermsBook, facts: Facts, *, day: date) -> frozenset[str]:
    """Whose accounts the rules let pay on the day (Heyuan 9, Nanchang 24); nobody's without an agreement."""
    if facts.accounts_contracted != "t":
        return frozenset()
    purpose = "pharmacy" if facts.pharmacy == "t" else "facility_cost"
    return frozenset(purposes_on(book.pack, day).get(purpose, ()))


def article_of_gate(version: PolicyVersion, *, gate: str, category: str) -> str:
    return article_of(pack_of(version), gate, category)


def book_of(version: PolicyVersion) -> TermsBook:
    """Of a version on record once for all visits; one tried out is on no record."""
    return _book(version.pk, version.sha256) if version.pk else TermsBook(pack_of(version))


@lru_cache(maxsize=32)
def _book(number: int, sha256: str) -> TermsBook:
    """By the digest too: a number may stand for another text once a database was set up anew."""
    return TermsBook(pack_of(PolicyVersion.objects.get(pk=number)))
