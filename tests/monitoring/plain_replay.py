"""A year's visits settled again one by one with the public adjudicator; it knows nothing of the trial."""

from collections import defaultdict

from office.models import PolicyVersion
from office.policy import sha256_of
from policies.adjudicate import adjudicate, book, unbook
from settlement.explaining import cost_of, facts_of, fen
from settlement.models import Visit
from settlement.rulings import Rules


def stored() -> int:
    """What the fund paid for all visits, in 分."""
    return sum(fen(visit.outcome.fund) or 0 for visit in Visit.objects.select_related("outcome"))


def plain_replay(document: str) -> dict[int, int]:
    """What the fund would pay for each person's visits under the document, in 分."""
    rules = Rules("", version=PolicyVersion(document=document, sha256=sha256_of(document)))
    used, kept, paid = defaultdict(dict), {}, defaultdict(int)
    visits = Visit.objects.select_related("outcome__chunk").order_by(
        "outcome__chunk__settled_at", "outcome__chunk", "at", "row", "pk"
    )
    for visit in visits:
        mine = used[visit.person_id]
        if visit.reverses_id:
            unbook(mine, kept[visit.reverses_id])
            paid[visit.person_id] -= kept[visit.reverses_id].fund
            continue
        ruling = rules.ruling(facts_of(visit, visit.outcome))
        cost = cost_of(visit)._replace(gate=ruling.gate)
        kept[visit.pk] = outcome = adjudicate(cost, ruling.terms, mine)
        book(mine, outcome)
        paid[visit.person_id] += outcome.fund
    return dict(paid)
