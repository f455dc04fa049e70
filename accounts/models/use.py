"""Uses of personal accounts: one purchase, bill or premium each, who paid which part, what was given back.

    asked = own part + family part + cash part

A use is paid when it is entered. What comes back is a refund: the whole use, whose transfers are reversed,
or a part of it (`spending.py` says in which order).
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.ledger import Account
from accounts.models.voucher import Voucher
from facilities.models import Facility
from insured.models import FamilyLink, Person
from office.fields import MoneyField
from office.models import Scheme, Staff


class UseState(models.TextChoices):
    POSTED = "posted", pgettext_lazy("use", "Posted")
    REVERSED = "reversed", pgettext_lazy("use", "Reversed")


def adds_up(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(amount__gt=0, own_part__gte=0, family_part__gte=0, cash_part__gte=0)
        & Q(amount=F("own_part") + F("family_part") + F("cash_part")),
        name=name,
    )


class AccountUse(models.Model):
    """`amount` yuan asked of the accounts that pay for `person`, for a purpose of the rules' `accounts.uses`.

    For a relative insured elsewhere `link` names the relative, and `person` is the holder who grants the use.
    `article` is the one the purpose was accepted by. Without a facility the money went to the fund's
    collected premiums.
    """

    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="account_uses", verbose_name=_("insured person")
    )
    link = models.ForeignKey(
        FamilyLink,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("relative insured elsewhere"),
    )
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    purpose = models.CharField(pgettext_lazy("use", "purpose"), max_length=40)
    article = models.CharField(_("article"), max_length=40)
    facility = models.ForeignKey(
        Facility, null=True, on_delete=models.PROTECT, related_name="account_uses", verbose_name=_("facility")
    )
    day = models.DateField(_("day"))
    bill_number = models.CharField(_("bill number"), max_length=40, blank=True)
    amount = MoneyField(_("amount"))
    own_part = MoneyField(_("own account"))
    family_part = MoneyField(_("family accounts"))
    cash_part = MoneyField(_("cash"))
    refunded = MoneyField(_("given back"), default=0, db_default=0)
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=UseState,
        default=UseState.POSTED,
        db_default=UseState.POSTED,
    )
    voucher = models.ForeignKey(
        Voucher,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("voucher"),
    )
    entered_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("entered by"),
    )
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now, db_default=Now())

    class Meta:
        verbose_name = _("use of accounts")
        verbose_name_plural = _("uses of accounts")
        permissions = [("refund_accountuse", _("Can give back uses of accounts"))]
        constraints = [
            adds_up("account_use_adds_up"),
            models.CheckConstraint(
                condition=Q(facility__isnull=True) | ~Q(bill_number=""),
                name="account_use_at_a_facility_has_a_bill",
                violation_error_message=_("Give the number of the bill."),
            ),
            models.UniqueConstraint(
                fields=["facility", "bill_number"],
                condition=Q(facility__isnull=False),
                name="account_use_bill_once",
                violation_error_message=_("This bill of the facility is entered already."),
            ),
            models.UniqueConstraint(
                fields=["scheme", "purpose", "bill_number"],
                condition=Q(facility__isnull=True) & ~Q(bill_number=""),
                name="account_use_receipt_once",
                violation_error_message=_("A premium with this number is entered already."),
            ),
            # What is reversed was given back whole and at once, by the reversal alone.
            models.CheckConstraint(
                condition=Q(state="posted", refunded__gte=0, refunded__lte=F("amount"))
                | Q(state="reversed", refunded=F("amount")),
                name="account_use_given_back_once",
            ),
        ]
        indexes = [models.Index(fields=["-day", "-id"], name="account_use_latest")]

    def __str__(self):
        return f"#{self.pk}" if self.pk else ""

    @property
    def open_amount(self):
        """What of the purchase stands."""
        return self.amount - self.refunded


class UseShare(models.Model):
    """What one account paid of a use: the own account first, then those of relatives, in their `place`."""

    use = models.ForeignKey(AccountUse, on_delete=models.PROTECT, related_name="shares")
    place = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    link = models.ForeignKey(
        FamilyLink, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount = MoneyField()
    refunded = MoneyField(default=0, db_default=0)
    transfer_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["use", "place"], name="use_share_in_its_place"),
            models.UniqueConstraint(fields=["transfer_id"], name="use_share_of_transfer"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, refunded__gte=0, refunded__lte=F("amount")),
                name="use_share_given_back_once",
            ),
        ]


class UseRefund(models.Model):
    """What came back of a use: all of it by reversal (`whole`), or a part. Never changed."""

    use = models.ForeignKey(
        AccountUse, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("use of accounts")
    )
    whole = models.BooleanField(_("reversal"))
    bill_number = models.CharField(_("number of the refund bill"), max_length=40, blank=True)
    amount = MoneyField(_("amount"))
    own_part = MoneyField(_("own account"))
    family_part = MoneyField(_("family accounts"))
    cash_part = MoneyField(_("cash"))
    reason = models.CharField(_("reason"), max_length=200)
    voucher = models.ForeignKey(
        Voucher,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("voucher"),
    )
    entered_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("entered by"),
    )
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now, db_default=Now())

    class Meta:
        verbose_name = _("refund of a use")
        verbose_name_plural = _("refunds of uses")
        constraints = [
            adds_up("use_refund_adds_up"),
            models.CheckConstraint(condition=~Q(reason=""), name="use_refund_has_a_reason"),
            models.UniqueConstraint(
                fields=["use", "bill_number"],
                condition=~Q(bill_number=""),
                name="use_refund_bill_once",
                violation_error_message=_("This refund bill is entered already."),
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"
