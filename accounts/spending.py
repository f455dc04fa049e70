"""What personal accounts pay: the own account first, then those relatives granted, the rest is cash.

    with transaction.atomic():
        found = payers(person=patient, scheme="310", on=day)
        shares = split(asked, balances(found))
        voucher = pay(shares, to=payable, source=visit)

`post_use` does all of it for a purchase or premium entered by itself, with the rules of its purpose. What a
visit's account part pays goes the same way, by `pay`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import (
    Account,
    AccountKind,
    AccountUse,
    TransferKind,
    UseShare,
    Voucher,
)
from accounts.purposes import demand_payee, demand_purpose
from accounts.vouchers import Move, account_of, hold, numbers_of, post
from facilities.models import Facility
from insured.models import FamilyLink, Person, Relation
from office.models import Staff
from office.policy import newest_version, pack_of

NOTHING = Decimal("0.00")
# Of the transfer from the own account, and of those from relatives'.
KINDS = (TransferKind.SPENDING, TransferKind.FAMILY)


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that may pay: `relation` is what the patient is to its holder, `self` for the own one.

    The account may be of a county out of sight: it has its number, kind and scheme, and no more.
    """

    account: Account
    relation: str
    link_id: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one payer pays, above zero."""

    payer: Payer
    amount: Decimal


def payers(
    *,
    person: Person,
    scheme: str,
    on: date,
    relations: Iterable[str] = ("self", *Relation.values),
    link: FamilyLink | None = None,
) -> list[Payer]:
    """The accounts that may pay for a person on a day, in order: the own one, then those of relatives, the
    longest granted first (Honghe 22). Nobody's where the person had died before; no account of the dead.

    `relations` are those the rules allow for the purpose. With a `link` to a relative insured elsewhere only
    that link's holder pays.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select account, holder, link, relation from accounts_payers(%s, %s, %s, %s)",
            [person.pk, scheme, on, link and link.pk],
        )
        rows = cursor.fetchall()
    return [
        Payer(
            account=Account(pk=account, kind=AccountKind.PERSON, scheme=scheme, person_id=holder),
            relation=relation,
            link_id=link_id,
        )
        for account, holder, link_id, relation in rows
        if relation in relations
    ]


def balances(found: Sequence[Payer]) -> list[tuple[Payer, Decimal]]:
    """Hold the payers' accounts until the transaction ends; each with what it has."""
    held = hold(*(payer.account for payer in found)) if found else {}
    return [(payer, held[payer.account.pk]) for payer in found]


def split(amount: Decimal, found: Sequence[tuple[Payer, Decimal]]) -> list[Share]:
    """Who pays how much of an amount, in their order, each as far as the balance goes; the rest is cash."""
    shares, left = [], amount
    for payer, balance in found:
        taken = min(left, balance)
        if taken > 0:
            shares.append(Share(payer, taken))
            left -= taken
    assert left >= 0 and sum((share.amount for share in shares), left) == amount
    return shares


def pay(
    shares: Sequence[Share],
    *,
    to: Account,
    source: models.Model,
    kinds: tuple[TransferKind, TransferKind] = KINDS,
) -> Voucher | None:
    """Post the shares as one voucher of the source, a transfer each in their order; None when there are none.

    `kinds` are those of the own account's transfer and of relatives'.
    """
    own, family = kinds
    moves = [
        Move(
            debit=share.payer.account,
            credit=to,
            amount=share.amount,
            kind=own if share.payer.relation == "self" else family,
        )
        for share in shares
    ]
    return post(moves, source=source) if moves else None


