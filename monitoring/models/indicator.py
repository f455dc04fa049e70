"""Indicators 监测指标 of facilities by month, and from where on each is unusual.

A value without its input on record is empty, never 0. The months before are looked up when somebody asks, so
that a month computed anew is compared anew everywhere (Shaoguan 11, Shijiazhuang 34, Nanchang 41, 42).
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility, Level
from insured.models.enrolment import month_range
from office.fields import MonthField, first_of_month


class Indicator(models.TextChoices):
    """In yuan, in visits, or in shares of 1 (`SHARES`)."""

    COST_PER_VISIT = "cost_per_visit", _("Cost per visit")
    VISITS_PER_PERSON = "visits_per_person", _("Visits per person")
    OWN_SHARE = "own_share", _("Share paid by the person")
    EXAMINATION_SHARE = "examination_share", _("Share of examinations")
    OUTSIDE_SHARE = "outside_share", _("Share outside the catalogue")
    VISIT_RATE = "visit_rate", _("Visit rate of those signed")
    REFERRAL_RATE = "referral_rate", _("Referral rate")


SHARES = {
    Indicator.OWN_SHARE,
    Indicator.EXAMINATION_SHARE,
    Indicator.OUTSIDE_SHARE,
    Indicator.VISIT_RATE,
    Indicator.REFERRAL_RATE,
}


class IndicatorQuerySet(models.QuerySet):
    def compared(self) -> "IndicatorQuerySet":
        """Each with the same of the month before, `before`, and of the month a year ago, `year_before`."""

        def earlier(months: int) -> Subquery:
            then = Func(
                OuterRef("month"),
                template=f"(%(expressions)s - interval '{months} months')::date",
                output_field=models.DateField(),
            )
            same = IndicatorValue.objects.filter(
                facility=OuterRef("facility"), indicator=OuterRef("indicator"), month=then
            )
            return Subquery(same.values("value"))

        return self.annotate(before=earlier(1), year_before=earlier(12))


class IndicatorValue(models.Model):
    """One indicator of a facility in a month, beside the median of its level in that month."""

    facility = models.ForeignKey(
        Facility,
        on_delete=models.PROTECT,
        related_name="indicators",
        verbose_name=_("facility"),
        db_index=False,
    )
    month = MonthField(_("month"))
    level = models.CharField(_("level"), max_length=10, choices=Level)
    indicator = models.CharField(_("indicator"), max_length=20, choices=Indicator)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=4, null=True)
    median = models.DecimalField(_("median of its level"), max_digits=14, decimal_places=4, null=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("indicator of a facility")
        verbose_name_plural = _("indicators of facilities")
        default_permissions = ("view",)
        constraints = [
            first_of_month("month", name="indicator_first_of_month"),
            models.UniqueConstraint(fields=["facility", "indicator", "month"], name="indicator_once_a_month"),
        ]
        indexes = [models.Index(fields=["month", "indicator"], name="indicator_of_month")]

    def __str__(self):
        return f"{self.get_indicator_display()} {self.month}"


class Against(models.TextChoices):
    """What a value is held against: a figure, or its change in per cent."""

    FIGURE = "figure", pgettext_lazy("limit", "A figure")
    MONTH = "month", _("The month before")
    YEAR = "year", _("The month a year ago")
    MEDIAN = "median", _("The median of its level")


class IndicatorLimit(models.Model):
    """Above this an indicator raises an alert, for facilities of a level or all; the agency's own to set.

    figure: yuan, visits or per cent as the indicator is; against anything else the growth in per cent.
    """

    indicator = models.CharField(_("indicator"), max_length=20, choices=Indicator)
    level = models.CharField(
        _("level"), max_length=10, choices=Level, blank=True, help_text=_("Empty: facilities of every level.")
    )
    against = models.CharField(_("held against"), max_length=6, choices=Against)
    figure = models.DecimalField(
        _("at most"),
        max_digits=12,
        decimal_places=2,
        help_text=_("Yuan, visits or per cent; against another month or the median the growth in per cent."),
    )
    first_month = MonthField(_("first month"))
    last_month = MonthField(_("last month"), null=True, blank=True)

    class Meta:
        verbose_name = _("limit of an indicator")
        verbose_name_plural = _("limits of indicators")
        ordering = ["indicator", "against", "level", "-first_month"]
        default_permissions = ("view", "add", "change")
        constraints = [
            first_of_month("first_month", "last_month", name="indicator_limit_first_of_month"),
            models.CheckConstraint(
                condition=Q(last_month__isnull=True) | Q(last_month__gte=F("first_month")),
                name="indicator_limit_ends_after_it_begins",
                violation_error_message=_("The last month is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(figure__gte=0),
                name="indicator_limit_not_negative",
                violation_error_message=_("A limit is not below 0."),
            ),
            ExclusionConstraint(
                name="indicator_limit_no_overlap",
                expressions=[
                    ("indicator", RangeOperators.EQUAL),
                    ("level", RangeOperators.EQUAL),
                    ("against", RangeOperators.EQUAL),
                    (month_range("first_month", "last_month"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("There is such a limit in these months: end that one before."),
            ),
        ]

    def __str__(self):
        return f"{self.get_indicator_display()} · {self.get_against_display()}"
