"""Late news about months of an account that is closed, settled with the person or the heirs."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.ledger import Account
from accounts.models.voucher import Voucher
from office.fields import MoneyField
from office.models import Staff


class LateSettlement(models.Model):
    """`amount` yuan were credited too much, to be recovered; below zero they are owed still."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="late_settlements", verbose_name=_("account")
    )
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    evidence = models.CharField(_("evidence number"), max_length=100)
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
        verbose_name = _("late news settled after closing")
        verbose_name_plural = _("late news settled after closing")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(evidence=""), name="late_settlement_is_founded"
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk}"

    @property
    def voucher(self) -> Voucher | None:
        return Voucher.objects.filter(source=self._meta.label_lower, source_id=self.pk).first()