def parts(shares: Sequence[Share], *, of: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Of an amount: what the own account pays, what relatives' pay, what is cash."""
    own = sum((share.amount for share in shares if share.payer.relation == "self"), NOTHING)
    family = sum((share.amount for share in shares if share.payer.relation != "self"), NOTHING)
    return own, family, of - own - family


@transaction.atomic
def post_use(
    *,
    person: Person,
    scheme: str,
    purpose: str,
    day: date,
    amount: Decimal,
    by: Staff | None,
    facility: Facility | None = None,
    bill_number: str = "",
    link: FamilyLink | None = None,
) -> AccountUse:
    """Enter a use and post what accounts pay of it: to the facility, or to the fund's collected premiums.

    Raises ValidationError, with the article where the rules refuse it.
    """
    if day > timezone.localdate():
        raise ValidationError({"day": _("This day is still to come.")})
    allowed = demand_purpose(pack_of(newest_version(scheme=scheme)), purpose=purpose, day=day)
    demand_payee(allowed, facility=facility)
    demand_contract(facility, day=day)
    demand_link_of(person, link=link, day=day)
    found = payers(person=person, scheme=scheme, on=day, relations=allowed, link=link)
    if not found:
        raise ValidationError(
            _("There is no account that may pay this: neither an own one nor one granted by a relative.")
        )
    shares = split(amount, balances(found))
    own, family, cash = parts(shares, of=amount)
    use = AccountUse(
        person=person,
        link=link,
        scheme=scheme,
        purpose=purpose,
        article=allowed[(shares[0].payer if shares else found[0]).relation].article,
        facility=facility,
        day=day,
        bill_number=bill_number.strip(),
        amount=amount,
        own_part=own,
        family_part=family,
        cash_part=cash,
        entered_by=by,
    )
    use.validate_constraints()
    try:
        with transaction.atomic():
            use.save()
    except IntegrityError as error:  # somebody else entered it in this moment
        raise ValidationError(_("This bill is entered already.")) from error
    to = payee(use)
    if shares:
        demand_one_in_sight([to, *(share.payer.account for share in shares)])
    use.voucher = pay(shares, to=to, source=use, kinds=KINDS if facility else (TransferKind.PREMIUM,) * 2)
    AccountUse.objects.filter(pk=use.pk).update(voucher=use.voucher)
    UseShare.objects.bulk_create(
        UseShare(
            use=use,
            place=place,
            account_id=share.payer.account.pk,
            link_id=share.payer.link_id,
            amount=share.amount,
            transfer_id=transfer,
        )
        for place, (share, transfer) in enumerate(
            zip(shares, numbers_of(use.voucher) if use.voucher else [], strict=True)
        )
    )
    return use


def payee(use: AccountUse) -> Account:
    """The account a use is paid to: the facility's, or that of the premiums the fund collects."""
    if use.facility is None:
        return account_of(None, scheme=use.scheme, kind=AccountKind.PREMIUMS)
    return account_of(use.facility, scheme=use.scheme, kind=AccountKind.PAYABLE)


def demand_one_in_sight(accounts: Sequence[Account]) -> None:
    """Raise ValidationError where money would move in counties alone that the page does not work for."""
    owned = Account.objects.exclude(person=None, facility=None)
    if not owned.filter(pk__in=[account.pk for account in accounts]).exists():
        raise ValidationError(
            _("The accounts that would pay belong to another county: have it entered there, or by the city.")
        )


def demand_contract(facility: Facility | None, *, day: date) -> None:
    """Raise ValidationError unless the facility works under an agreement on the day."""
    if facility is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from facilities_contracted where facility_id = %s and days @> %s::date"
            " and kind in ('account', 'outpatient'))",
            [facility.pk, day],
        )
        [there] = cursor.fetchone()
    if not there:
        raise ValidationError(
            {"facility": _("The facility has no agreement in force on %(day)s.") % {"day": day}}
        )


def demand_link_of(person: Person, *, link: FamilyLink | None, day: date) -> None:
    """Raise ValidationError unless the link is the person's to a relative insured elsewhere, on the day."""
    if link is None:
        return
    lasts = link.first_day <= day and (link.last_day is None or day <= link.last_day)
    if link.person_id != person.pk or link.relative_id is not None or not lasts:
        raise ValidationError({"link": _("This relative may not use the account on %(day)s.") % {"day": day}})
