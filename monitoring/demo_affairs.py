"""What single people of the made-up city come to the counter for, done as the clerks' pages do it."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import applications
from accounts.applications import Payee
from accounts.models import AccountKind
from facilities.models import Facility
from insured.models import CertifiedDisease, FamilyLink, Filing, Person, Relation
from insured.models.entitlement import FilingKind
from office.policy import newest_version, pack_of
from policies.month import Month
from settlement import batches, claims
from settlement.claim_rules import documents_of, reasons_on
from settlement.models import Claim, ClaimState, Visit, VisitBatch

LINKS_A_MONTH = 3
FILINGS_A_MONTH = 2
DISEASES = (
    ("chronic", "M03900", "高血压"),
    ("chronic", "M01600", "糖尿病"),
    ("special", "M00500", "恶性肿瘤"),
)
DESTINATIONS = (("440100", "广州市"), ("310100", "上海市"), ("110100", "北京市"), ("440300", "深圳市"))
HOSPITAL_ELSEWHERE = "市外某三级医院"
CLAIM_SIGNERS = {"check": "checker", "review": "reviewer", "audit": "auditor"}
CARD = "6222021234567890128"


@transaction.atomic
def at_the_counter(*, scheme: str, month: Month, seed: int, hands, last: bool) -> None:
    """A month's small affairs; of the `last` month claims and payouts are still on their way."""
    rng = random.Random(f"{seed} {month} counter {scheme}")
    enter_links(rng, scheme=scheme, day=month.first_day)
    enter_filings(rng, scheme=scheme, day=month.first_day)
    certify(rng, scheme=scheme, day=month.first_day)
    claim(rng, scheme=scheme, month=month, hands=hands, decided=not last)
    pay_out(scheme=scheme, hands=hands, done=not last)


def some(rng: random.Random, people: QuerySet[Person], count: int) -> list[Person]:
    found = list(people.order_by("pk").values_list("pk", flat=True))
    return list(people.filter(pk__in=rng.sample(found, min(count, len(found)))).order_by("pk"))


def insured_on(day: date, *, scheme: str) -> QuerySet[Person]:
    return Person.objects.filter(
        died_on=None,
        enrolments__scheme=scheme,
        enrolments__last_month=None,
        enrolments__first_month__lte=Month.of(day),
    )


def enter_links(rng: random.Random, *, scheme: str, day: date) -> None:
    """Spouses whose accounts may be used for each other, where the rules allow it."""
    if not pack_of(newest_version(scheme=scheme)).account_uses:
        return
    free = insured_on(day, scheme=scheme).filter(family_links=None, family_links_to=None)
    people = some(rng, free, 2 * LINKS_A_MONTH)
    for holder, relative in zip(people[::2], people[1::2], strict=False):
        saved(FamilyLink(person=holder, relative=relative, relation=Relation.SPOUSE, first_day=day))


def enter_filings(rng: random.Random, *, scheme: str, day: date) -> None:
    for person in some(rng, insured_on(day, scheme=scheme).filter(filings=None), FILINGS_A_MONTH):
        code, name = rng.choice(DESTINATIONS)
        kind = FilingKind.RESETTLED if rng.random() < 0.5 else FilingKind.RESIDENT
        saved(Filing(person=person, kind=kind, destination_code=code, destination=name, first_day=day))


def certify(rng: random.Random, *, scheme: str, day: date) -> None:
    for person in some(rng, insured_on(day, scheme=scheme).filter(certified_diseases=None), 1):
        kind, code, name = rng.choice(DISEASES)
        saved(
            CertifiedDisease(person=person, kind=kind, code=code, name=name, first_day=day, evidence="认定表")
        )


def certified(*, scheme: str) -> list[tuple[str, str]]:
    """Document number and disease code of all who have a certified disease."""
    known = CertifiedDisease.objects.filter(person__enrolments__scheme=scheme).select_related("person")
    return sorted({(disease.person.document_number, disease.code) for disease in known})


def saved(record) -> None:
    record.full_clean()
    record.save()


def claim(rng: random.Random, *, scheme: str, month: Month, hands, decided: bool) -> Claim | None:
    """A receipt from a hospital elsewhere, of somebody who has filed; paid, or still in review."""
    today = timezone.localdate()
    reasons = reasons_on(today, scheme=scheme)
    people = some(rng, insured_on(today, scheme=scheme).exclude(filings=None), 1)
    if not reasons or not people:
        return None
    [person] = people
    asked = Claim(
        person=person,
        scheme=scheme,
        reason=reasons[0],
        received_on=today,
        payee_name=person.name,
        bank_name="中国工商银行",
        entered_by=hands["clerk"],
    )
    asked.pay_into(CARD)
    claims.demand_acceptable(asked)
    asked.save()
    cost = Decimal(rng.randrange(30_000, 250_000)) / 100
    day = month.first_day + timedelta(days=rng.randrange(20))
    visit = Visit(
        bill=f"PJ{month.first_day:%Y%m}{rng.randrange(10**6):06d}",
        facility=hospital_elsewhere(),
        at=timezone.make_aware(datetime.combine(day, time(10))),
        category="outpatient",
        total=cost,
        eligible=cost,
    )
    claims.add_receipt(asked, visit, by=hands["clerk"])
    for batch in VisitBatch.objects.filter(settled_at=None, kind="claim"):
        batches.settle(batch.pk)
    claims.tick_documents(asked, received=documents_of(asked).figure, by=hands["clerk"])
    asked = claims.hand_in(asked)
    while decided and asked.state == ClaimState.HANDED_IN:
        asked = claims.sign(asked, by=hands[CLAIM_SIGNERS[claims.next_step(asked)]])
    return asked


def hospital_elsewhere() -> Facility:
    found = Facility.objects.filter(name=HOSPITAL_ELSEWHERE).first()
    return found or claims.facility_named(HOSPITAL_ELSEWHERE, level="tertiary", county=None)


def pay_out(*, scheme: str, hands, done: bool) -> None:
    """The account of one who died goes to the heirs, once nothing else stands in the way."""
    died = Person.objects.filter(
        died_on__isnull=False,
        accounts__scheme=scheme,
        accounts__kind=AccountKind.PERSON,
        accounts__closed_on=None,
        accounts__balance__gt=0,
        accounts__applications=None,
    )
    person = died.order_by("pk").first()
    if person is None:
        return
    account = person.accounts.get(scheme=scheme, kind=AccountKind.PERSON)
    for rule in applications.kinds_open_to(account):
        if "heirs" not in rule.ways:
            continue
        applied = applications.apply(
            account,
            kind=rule.code,
            way="heirs",
            evidence={code: (f"{code}-01", None) for code in rule.ways["heirs"]},
            payees=[Payee(name="继承人", bank_name="中国工商银行", bank_account=CARD)],
            by=hands["clerk"],
        )
        if done:
            for role in ("reviewer", "finance_accountant"):
                applied = applications.sign(applied, by=hands[role])
        return
