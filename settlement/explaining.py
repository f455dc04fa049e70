"""Why a visit came to what it did: the adjudicator asked again, from the facts and counters kept with it."""

from dataclasses import dataclass, field

from django.utils import timezone

from insured.models import Person
from office.models import PolicyVersion
from office.policy import policy_in_force
from policies.adjudicate import Step, adjudicate
from policies.adjudicate import Visit as Cost
from policies.month import Month
from policies.rooms import Room, rooms_of
from settlement.models import Accumulator, Visit, VisitCategory, VisitOutcome, VisitState
from settlement.rulings import Facts, Rules, article_of_gate, book_of, terms_of


@dataclass(kw_only=True)
class Explained:
    """Steps with amounts in 分, what each limit and deductible leaves after the visit, and whether all this
    comes to what was settled. missing: (parameter, article) that keep the visit on hold."""

    steps: list[Step] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    missing: tuple[tuple[str, str], ...] = ()
    matches: bool = True


def explain(visit: Visit, outcome: VisitOutcome) -> Explained:
    if outcome.state == VisitState.REVERSED:
        return Explained()
    version = PolicyVersion.objects.get(pk=outcome.policy_id)
    ruling = Rules(visit.scheme, version=version).ruling(facts_of(visit, outcome))
    if ruling.gate is not None:
        article = article_of_gate(version, gate=ruling.gate, category=ruling.category)
        matches = (outcome.state, outcome.reason) == (VisitState.DENIED, ruling.gate)
        return Explained(steps=[Step(article, ruling.gate, 0)], matches=matches)
    steps: list[Step] = []
    found = adjudicate(cost_of(visit), ruling.terms, outcome.before, steps)
    if found.state == "held":
        return Explained(missing=found.missing, matches=outcome.state == VisitState.HELD)
    after = dict(outcome.before)
    for counter, amount in found.delta.items():
        after[counter] = after.get(counter, 0) + amount
    settled = (outcome.state, fen(outcome.fund), fen(outcome.deductible), outcome.delta)
    return Explained(
        steps=steps,
        rooms=rooms_of(ruling.terms, after, drug=visit.drug or None),
        matches=settled == (found.state, found.fund, found.deductible, dict(found.delta)),
    )


def fen(amount) -> int | None:
    return None if amount is None else int(amount.scaleb(2))


def cost_of(visit: Visit) -> Cost:
    return Cost(
        fen(visit.total),
        fen(visit.eligible),
        fen(visit.consultation_fee),
        fen(visit.diagnosis_fee),
        visit.drug or None,
    )


def facts_of(visit: Visit, outcome: VisitOutcome) -> Facts:
    """The facts as they were found when the visit was settled."""

    def flag(value: bool) -> str:
        return "t" if value else "f"

    return Facts(
        day=str(timezone.localtime(visit.at).date()),
        category=outcome.category,
        disease=visit.disease,
        gate=visit.gate,
        emergency=flag(visit.emergency or visit.category == VisitCategory.EMERGENCY),
        admitted=flag(visit.admitted),
        pharmacy=flag(visit.category == VisitCategory.PHARMACY),
        accounts_contracted="f",  # who pays the person's part is no step of the rules
        level=outcome.level,
        station=flag(outcome.station),
        locality=outcome.locality,
        status=outcome.status,
        selected=flag(outcome.selected),
        selected_month=outcome.selected_month and str(outcome.selected_month),
        referred=flag(outcome.referred),
        newborn=flag(outcome.newborn),
        diseases=outcome.diseases,
        found=outcome.found,
        birth_date=outcome.birth_date and str(outcome.birth_date),
    )


def rooms_of_year(person: Person, *, scheme: str, year: int) -> list[Room]:
    """What somebody used and has left of each limit of a year, as the person is insured now, or was last.

    Counters that no rule of today names are told without a limit.
    """
    today = timezone.localdate()
    day = min(today, today.replace(year=year, month=12, day=31)) if year <= today.year else today
    used = Accumulator.objects.filter(person=person, scheme=scheme, year=year).first()
    used = dict(used.used) if used else {}
    spell = (
        person.enrolments.filter(scheme=scheme, first_month__lte=Month.of(day))
        .order_by("-first_month")
        .first()
    )
    if spell is None:
        return []
    book = book_of(policy_in_force(scheme=scheme, month=Month.of(day)))
    if not book.pack.in_force(day):
        return []
    chosen = person.selections.filter(first_month__gte=Month(day.year, 1), first_month__lte=Month.of(day))
    first = chosen.order_by("first_month").values_list("first_month", flat=True).first()
    on_record = person.certified_diseases.filter(first_day__lte=day).exclude(last_day__lt=day)
    diseases = ",".join(sorted(set(on_record.values_list("code", flat=True))))
    rooms: dict[str, Room] = {}
    for category, spec in book.pack.categories.items():
        if spec.certified and not diseases:
            continue
        facts = Facts(
            day=str(day),
            category=category,
            disease=diseases.partition(",")[0],
            gate="",
            emergency="f",
            admitted="f",
            pharmacy="f",
            accounts_contracted="f",
            level="primary",
            station="f",
            locality="filed" if _out_of_city(book, category) else "local",
            status=spell.status,
            selected="f",
            selected_month=first and str(first.number),
            referred="f",
            newborn="f",
            diseases=diseases,
            found="",
            birth_date=person.birth_date and str(person.birth_date),
        )
        for room in rooms_of(terms_of(book, facts, category=category, day=day), used):
            rooms.setdefault(room.counter, room)
    for counter, amount in used.items():
        kept = rooms.get(counter.partition(":")[0])
        if counter not in rooms and kept is not None:
            rooms[counter] = kept._replace(counter=counter, used=amount)
    return [room for room in rooms.values() if room.most is not None or room.used]


def _out_of_city(book, category: str) -> bool:
    """Whether visits out of the city have a limit of their own, which lies inside the others."""
    return any(
        limit.only_out_of_city for line in book.pack.categories[category].lines for limit in line.limits
    )
