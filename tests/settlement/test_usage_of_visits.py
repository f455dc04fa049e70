"""What a facility used of its quota, by its statements: visits of those who chose it, and their referrals."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from insured.models import Referral
from policies.month import Month
from settlement import statements
from settlement.models import FacilityUsage, Statement
from settlement.usage import demand_unsettled, used
from tests.accounts.test_credit_run import posted, prepared
from tests.cities import rules_of
from tests.population import contract, insure, member, select
from tests.settlement.test_statements import confirmed, hands, signed, visited  # noqa: F401

pytestmark = pytest.mark.django_db
MARCH, APRIL = Month(2024, 3), Month(2024, 4)


def stated(hands, month: Month) -> None:  # noqa: F811
    """Every facility's statement of the month, agreed, signed and posted."""
    for statement in statements.draw_up(scheme="390", month=month, by=hands["clerk"]):
        signed(confirmed(statement), hands)


def usage_of(*months: Month) -> dict:
    return used(scheme="390", first=months[0], last=months[-1], referrals=True)


def test_a_month_is_cleared_by_what_its_statements_say(hands):  # noqa: F811
    """Shaoguan: 70 % at the primary facility; a referral counts where the person chose (9(1)3)."""
    rules_of("shaoguan")
    clinic, hospital = contract(), contract(level="secondary")
    first, second = (insure(status="resident", base=None, scheme="390") for _person in range(2))
    for person in (first, second):
        select(person, clinic, first="2024-01")
    Referral.objects.create(
        person=first,
        issued_by=clinic,
        to_facility=hospital,
        issued_on=date(2024, 3, 1),
        valid_until=date(2024, 3, 31),
        diagnosis="待查",
    )
    visited(first, clinic, "B1", "10.00", "2024-03-05")
    visited(first, hospital, "H1", "5.00", "2024-03-06", 转诊="是")
    visited(second, clinic, "B2", "2.00", "2024-03-07")
    visited(second, hospital, "H2", "20.00", "2024-03-08", 医疗类别="急诊", 急诊="是")
    stated(hands, MARCH)
    # 70 % of 12.00, and of the referral 60 %; the emergency is paid by item.
    assert usage_of(MARCH) == {(clinic.pk, MARCH): Decimal("11.40"), (hospital.pk, MARCH): 0}

    FacilityUsage.objects.create(facility=clinic, scheme="390", year=2024, month=MARCH, actual="99.00")
    assert usage_of(MARCH)[clinic.pk, MARCH] == Decimal("11.40")

    clerk = member("clerk", "run_clerk")
    for month in (Month(2024, 1), Month(2024, 2), MARCH):
        posted(prepared(clerk, kind="prepayment", period=month, scheme="390"))
    [line] = posted(prepared(clerk, kind="clearing", period=MARCH, scheme="390")).clearings.all()
    assert (line.month, line.entitlement, line.actual, line.cleared) == (
        MARCH,
        Decimal("8.00"),
        Decimal("11.40"),
        Decimal("8.00"),
    )

    visited(second, clinic, "R2", "2.00", "2024-04-02", 原单据号="B2")
    visited(first, clinic, "B3", "1.00", "2024-03-30")  # reported late
    stated(hands, APRIL)
    assert usage_of(MARCH, APRIL)[clinic.pk, APRIL] == Decimal("-0.70")
    posted(prepared(clerk, kind="prepayment", period=APRIL, scheme="390"))
    [line] = posted(prepared(clerk, kind="clearing", period=APRIL, scheme="390")).clearings.all()
    assert (line.actual, line.cleared) == (0, 0)


def test_what_is_cleared_by_a_statement_is_neither_undone_nor_entered_otherwise(hands):  # noqa: F811
    rules_of("shaoguan")
    january = Month(2024, 1)
    clinic, person = contract(), insure(status="resident", base=None, scheme="390")
    select(person, clinic, first="2024-01")
    visited(person, clinic, "B1", "10.00", "2024-01-05")
    stated(hands, january)
    entered = FacilityUsage(facility=clinic, scheme="390", year=2024, month=january, actual="1.00")
    with pytest.raises(ValidationError, match="JS"):
        demand_unsettled(entered)

    clerk = member("clerk", "run_clerk")
    for kind in ("prepayment", "clearing"):
        posted(prepared(clerk, kind=kind, period=january, scheme="390"))
    statement = Statement.objects.get()
    statements.ask_to_undo(statement, reason="多报", by=hands["clerk"])
    with pytest.raises(ValidationError, match="2024-01"):
        statements.undo(statement, by=hands["finance_accountant"])
