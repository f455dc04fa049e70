"""Statements of facilities' months: drawn up set-based, agreed, signed, posted, and undone.

    draw_up(scheme="310", month=Month(2023, 3), by=clerk)         all facilities the clerk works for
    send, confirm                                                 the facility's part
    sign                                                          review, audit, release: the last one posts

What is in a quota and what is paid by item follows from the pack, month by month (`capitated`).
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountKind, TransferKind
from accounts.vouchers import Move, account_of, hold, post, transfers_of
from facilities.models import Facility
from office.models import Staff, StepKind
from office.policy import newest_version, pack_of
from office.scope import counties_of, sees
from office.statements import execute, fetch
from policies.month import Month, months_between
from policies.pack import Pack
from policies.values import NotInForce
from settlement.models import PaymentItem, Statement, StatementApproval, StatementLine, StatementState, Visit
from settlement.payment_orders import MAKING_LOCK
from settlement.reconciling import demand_reconciled

# Advisory lock: of two who draw up statements at once the second finds what the first left.
DRAWING_LOCK = 4210
STEPS = (StepKind.REVIEW, StepKind.AUDIT, StepKind.RELEASE)
SIGNED = (StatementState.REVIEWED, StatementState.AUDITED, StatementState.POSTED)
UNDER_WAY = (
    StatementState.SENT,
    StatementState.CONFIRMED,
    StatementState.REVIEWED,
    StatementState.AUDITED,
)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What visits come to, in yuan: `payable` is the fund's part outside quotas, less what was deducted."""

    visits: int
    refunds: int
    fund: Decimal
    in_quota: Decimal
    kept: Decimal
    deducted: Decimal

    @property
    def payable(self) -> Decimal:
        return self.fund - self.in_quota + self.kept - self.deducted


def totals_of(
    lines: Iterable[tuple[bool, Decimal, bool, Decimal]], *, deductions: Iterable[Decimal] = ()
) -> Totals:
    """The totals of lines: whether a refund, fund's part, whether in a quota, taken off the original."""
    lines = list(lines)
    kept = (min(-fund, taken) for refund, fund, in_quota, taken in lines if refund and not in_quota)
    return Totals(
        visits=sum(not refund for refund, *_rest in lines),
        refunds=sum(refund for refund, *_rest in lines),
        fund=sum((fund for _refund, fund, *_rest in lines), Decimal(0)),
        in_quota=sum((fund for _refund, fund, in_quota, _taken in lines if in_quota), Decimal(0)),
        kept=sum(kept, Decimal(0)),
        deducted=sum(deductions, Decimal(0)),
    )


@transaction.atomic
def draw_up(*, scheme: str, month: Month, facility: Facility | None = None, by: Staff) -> list[Statement]:
    """Put every settled visit up to the month's end that is on no statement onto its facility's draft.

    Drafts of the month are drawn up anew; a facility whose statement is under way has what came late on its
    next one. For all facilities somebody works for, or one. Raises ValidationError for a month to come.
    """
    if month > Month.of(timezone.localdate()):
        raise ValidationError(_("%(month)s is still to come.") % {"month": month})
    asked = {
        "scheme": scheme,
        "month": month.first_day,
        "facility": facility and facility.pk,
        "counties": counties_of(by),
    }
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [DRAWING_LOCK])
    pack = pack_of(newest_version(scheme=scheme))
    execute("settlement/statements_cleared", **asked)
    execute(
        "settlement/statements_drawn",
        **asked,
        until=timezone.make_aware(datetime.datetime.combine((month + 1).first_day, datetime.time.min)),
        capitated=[each.first_day for each in capitated(pack, scheme=scheme, until=month)],
        referrals=bool(pack.capitation and pack.capitation.referrals_in_quota),
    )
    execute("settlement/statements_begun", **asked, by=by.pk)
    execute("settlement/statements_filled", **asked)
    drafts = Statement.objects.filter(scheme=scheme, month=month, state=StatementState.DRAFT)
    if facility is not None:
        drafts = drafts.filter(facility=facility)
    if asked["counties"] is not None:
        drafts = drafts.filter(county__in=asked["counties"], office="county")
    _sum_up(drafts, by=by)
    with connection.cursor() as cursor:
        cursor.execute("drop table drawn")
    return list(drafts.select_related("facility").order_by("facility__code"))


def capitated(pack: Pack, *, scheme: str, until: Month) -> list[Month]:
    """The months since the first visit in which a capitation pays for those who selected."""
    first = Visit.objects.filter(scheme=scheme).order_by("at").values_list("at", flat=True).first()
    if first is None or pack.capitation is None:
        return []
    return [
        month
        for month in months_between(Month.of(timezone.localtime(first).date()), until)
        if _mode(pack, month) == "capitation"
    ]


def _mode(pack: Pack, month: Month) -> str | None:
    try:
        return pack.value("settlement_mode", month)
    except NotInForce:
        return None


