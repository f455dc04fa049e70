"""The yearly assessment 年度考核: a year's items and results as data, and what each facility scored.

A score is entered by a clerk and signed off by somebody else; from then on the database keeps it as it was
(migration 0007). The view `facilities_assessed` gives the score of a facility and year to who pays by it.
"""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from facilities.models.facility import Facility


def points(**options) -> models.DecimalField:
    return models.DecimalField(max_digits=5, decimal_places=2, **options)


class AssessmentItem(models.Model):
    """One thing that is assessed in a year, and how many points it gives at most."""

    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("item"), max_length=200)
    most = points(verbose_name=_("most points"))

    class Meta:
        verbose_name = _("assessment item")
        verbose_name_plural = _("assessment items")
        ordering = ["-year", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "number"],
                name="assessment_item_once",
                violation_error_message=_("The year has an item with this number."),
            ),
            models.CheckConstraint(
                condition=Q(most__gt=0),
                name="assessment_item_gives_points",
                violation_error_message=_("An item gives more than 0 points."),
            ),
        ]

    def __str__(self):
        return self.title


class AssessmentGrade(models.Model):
    """The result from so many points on, in a year."""

    year = models.PositiveSmallIntegerField(_("year"))
    least = points(verbose_name=_("from points"))
    title = models.CharField(_("result"), max_length=40)

    class Meta:
        verbose_name = _("assessment result")
        verbose_name_plural = _("assessment results")
        ordering = ["-year", "-least"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "least"],
                name="assessment_grade_once",
                violation_error_message=_("The year has a result from these points on."),
            ),
            models.CheckConstraint(condition=Q(least__gte=0), name="assessment_grade_not_negative"),
        ]

    def __str__(self):
        return self.title


class AssessmentQuerySet(models.QuerySet):
    def scored(self) -> "AssessmentQuerySet":
        """Each with its `total` and, as `result`, what its year calls that; None for none."""
        scores = AssessmentScore.objects.filter(assessment=OuterRef("pk")).order_by()
        totals = scores.values("assessment").annotate(total=Sum("score")).values("total")
        grades = AssessmentGrade.objects.filter(year=OuterRef("year"), least__lte=OuterRef("total"))
        return self.annotate(total=Coalesce(Subquery(totals), Decimal(0))).annotate(
            result=Subquery(grades.order_by("-least").values("title")[:1])
        )


class Assessment(models.Model):
    """What a facility was assessed at for a year."""

    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("facility")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    remark = models.CharField(_("remark"), max_length=500, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("signed off by"),
    )
    signed_at = models.DateTimeField(_("signed off at"), null=True, editable=False)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-year", "facility"]
        permissions = [("sign_assessment", _("Can sign assessments off"))]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "year"],
                name="assessment_once_a_year",
                violation_error_message=_("The facility is being assessed for this year already."),
            ),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True, signed_at__isnull=True)
                | Q(signed_by__isnull=False, signed_at__isnull=False),
                name="assessment_signed_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.year}"


class AssessmentScore(models.Model):
    """The points a facility got for an item."""

    assessment = models.ForeignKey(
        Assessment, on_delete=models.CASCADE, related_name="scores", verbose_name=_("assessment")
    )
    item = models.ForeignKey(
        AssessmentItem, on_delete=models.PROTECT, related_name="+", verbose_name=_("item")
    )
    score = points(verbose_name=_("points"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("entered by"),
    )

    class Meta:
        verbose_name = _("points for an item")
        verbose_name_plural = _("points for items")
        ordering = ["assessment", "item"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "item"], name="assessment_score_once"),
            models.CheckConstraint(condition=Q(score__gte=0), name="assessment_score_not_negative"),
        ]

    def __str__(self):
        return f"{self.item} {self.score}"
