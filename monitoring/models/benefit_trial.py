"""Benefits tried out 待遇测算: a year's visits settled again under other figures, in the background.

A trial reads what is stored and keeps sums only: nobody's visit can be told from it, and no figure of it is
ever posted. It concerns the whole city, and so do those who see it.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.models import PolicyVersion, Scheme, Staff


class TrialState(models.TextChoices):
    WORKING = "working", pgettext_lazy("benefit trial", "Being calculated")
    DONE = "done", pgettext_lazy("benefit trial", "Calculated")
    CANCELLED = "cancelled", pgettext_lazy("benefit trial", "Cancelled")
    FAILED = "failed", pgettext_lazy("benefit trial", "Failed")


class BenefitTrial(models.Model):
    """What was asked, and once it is calculated what came of it.

    document: the rules the year is tried under, as a pack's text; changes: the names of the values whose
    figures differ in it. result: sums in 分 (`monitoring/benefit_sums.py`).
    """

    name = models.CharField(pgettext_lazy("benefit trial", "name"), max_length=80)
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.SmallIntegerField(_("year"))
    policy = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("starts from")
    )
    document = models.TextField()
    changes = models.JSONField(default=list)
    state = models.CharField(
        _("state"), max_length=10, choices=TrialState, default=TrialState.WORKING, db_default="working"
    )
    error = models.CharField(_("why"), max_length=500, blank=True, db_default="")
    result = models.JSONField(null=True)
    asked_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("benefit trial")
        verbose_name_plural = _("benefit trials")
        ordering = ["-id"]
        default_permissions = ("view", "add")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="working", finished_at__isnull=True)
                | ~Q(state="working") & Q(finished_at__isnull=False),
                name="benefit_trial_finished",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False) | ~Q(state="done") & Q(result__isnull=True),
                name="benefit_trial_result_when_done",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="working"), name="benefit_trial_working"),
        ]

    def __str__(self):
        return self.name


class BenefitTrialPart(models.Model):
    """The people with numbers from `first` to before `after`: calculated by one worker, gone once all are."""

    trial = models.ForeignKey(BenefitTrial, on_delete=models.CASCADE, related_name="parts")
    first = models.BigIntegerField()
    after = models.BigIntegerField()
    result = models.JSONField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["trial", "first"], name="benefit_trial_part_once"),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("after")), name="benefit_trial_part_of_somebody"
            ),
        ]