def _sum_up(drafts: Iterable[Statement], *, by: Staff | None) -> None:
    fetch(
        "settlement/statements_summed",
        statements=[draft.pk for draft in drafts],
        by=by and by.pk,
    )


def send(statement: Statement) -> None:
    """Give it to the facility to be confirmed; what it says stays so from here on."""
    try:
        _step(statement, StatementState.SENT, sent_on=timezone.localdate())
    except IntegrityError:
        raise ValidationError(_("Visits or deductions changed since: draw it up again.")) from None


def confirm(statement: Statement, *, name: str, day: datetime.date, reference: str) -> None:
    """The facility has signed: who did, on which day, and where its signed copy is kept."""
    if day > timezone.localdate() or day < statement.sent_on:
        raise ValidationError({"day": _("It was signed between the day it was sent and today.")})
    _step(
        statement,
        StatementState.CONFIRMED,
        confirmed_name=name,
        confirmed_on=day,
        confirmed_reference=reference,
    )


def reopen(statement: Statement, *, reason: str) -> None:
    """Have it corrected: the facility confirms it anew, and all signatures begin again."""
    if statement.state not in UNDER_WAY:
        raise ValidationError(_("This is over: look at how things stand now."))
    _step(
        statement,
        StatementState.DRAFT,
        reason=reason,
        sent_on=None,
        confirmed_name="",
        confirmed_on=None,
        confirmed_reference="",
    )


def deduct(
    statement: Statement, *, visit: Visit | None, kind: str, amount: Decimal, reason: str, by: Staff
) -> None:
    """Take something off a draft, of a visit or as a lump sum; raises ValidationError beyond what is paid."""
    statement = _held(statement)
    if statement.state != StatementState.DRAFT:
        raise ValidationError(_("Only of a draft something is deducted: have it sent back first."))
    if visit is not None and not statement.lines.filter(visit=visit).exists():
        raise ValidationError({"bill": _("This bill is not on the statement.")})
    try:
        with transaction.atomic():
            statement.deductions.create(visit=visit, kind=kind, amount=amount, reason=reason, entered_by=by)
            _sum_up([statement], by=None)
    except IntegrityError:
        raise ValidationError({"amount": _more_than_paid(statement, visit)}) from None


def _more_than_paid(statement: Statement, visit: Visit | None) -> str:
    if visit is None:
        left = max(statement.payable, Decimal(0))
        return _("Of this statement %(left)s yuan are left to deduct from.") % {"left": left}
    if statement.lines.filter(visit=visit, in_quota=True).exists():
        return _("A capitation pays for this visit: what was misused is recovered instead.")
    return _("For this visit %(left)s yuan are left to deduct from.") % {"left": room_of(visit)}


def take_off_deduction(statement: Statement, *, number: int) -> None:
    """Give up a deduction of a draft."""
    try:
        with transaction.atomic():
            if not statement.deductions.filter(pk=number).delete()[0]:
                raise ValidationError(_("This deduction is not there any more."))
            _sum_up([statement], by=None)
    except IntegrityError:
        raise ValidationError(
            _("The statement is no draft, or the visit was taken back: its refund counts the deduction.")
        ) from None


def room_of(visit: Visit) -> Decimal:
    """What of the fund's part of a visit may still be deducted or recovered, in yuan."""
    with connection.cursor() as cursor:
        cursor.execute("select settlement_room(%s, null)", [visit.pk])
        return Decimal(cursor.fetchone()[0]).scaleb(-2)


def hash_of(statement: Statement) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select settlement_statement_hash(asked) from settlement_statement asked where id = %s",
            [statement.pk],
        )
        return cursor.fetchone()[0]


def signatures_of(statement: Statement) -> list[StatementApproval]:
    """The signatures that count: those of what the statement is now."""
    signed = statement.approvals.filter(hash=hash_of(statement)).select_related("person")
    return list(signed.order_by("number"))


def next_step(statement: Statement) -> StepKind | None:
    """The step that waits to be signed; None where nothing does."""
    waiting = (StatementState.CONFIRMED, StatementState.REVIEWED, StatementState.AUDITED)
    return STEPS[waiting.index(statement.state)] if statement.state in waiting else None


def reaches(statement: Statement, staff: Staff) -> bool:
    """Whether it is theirs to work on: the municipal centre's are the whole city's (Nanchang 34)."""
    return staff.sees_whole_city or (statement.office == "county" and sees(staff, statement.county_id))


def refusal_of(statement: Statement, staff: Staff) -> str:
    """Why somebody may not sign the next step, in words; empty when they may."""
    step = next_step(statement)
    if step is None:
        return _("Nothing waits to be signed.")
    if not (staff.has_perm(f"office.{step}_run") and reaches(statement, staff)):
        return _("%(staff)s may not do this: the role does not allow it.") % {"staff": staff}
    signed = signatures_of(statement)
    if len(signed) != STEPS.index(step):
        return _("What was signed has changed since: send it back.")
    makers = [
        statement.drawn_by,
        *(each.entered_by for each in statement.deductions.select_related("entered_by")),
    ]
    if staff.person_key in {maker.person_key for maker in makers}:
        return _("You drew this up or entered a deduction; somebody else has to sign it.")
    if staff.person_key in {each.person.person_key for each in signed}:
        return _("You have signed another step of this; somebody else has to sign this one.")
    return ""


