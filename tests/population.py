"""Small populations for tests, entered as rows; the import has tests of its own."""

import itertools
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from accounts.models import TransferKind
from accounts.vouchers import Move, account_of, post
from facilities.models import Agreement, Facility
from insured.models import Enrolment, Person, Selection
from office import approvals, runs
from office.chunks import post_chunks
from office.models import County, Run, Staff, StepKind
from policies.month import Month
from settlement import reconciling
from settlement.models import FIGURES, Reconciliation, ReportedTotal

_numbers = itertools.count(1)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def member(role: str, username: str | None = None, *, counties: tuple[str, ...] = ()):
    """Somebody who works in a role, for the whole city or only for some counties."""
    staff = Staff.objects.create_user(
        username or role, password="correct horse 42", display_name=role, whole_city=not counties
    )
    staff.counties.set(County.objects.filter(code__in=counties))
    staff.groups.add(Group.objects.get(name=role))
    staff.is_staff = True
    staff.save()
    return staff


# Whose work each step of approval is.
SIGNERS = {"check": "clerk", "review": "reviewer", "audit": "auditor", "release": "finance_accountant"}


def signer(step: StepKind, *, run: Run) -> Staff:
    """Somebody who may sign the step of the run; engaged where nobody is there for it."""
    waiting = next(each for each in approvals.steps_of(run) if each.kind == step)
    return next(iter(approvals.signers(run, waiting)), None) or member(
        SIGNERS[step], f"signer{next(_numbers)}"
    )


def approved(run: Run) -> Run:
    """A computed run with every step before its release signed, each by somebody else."""
    while (step := approvals.next_step(run)) and step.kind != StepKind.RELEASE:
        runs.approve(run, by=signer(step.kind, run=run), origin="page")
    return run


def released(run: Run) -> Run:
    """An approved run whose posting has been started."""
    step = approvals.next_step(run)
    runs.start_posting(run, by=signer(step.kind, run=run) if step else None, origin="page")
    return run


def posted(run: Run) -> Run:
    """A computed run approved, released and posted."""
    post_chunks(released(approved(run)).pk)
    run.refresh_from_db()
    return run


def identity_card(sequence: int, *, born: date = date(1980, 1, 1), division: str = "441602") -> str:
    """A valid identity card number; `sequence` from 0 to 999."""
    digits = f"{division}{born:%Y%m%d}{sequence:03d}"
    remainder = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11
    return digits + "10X98765432"[remainder]


def insure(
    *,
    status: str = "active",
    base: str | None = "5000.00",
    first: str = "2022-01",
    last: str | None = None,
    scheme: str = "310",
    county: str = "441602",
    group: str = "",
    died_on: date | None = None,
) -> Person:
    """A person with one spell."""
    number = next(_numbers)
    person = Person.of(
        identity_card(number % 1000, born=date(1960 + number // 1000 % 40, 1, 1 + number // 40_000)),
        name=f"测试{number}",
        person_number=f"P{number:08d}",
        died_on=died_on,
    )
    person.save()
    Enrolment.objects.create(
        person=person,
        scheme=scheme,
        status=status,
        retirement_group=group,
        base=None if base is None else Decimal(base),
        county=County.objects.get(code=county),
        first_month=Month.parse(first),
        last_month=last and Month.parse(last),
    )
    person.refresh_from_db()  # the county follows the spell
    return person


def crowd(people: int, *, base: str = "5000") -> None:
    """So many active members with one spell each, by statement; `base` is SQL that may ask for their `id`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "with arrived as ("
            " insert into insured_person"
            " (document_type, document_index, document_sealed, document_tail_index, name, sex)"
            " select '99', decode(md5(n::text), 'hex'), '', '', '居民' || n, ''"
            " from generate_series(1, %s) n returning id)"
            " insert into insured_enrolment"
            " (person_id, scheme, status, retirement_group, base, county_id, first_month)"
            f" select id, '310', 'active', '', {base}, (select min(id) from office_county), '2022-01-01'"
            " from arrived",
            [people],
        )


def contract(
    *, level: str = "primary", kind: str = "hospital", parent: Facility | None = None, years=range(2022, 2026)
) -> Facility:
    """A facility in the city with an outpatient agreement for each of the years."""
    facility = Facility.objects.create(
        code=f"H{next(_numbers):011d}",
        name="测试医院",
        level=level,
        kind=kind,
        parent=parent,
        county=County.objects.get(code="441602"),
    )
    for year in years:
        agree(facility, first=date(year, 1, 1), last=date(year, 12, 31))
    return facility


def agree(facility: Facility, *, first: date, last: date, kind: str = "outpatient") -> Agreement:
    """A signed agreement."""
    return Agreement.objects.create(
        facility=facility, kind=kind, first_day=first, last_day=last, signed_on=first
    )


def select(person: Person, facility: Facility, *, first: str, last: str | None = None, kind: str = "first"):
    month = Month.parse(first)
    return Selection.objects.create(
        person=person,
        facility=facility,
        first_month=month,
        last_month=Month.parse(last) if last else Month(month.year, 12),
        kind=kind,
    )


def reported(facility: Facility, month: Month, *, scheme: str = "310") -> Reconciliation:
    """The facility reports of the month exactly what is on record of it."""
    reconciling.compare(scheme=scheme, month=month, facilities=[facility.pk])
    compared = Reconciliation.objects.get(facility=facility, scheme=scheme, month=month)
    whose = {"facility": facility, "scheme": scheme, "month": month}
    earlier = ReportedTotal.objects.filter(**whose, day=None)
    version = 1 + earlier.count()
    earlier.filter(current=True).update(current=False)
    figures = {name: getattr(compared, name) for name in FIGURES}
    ReportedTotal.objects.create(**whose, version=version, import_id=0, at=timezone.now(), **figures)
    reconciling.compare(scheme=scheme, month=month, facilities=[facility.pk])
    return compared


def spend(person: Person, amount: str, *, scheme: str = "310"):
    """Yuan taken from a personal account and paid out by the bank."""
    own, bank = account_of(person, scheme=scheme), account_of(None, scheme=scheme, kind="bank")
    taken = Move(debit=own, credit=bank, amount=Decimal(amount), kind=TransferKind.SPENDING)
    return post([taken], source=person)


def fund(person: Person, amount: str, *, scheme: str = "310"):
    """Yuan brought to a personal account from elsewhere."""
    own, moving = account_of(person, scheme=scheme), account_of(None, scheme=scheme, kind="moving")
    brought = Move(debit=moving, credit=own, amount=Decimal(amount), kind=TransferKind.TRANSFER_IN)
    return post([brought], source=person)
