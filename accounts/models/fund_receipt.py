"""What comes to the pooled fund by the bank: entered by one, agreed to by another."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.ledger import TransferKind
from office.fields import MoneyField
from office.models import Scheme, Staff


class ReceiptKind(models.TextChoices):
    CONTRIBUTION = "contribution", TransferKind.CONTRIBUTION.label
    SUBSIDY = "subsidy", TransferKind.SUBSIDY.label
    FUND_INTEREST = "fund_interest", TransferKind.FUND_INTEREST.label
    OTHER_INCOME = "other_income", TransferKind.OTHER_INCOME.label


class ReceiptState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("fund receipt", "Proposed")
    POSTED = "posted", pgettext_lazy("fund receipt", "Posted")
    REJECTED = "rejected", pgettext_lazy("fund receipt", "Rejected")


class FundReceipt(models.Model):
    """bank -> pool once agreed to; one that `reverses` another takes it back, whole, in the same way."""

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    kind = models.CharField(_("kind of income"), max_length=16, choices=ReceiptKind)
    day = models.DateField(_("arrived on"))
    amount = MoneyField(_("amount"))
    reference = models.CharField(_("bank reference"), max_length=60)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="reversals",
        verbose_name=_("takes back"),
    )
    state = models.CharField(
        _("state"), max_length=8, choices=ReceiptState, default=ReceiptState.PROPOSED, editable=False
    )
    entered_by = models.ForeignKey(
        Staff,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
        verbose_name=_("entered by"),
    )
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)

    class Meta:
        verbose_name = _("receipt of the fund")
        verbose_name_plural = _("receipts of the fund")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("decide_fundreceipt", _("Can decide on receipts of the fund"))]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_receipt_above_zero"),
            models.CheckConstraint(condition=~Q(reference=""), name="fund_receipt_is_founded"),
            # That they are two human beings, not two sign-ins, a trigger sees to.
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True)
                | Q(state__in=["posted", "rejected"], decided_by__isnull=False),
                name="fund_receipt_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["scheme", "reference"],
                condition=Q(reverses__isnull=True) & ~Q(state="rejected"),
                name="fund_receipt_entered_once",
                violation_error_message=_("A receipt with this bank reference was entered already."),
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reverses__isnull=False) & ~Q(state="rejected"),
                name="fund_receipt_taken_back_once",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.day} #{self.pk}"
