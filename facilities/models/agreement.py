"""Service agreements. What state one is in follows from its dates and suspensions and is stored nowhere.

The days on which an agreement holds, and those on which a facility works under one, are the views
`facilities_agreed` and `facilities_contracted` (migration 0006); every statement asks those.
"""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models.facility import Facility


class AgreementKind(models.TextChoices):
    OUTPATIENT = "outpatient", _("Outpatient pooling")
    ACCOUNT = "account", _("Personal accounts")
    CHRONIC = "chronic", _("Chronic and special diseases")


class AgreementState(models.TextChoices):
    """What an agreement is on a day."""

    DRAFT = "draft", pgettext_lazy("agreement", "Draft")
    SIGNED = "signed", _("Signed, not yet in force")
    IN_FORCE = "in_force", pgettext_lazy("agreement", "In force")
    SUSPENDED = "suspended", pgettext_lazy("agreement", "Suspended")
    ENDED = "ended", pgettext_lazy("agreement", "Ended")


class AgreementQuerySet(models.QuerySet):
    def with_state(self, day: date) -> "AgreementQuerySet":
        """Each with its `state` on the day."""
        suspended = Suspension.objects.filter(
            Q(lifted_on=None) | Q(lifted_on__gt=day), agreement=OuterRef("pk"), first_day__lte=day
        )
        closed = Q(facility__closed_on__lte=day) | Q(facility__closed_on__lte=F("first_day"))
        over = Q(last_day__lt=day) | Q(ended_on__lt=day) | closed
        return self.annotate(
            state=Case(
                When(signed_on=None, then=Value(AgreementState.DRAFT)),
                When(over, then=Value(AgreementState.ENDED)),
                When(Exists(suspended), then=Value(AgreementState.SUSPENDED)),
                When(first_day__gt=day, then=Value(AgreementState.SIGNED)),
                default=Value(AgreementState.IN_FORCE),
                output_field=models.CharField(choices=AgreementState),
            )
        )


class Agreement(models.Model):
    """A service agreement, from its first to its last day once it is signed; a draft counts for nothing."""

    facility = models.ForeignKey(
        Facility, on_delete=models.CASCADE, related_name="agreements", verbose_name=_("facility")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AgreementKind)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    number = models.CharField(_("agreement number"), max_length=60, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    ended_on = models.DateField(
        _("ended early on"), null=True, blank=True, help_text=_("The last day on which it still holds.")
    )
    end_reason = models.CharField(_("reason for ending"), max_length=500, blank=True, db_default="")

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["facility", "-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="agreement_ends_after_it_begins",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="")
                | (
                    Q(ended_on__range=(F("first_day"), F("last_day")))
                    & ~Q(end_reason="")
                    & Q(signed_on__isnull=False)
                ),
                name="agreement_ended_within_its_days",
                violation_error_message=_(
                    "A signed agreement ends early on one of its days, and for a reason."
                ),
            ),
            ExclusionConstraint(
                name="agreement_no_overlap",
                expressions=[
                    ("facility", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (
                        Func("first_day", Least("last_day", "ended_on"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("The facility has another agreement of this kind in these days."),
            ),
        ]

    def clean(self):
        """Said before the database is asked, which cannot even form a range that ends before it begins."""
        if None not in (self.first_day, self.last_day) and self.last_day < self.first_day:
            raise ValidationError({"last_day": _("The last day is before the first.")})
        if None not in (self.first_day, self.last_day, self.ended_on) and not (
            self.first_day <= self.ended_on <= self.last_day
        ):
            raise ValidationError({"ended_on": _("This is none of the days of the agreement.")})

    def __str__(self):
        return self.number or f"{self.first_day}–{self.last_day}"

    @property
    def last_in_force(self) -> date:
        return self.ended_on or self.last_day


class Suspension(models.Model):
    """Days on which an agreement does not hold: from the first one until it is lifted, and holds again."""

    agreement = models.ForeignKey(
        Agreement, on_delete=models.CASCADE, related_name="suspensions", verbose_name=_("agreement")
    )
    first_day = models.DateField(_("suspended from"))
    reason = models.CharField(_("reason for the suspension"), max_length=500)
    lifted_on = models.DateField(
        _("in force again from"), null=True, blank=True, help_text=_("Empty while the suspension lasts.")
    )
    lift_reason = models.CharField(_("reason for lifting it"), max_length=500, blank=True, db_default="")

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["agreement", "-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_on__isnull=True, lift_reason="")
                | (Q(lifted_on__gte=F("first_day")) & ~Q(lift_reason="")),
                name="suspension_lifted_after_it_began",
                violation_error_message=_("A suspension is lifted after it began, and for a reason."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="suspension_for_a_reason",
                violation_error_message=_("Say why the agreement is suspended."),
            ),
            ExclusionConstraint(
                name="suspension_no_overlap",
                expressions=[
                    ("agreement", RangeOperators.EQUAL),
                    (Func("first_day", "lifted_on", function="daterange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The agreement is suspended in these days already."),
            ),
        ]

    def __str__(self):
        return f"{self.first_day}–{self.lifted_on or ''}"
