"""Deposits that a year end held: given back once the score or the scale is there (Shaoguan 9(2)3)."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AccountKind, TransferKind
from accounts.vouchers import Move, account_of, hold, post, transfers_of
from facilities.models import Assessment
from office.models import RunState, Staff
from office.policy import pack_of, policy_in_force
from policies.capitation import capitation_terms
from policies.money import ZERO
from settlement.models import DepositRelease, YearEnd
from settlement.purses import given_back
from settlement.year_end import months_of_year, released_of


def standing_release(line: YearEnd) -> DepositRelease | None:
    return line.releases.filter(undone_by=None).first()


def held(line: YearEnd) -> bool:
    """Whether the deposit of a posted year is still held."""
    return line.run.state == RunState.POSTED and line.released is None and standing_release(line) is None


def releasable(line: YearEnd) -> tuple[Decimal, Decimal]:
    """The score, and what it gives back by the rules as they are now; raises ValidationError."""
    scored = Assessment.objects.scored().filter(
        facility=line.facility_id, year=line.run.period.year, signed_at__isnull=False
    )
    score = scored.values_list("total", flat=True).first()
    if score is None:
        raise ValidationError(_("The facility's assessment of the year is not signed off yet."))
    _first, last = months_of_year(line.run)
    terms = capitation_terms(pack_of(policy_in_force(scheme=line.run.scheme, month=last)), last)
    released = released_of(line.deposit, score=score, terms=terms)
    if released is None:
        raise ValidationError(
            _("The scale by which deposits are given back is not entered yet (article %(article)s).")
            % {"article": terms.deposit_article}
        )
    return score, released


@transaction.atomic
def release(line: YearEnd, *, by: Staff) -> DepositRelease:
    """Give back what the score gives back, and leave the rest with the pool; raises ValidationError."""
    line = YearEnd.objects.select_for_update(of=("self",)).select_related("run").get(pk=line.pk)
    if not held(line):
        raise ValidationError(_("No deposit of this year is held."))
    score, released = releasable(line)
    scheme, facility = line.run.scheme, line.facility
    deposit = account_of(facility, scheme=scheme, kind=AccountKind.DEPOSIT)
    parts = (
        (account_of(facility, scheme=scheme, kind=AccountKind.PAYABLE), released),
        (account_of(None, scheme=scheme, kind=AccountKind.POOL), line.deposit - released),
    )
    hold(deposit, *(account for account, _amount in parts))
    made = DepositRelease.objects.create(
        year_end=line, score=score, released=released, kept=line.deposit - released, by=by
    )
    moves = [
        Move(debit=deposit, credit=account, amount=amount, kind=TransferKind.DEPOSIT, covers=line.run.period)
        for account, amount in parts
        if amount > ZERO
    ]
    post(moves, source=made)
    return made


@transaction.atomic
def take_back(line: YearEnd, *, by: Staff, reason: str) -> None:
    """Hold the deposit again; raises ValidationError."""
    made = line.releases.select_for_update().filter(undone_by=None).first()
    if made is None:
        raise ValidationError(_("No deposit of this year was released late."))
    transfers = list(transfers_of(made).select_related("debit", "credit"))
    hold(*(transfer.debit for transfer in transfers), *(transfer.credit for transfer in transfers))
    post([given_back(transfer) for transfer in transfers], source=made)
    made.undone_by, made.undone_because = by, reason
    made.save(update_fields=["undone_by", "undone_because"])
