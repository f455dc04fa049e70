"""Who has to agree to a run, in which order; who has agreed; who acts for whom; who has seen it.

Steps are signed in order by different people, none of whom prepared the run. Every signature is bound to a
hash of all that the run is, worked out by the database (`office_approval_hash`), which also refuses any
change of state that lacks them (migration 0012).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office.models.agency import Staff
from office.models.run import Run, RunKindName, StepKind


class ApprovalChain(models.Model):
    """The steps runs of a kind go through from now on; a computed run keeps those it was computed under."""

    kind = models.CharField(_("kind"), max_length=20, choices=RunKindName, unique=True)
    steps = ArrayField(models.CharField(max_length=10, choices=StepKind), verbose_name=_("steps"))

    class Meta:
        verbose_name = _("approval chain")
        verbose_name_plural = _("approval chains")

    def __str__(self):
        return self.get_kind_display()

    @property
    def steps_in_words(self) -> str:
        return " → ".join(str(StepKind(step).label) for step in self.steps)


class RunApproval(models.Model):
    """One step signed by one person; written once, and worth nothing once the run is no longer that."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="approvals", verbose_name=_("run"))
    computation = models.PositiveIntegerField(_("computation"))
    number = models.PositiveSmallIntegerField(_("number"))
    step = models.CharField(_("step"), max_length=10, choices=StepKind)
    person = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    on_behalf_of = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("on behalf of")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    hash = models.CharField(_("hash of what was approved"), max_length=64)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number", "hash"], name="run_approval_step_once"),
        ]

    def __str__(self):
        return f"{self.run} {self.get_step_display()}"


class Delegation(models.Model):
    """From the first to the last day the delegate may sign with the principal's right to approve."""

    principal = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("on behalf of")
    )
    delegate = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("delegate")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=200)
    made_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    revoked_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("revoked by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-id"]
        permissions = [("delegate_for_others", _("Can make and revoke delegations of others"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(principal=F("delegate")),
                name="delegation_to_another",
                violation_error_message=_("Choose somebody else as delegate."),
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="delegation_ends_after_it_begins",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self):
        return f"{self.principal} → {self.delegate}"

    @property
    def holds(self) -> bool:
        """Whether it counts today."""
        return self.revoked_at is None and self.first_day <= timezone.localdate() <= self.last_day


class SeenRun(models.Model):
    """Up to which event a member of staff has looked at a run; what waits beyond it is news."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    event = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "run"], name="seen_run_once")]