def seen_of(statement: Statement) -> str:
    """What a page carries, so that only what was looked at is signed."""
    return f"{statement.state} {hash_of(statement)}"


@transaction.atomic
def sign(statement: Statement, *, by: Staff, seen: str | None = None) -> Statement:
    """Sign the next step of what was `seen`; with the last one it is posted. Raises ValidationError."""
    statement = _held(statement)
    if told := refusal_of(statement, by):
        raise ValidationError(told)
    if seen not in (None, seen_of(statement)):
        raise ValidationError(_("This was changed or signed since you looked at it; look again."))
    demand_reconciled(facility_id=statement.facility_id, scheme=statement.scheme, month=statement.month)
    step = next_step(statement)
    number = STEPS.index(step) + 1
    StatementApproval.objects.create(
        statement=statement, number=number, step=step, person=by, hash=hash_of(statement)
    )
    state = SIGNED[number - 1]
    if state == StatementState.POSTED:
        _post(statement)
        _step(statement, state, posted_at=timezone.now())
    else:
        _step(statement, state)
    return statement


def _post(statement: Statement) -> None:
    """One voucher: what is payable is owed to the facility; refunds beyond it the facility owes."""
    amount = statement.payable
    if not amount:
        return
    pool = account_of(None, scheme=statement.scheme, kind=AccountKind.POOL)
    kind = AccountKind.PAYABLE if amount > 0 else AccountKind.RECEIVABLE
    facility = account_of(statement.facility, scheme=statement.scheme, kind=kind)
    hold(pool, facility)
    debit, credit = (pool, facility) if amount > 0 else (facility, pool)
    move = Move(
        debit=debit,
        credit=credit,
        amount=abs(amount),
        kind=TransferKind.SETTLEMENT if amount > 0 else TransferKind.RECOVERY,
        covers=statement.month,
    )
    post([move], source=statement)


def give_up(statement: Statement, *, reason: str) -> None:
    """Drop a draft; its visits go onto the next one drawn up."""
    with transaction.atomic():
        _step(statement, StatementState.UNDONE, reason=reason)
        StatementLine.objects.filter(statement=statement).update(live=False)


def ask_to_undo(statement: Statement, *, reason: str, by: Staff) -> None:
    """Ask finance to take a posted statement back."""
    _step(statement, StatementState.POSTED, undo_asked_by=by, reason=reason)


@transaction.atomic
def undo(statement: Statement, *, by: Staff) -> None:
    """Take back what a posted statement moved, while no payment order pays it; its visits are free again."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [MAKING_LOCK])
    statement = _held(statement)
    if statement.undo_asked_by is None or statement.undo_asked_by.person_key == by.person_key:
        raise ValidationError(_("Somebody else has to ask for it first."))
    transfers = list(transfers_of(statement).select_related("debit", "credit"))
    if PaymentItem.objects.filter(transfer_id__in=[each.pk for each in transfers], live=True).exists():
        raise ValidationError(_("It stands on a payment order: withdraw that first."))
    if _counted_on(statement):
        raise ValidationError(_("A refund on a later statement counts a deduction of this one."))
    balances = hold(*(account for each in transfers for account in (each.debit, each.credit)))
    for each in transfers:
        if each.kind == TransferKind.RECOVERY and -balances[each.debit_id] < each.amount:
            raise ValidationError(_("The facility has paid back part of it by now."))
    if transfers:
        post(
            [
                Move(
                    debit=each.credit,
                    credit=each.debit,
                    amount=each.amount,
                    kind=TransferKind.REVERSAL,
                    covers=each.covers,
                    reverses=each,
                )
                for each in transfers
            ],
            source=statement,
        )
    _step(statement, StatementState.UNDONE, undone_by=by)
    StatementLine.objects.filter(statement=statement).update(live=False)


def _counted_on(statement: Statement) -> bool:
    refunds = Visit.objects.filter(
        reverses__in=statement.deductions.filter(visit__isnull=False).values("visit")
    )
    return StatementLine.objects.filter(visit__in=refunds.values("pk"), live=True).exists()


def _held(statement: Statement) -> Statement:
    return Statement.objects.select_for_update(of=["self"]).select_related("facility").get(pk=statement.pk)


def _step(statement: Statement, state: StatementState, **fields) -> None:
    """From the state somebody saw it in to another; raises ValidationError when it was faster elsewhere."""
    moved = Statement.objects.filter(pk=statement.pk, state=statement.state).update(state=state, **fields)
    if not moved:
        raise ValidationError(_("This was changed meanwhile: look at how things stand now."))
    for name, value in {"state": state, **fields}.items():
        setattr(statement, name, value)
