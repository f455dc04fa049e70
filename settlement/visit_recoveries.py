"""Misuse of a visit that was paid: proposed by one, agreed to by another, then owed by facility or person.

receivable of facility or person -> pool, at most what the fund paid less what was deducted and recovered
before (Shaoguan 12, 13). What is owed is repaid, set against payment orders or written off as any receivable.
"""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountKind, TransferKind
from accounts.vouchers import Move, account_of, hold, post
from office.models import Staff
from policies.month import Month
from settlement.models import (
    Debtor,
    StatementLine,
    StatementState,
    Visit,
    VisitRecovery,
    VisitRecoveryState,
)
from settlement.statements import room_of


def line_of(visit: Visit) -> StatementLine | None:
    """Where the visit stands on a posted statement."""
    stated = StatementLine.objects.filter(visit=visit, live=True, statement__state=StatementState.POSTED)
    return stated.select_related("statement__facility").first()


@transaction.atomic
def propose(
    visit: Visit, *, debtor: Debtor, amount: Decimal, reason: str, evidence: str, by: Staff
) -> VisitRecovery:
    """Ask that `amount` yuan be recovered; nothing is posted yet. Raises ValidationError, as all here do."""
    line = line_of(visit)
    if line is None:
        raise ValidationError(_("Nothing was paid for this visit yet: deduct it from the statement."))
    if (left := room_of(visit)) < amount:
        raise ValidationError({"amount": _("Of this visit %(left)s yuan can be recovered.") % {"left": left}})
    owner = line.statement.facility if debtor == Debtor.FACILITY else visit.person
    try:
        with transaction.atomic():
            return VisitRecovery.objects.create(
                visit=visit,
                debtor=debtor,
                account=account_of(owner, scheme=visit.scheme, kind=AccountKind.RECEIVABLE),
                amount=amount,
                reason=reason,
                evidence=evidence,
                entered_by=by,
            )
    except IntegrityError:
        raise ValidationError(_("It contradicts what was saved meanwhile. Look again and repeat.")) from None


@transaction.atomic
def agree(recovery: VisitRecovery, *, by: Staff) -> None:
    """Post what was proposed; never by who proposed it, under whatever sign-in."""
    recovery = _proposed(recovery, by=by)
    if room_of(recovery.visit) < 0:
        raise ValidationError(_("The visit was taken back meanwhile: reject this."))
    pool = account_of(None, scheme=recovery.visit.scheme, kind=AccountKind.POOL)
    hold(recovery.account, pool)
    _decide(recovery, VisitRecoveryState.POSTED, by=by)
    move = Move(
        debit=recovery.account,
        credit=pool,
        amount=recovery.amount,
        kind=TransferKind.RECOVERY,
        covers=Month.of(timezone.localtime(recovery.visit.at).date()),
    )
    post([move], source=recovery)


@transaction.atomic
def reject(recovery: VisitRecovery, *, by: Staff) -> None:
    """The proposal stays on record; another one may be made."""
    _decide(_proposed(recovery, by=by), VisitRecoveryState.REJECTED, by=by)


def _proposed(recovery: VisitRecovery, *, by: Staff) -> VisitRecovery:
    found = VisitRecovery.objects.select_for_update(of=["self"]).select_related(
        "visit", "account", "entered_by"
    )
    recovery = found.get(pk=recovery.pk)
    if recovery.state != VisitRecoveryState.PROPOSED:
        raise ValidationError(_("This is decided already."))
    if recovery.entered_by.person_key == by.person_key:
        raise ValidationError(_("Who proposed a recovery does not decide on it."))
    return recovery


def _decide(recovery: VisitRecovery, state: VisitRecoveryState, *, by: Staff) -> None:
    recovery.state, recovery.decided_by, recovery.decided_at = state, by, timezone.now()
    recovery.save(update_fields=["state", "decided_by", "decided_at"])
