"""Misuse found after a visit was paid: what is to be recovered, and from whom (Shaoguan 12, 13)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Account
from office.fields import MoneyField
from settlement.models.statement import staff
from settlement.models.visit import Visit, bare


class Debtor(models.TextChoices):
    FACILITY = "facility", pgettext_lazy("recovery", "Facility")
    PERSON = "person", pgettext_lazy("recovery", "Insured person")


class VisitRecoveryState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("recovery", "Proposed")
    POSTED = "posted", pgettext_lazy("recovery", "Posted")
    REJECTED = "rejected", pgettext_lazy("recovery", "Rejected")


class VisitRecovery(models.Model):
    """Proposed by one and agreed to by another; then owed on the receivable, where its later life is told."""

    visit = bare(Visit, "recoveries", _("visit"))
    debtor = models.CharField(_("recovered from"), max_length=8, choices=Debtor)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="visit_recoveries", verbose_name=_("receivable")
    )
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    evidence = models.CharField(_("evidence number"), max_length=100)
    state = models.CharField(
        _("state"), max_length=8, choices=VisitRecoveryState, default=VisitRecoveryState.PROPOSED
    )
    entered_by = staff(_("entered by"))
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now)
    decided_by = staff(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("recovery of a visit")
        verbose_name_plural = _("recoveries of visits")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("decide_visitrecovery", _("Can decide on recoveries of visits"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(reason="") & ~Q(evidence=""),
                name="visit_recovery_is_founded",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True)
                | Q(state__in=["posted", "rejected"], decided_by__isnull=False),
                name="visit_recovery_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["visit"], name="visit_recovery_of_visit")]

    def __str__(self):
        return f"{self.get_debtor_display()} {self.amount}"
