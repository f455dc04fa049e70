"""Money to be recovered: repaid, offset, moved to the employer, written off by two people."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from accounts import receivables
from accounts.models import Account, AccountKind, Receivable, Recovery, TransferKind
from accounts.verify import verify_books
from accounts.vouchers import Move, account_of, post, transfers_of
from insured.models import Employer
from office.models import Staff
from tests.cities import rules_of
from tests.population import insure, member

WHY = {"reason": "死亡后多计入", "evidence": "追回通知1号"}
pytestmark = pytest.mark.django_db


def owing(amount: str, *, left: str = "0.00") -> Receivable:
    """The receivable of somebody who owes, with so much on the personal account."""
    person = insure()
    own, receivable = (account_of(person, scheme="310", kind=kind) for kind in ("person", "receivable"))
    moves = [Move(debit=receivable, credit=own, amount=Decimal(amount), kind=TransferKind.RECOVERY)]
    taken = Decimal(amount) - Decimal(left)
    if taken:
        bank = account_of(None, scheme="310", kind="bank")
        moves.append(Move(debit=own, credit=bank, amount=taken, kind=TransferKind.SPENDING))
    post(moves, source=person)
    return Receivable.objects.get(pk=receivable.pk)


def open_amount(receivable) -> Decimal:
    return Receivable.objects.get(pk=receivable.pk).open_amount


def test_a_receivable_is_repaid_offset_and_written_off_until_nothing_is_open():
    receivable, clerk, reviewer = owing("100.00", left="20.00"), member("clerk"), member("reviewer")
    back = receivables.repaid(receivable, amount=Decimal("30.00"), by=clerk, **WHY)
    assert [(t.kind, t.debit.kind) for t in transfers_of(back)] == [("recovered", "bank")]
    receivables.offset(receivable, amount=Decimal("20.00"), by=clerk, **WHY)
    assert Account.objects.get(person=receivable.person, kind="person").balance == 0
    assert open_amount(receivable) == Decimal("50.00")
    for wrong in (
        lambda: receivables.repaid(receivable, amount=Decimal("50.01"), by=clerk, **WHY),
        lambda: receivables.repaid(receivable, amount=Decimal("0.00"), by=clerk, **WHY),
        lambda: receivables.offset(receivable, amount=Decimal("0.01"), by=clerk, **WHY),
        lambda: receivables.repaid(receivable, amount=Decimal("1.00"), by=clerk, reason="x", evidence=" "),
        lambda: receivables.propose_write_off(receivable, amount=Decimal("50.01"), by=clerk, **WHY),
        lambda: receivables.approve_write_off(receivable, by=reviewer),
    ):
        with pytest.raises(ValidationError):
            wrong()
    receivables.propose_write_off(receivable, amount=Decimal("50.00"), by=clerk, **WHY)
    with pytest.raises(ValidationError, match="已提出"):
        receivables.propose_write_off(receivable, amount=Decimal("50.00"), by=clerk, **WHY)
    assert open_amount(receivable) == Decimal("50.00")
    gone = receivables.approve_write_off(receivable, by=reviewer)
    assert [(t.kind, t.debit.kind) for t in transfers_of(gone)] == [("write_off", "losses")]
    assert open_amount(receivable) == 0
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_nobody_decides_on_a_write_off_of_their_own_not_even_behind_the_portals_back():
    receivable, clerk = owing("10.00"), member("clerk")
    other_sign_in = member("clerk", "clerk2")
    Staff.objects.filter(pk=other_sign_in.pk).update(person_key=clerk.person_key)
    other_sign_in.refresh_from_db()
    proposed = receivables.propose_write_off(receivable, amount=Decimal("4.00"), by=clerk, **WHY)
    for same in (clerk, other_sign_in):
        with pytest.raises(ValidationError):
            receivables.approve_write_off(receivable, by=same)
        with pytest.raises(IntegrityError), transaction.atomic():
            Recovery.objects.filter(pk=proposed.pk).update(state="posted", decided_by=same)
    with pytest.raises(DatabaseError), transaction.atomic():
        Recovery.objects.filter(pk=proposed.pk).update(amount="9.00")
    receivables.reject_write_off(receivable, by=member("reviewer", "another"))
    assert open_amount(receivable) == Decimal("10.00")
    with pytest.raises(DatabaseError), transaction.atomic():
        Recovery.objects.filter(pk=proposed.pk).update(state="posted")
    receivables.propose_write_off(receivable, amount=Decimal("10.00"), by=clerk, **WHY)


def test_only_where_the_rules_say_so_the_employer_owes_it():
    receivable, employer = owing("40.00"), Employer.objects.create(code="E1", name="测试单位")
    given = {"amount": Decimal("40.00"), "employer": employer, "by": member("clerk"), **WHY}
    with pytest.raises(ValidationError):
        receivables.move_to_employer(receivable, **given)
    rules_of("shijiazhuang")
    assert receivables.recovery_article(receivable) == "16"
    receivables.move_to_employer(receivable, **given)
    theirs = Receivable.objects.get(employer=employer, kind=AccountKind.RECEIVABLE)
    assert (open_amount(receivable), theirs.open_amount) == (0, Decimal("40.00"))
    receivables.repaid(theirs, amount=Decimal("40.00"), by=given["by"], **WHY)
    assert open_amount(theirs) == 0
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_no_money_is_written_off_without_the_two_and_an_employers_is_the_citys():
    receivable = owing("10.00")
    losses = account_of(None, scheme="310", kind="losses")
    move = {"debit": losses, "credit": receivable, "kind": TransferKind.WRITE_OFF}
    agreed = receivables.propose_write_off(receivable, amount=Decimal("4.00"), by=member("clerk"), **WHY)
    for amount in ("4.00", "10.00"):  # proposed only; then for another sum
        with pytest.raises(DatabaseError, match="two people"), transaction.atomic():
            post([Move(amount=Decimal(amount), **move)], source=agreed)
    agreed = receivables.approve_write_off(receivable, by=member("reviewer"))
    for source in (agreed, receivable):  # a second time; on something else
        with pytest.raises(DatabaseError, match="two people"), transaction.atomic():
            post([Move(amount=Decimal("4.00"), **move)], source=source)
    rules_of("shijiazhuang")
    given = {"amount": Decimal("6.00"), **WHY}
    county, employer = (
        member("clerk", "county", counties=("441602",)),
        Employer.objects.create(code="E2", name="单位"),
    )
    receivables.move_to_employer(receivable, employer=employer, by=county, **given)
    theirs = Receivable.objects.get(employer=employer)
    for act in (receivables.repaid, receivables.propose_write_off):
        with pytest.raises(ValidationError, match="市"):
            act(theirs, by=county, **given)
    receivables.repaid(theirs, by=member("clerk", "city"), **given)
