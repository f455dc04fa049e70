"""What was done about money to be recovered: repaid, offset, moved to the employer, written off."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.ledger import Account, AccountKind
from accounts.models.voucher import Voucher
from insured.models import Employer
from office.fields import MoneyField
from office.models import Staff


class Receivables(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(kind=AccountKind.RECEIVABLE)


class Receivable(Account):
    """An account of money to be recovered from a person, facility or employer; its balance is below zero."""

    objects = Receivables()

    class Meta:
        proxy = True
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        permissions = [
            ("recover_receivable", _("Can enter what was recovered, and propose write-offs")),
            ("write_off_receivable", _("Can approve write-offs of receivables")),
        ]

    @property
    def open_amount(self):
        return -self.balance


class RecoveryKind(models.TextChoices):
    REPAID = "repaid", _("Repaid to the bank")
    OFFSET = "offset", _("Offset against the account")
    MOVED = "moved", _("Moved to the employer")
    WRITE_OFF = "write_off", _("Written off")


class RecoveryState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("recovery", "Proposed")
    POSTED = "posted", pgettext_lazy("recovery", "Posted")
    REJECTED = "rejected", pgettext_lazy("recovery", "Rejected")


class Recovery(models.Model):
    """One act on a receivable. Only a write-off is proposed, and posted when somebody else approves it."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="recoveries", verbose_name=_("receivable")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=RecoveryKind)
    state = models.CharField(_("state"), max_length=8, choices=RecoveryState)
    amount = MoneyField(_("amount"))
    employer = models.ForeignKey(
        Employer,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("employer"),
    )
    reason = models.CharField(_("reason"), max_length=200)
    evidence = models.CharField(_("evidence number"), max_length=100)
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
    decided_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(reason="") & ~Q(evidence=""), name="recovery_is_founded"
            ),
            models.CheckConstraint(
                condition=Q(kind="moved", employer__isnull=False)
                | ~Q(kind="moved") & Q(employer__isnull=True),
                name="recovery_moved_to_an_employer",
            ),
            # That they are two human beings, not two sign-ins, a trigger sees to.
            models.CheckConstraint(
                condition=~Q(kind="write_off") & Q(state="posted", decided_by__isnull=True)
                | Q(kind="write_off", state="proposed", decided_by__isnull=True, entered_by__isnull=False)
                | Q(kind="write_off", state__in=["posted", "rejected"], decided_by__isnull=False)
                & ~Q(decided_by=F("entered_by")),
                name="recovery_written_off_by_two",
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="proposed"), name="recovery_proposed_once"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"
