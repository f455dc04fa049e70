"""What the fund pays facilities: heads and prepayments by month, sharing of surpluses by year."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from office.fields import MoneyField, MonthField, first_of_month
from office.models import Run, Scheme, Staff


class Prepayment(models.Model):
    """One facility's line of a month's prepayment table 月预拨表."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="prepayments", verbose_name=_("run"))
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    heads = models.PositiveIntegerField(_("heads"))
    rate = MoneyField(_("capitation rate"), help_text=_("Yuan per person and year."))
    share = models.DecimalField(_("prepaid share (%)"), max_digits=5, decimal_places=2)
    entitlement = MoneyField(_("due this month"))
    offset = MoneyField(
        _("brought forward"), default=0, help_text=_("Taken off for what was overpaid before.")
    )
    amount = MoneyField(_("paid this month"))

    class Meta:
        verbose_name = _("prepayment")
        verbose_name_plural = _("prepayments")
        ordering = ["run", "facility__code"]
        constraints = [
            models.UniqueConstraint(fields=["run", "facility"], name="prepayment_facility_once"),
            models.CheckConstraint(
                condition=Q(entitlement__gte=0, offset__gte=0, amount__gte=0)
                & Q(amount=F("entitlement") - F("offset")),
                name="prepayment_adds_up",
            ),
        ]


class FacilityUsage(models.Model):
    """What a facility's selected people used in a year: the fund's part it booked, in yuan."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.PositiveSmallIntegerField(_("year"))
    actual = MoneyField(_("actual usage"))

    class Meta:
        verbose_name = _("facility usage")
        verbose_name_plural = _("facility usage")
        ordering = ["-year", "facility__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "scheme", "year"],
                name="usage_facility_year_once",
                violation_error_message=_("The facility's usage of this year is entered already."),
            ),
            models.CheckConstraint(
                condition=Q(actual__gte=0),
                name="usage_not_negative",
                violation_error_message=_("The usage is below zero."),
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.year}"


class YearEnd(models.Model):
    """One facility's line of the year-end table 年终清算表; the shares sum to the quota."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="year_ends", verbose_name=_("run"))
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    person_months = models.PositiveIntegerField(_("person-months"))
    quota = MoneyField(_("annual quota"))
    actual = MoneyField(_("actual usage"))
    surplus = MoneyField(_("surplus"))
    facility_share = MoneyField(_("facility's share of the surplus"))
    pool_share = MoneyField(_("pool's share of the surplus"))
    borne_by_facility = MoneyField(_("borne by the facility"))
    payable = MoneyField(_("payable for the year"))
    prepaid = MoneyField(_("prepaid"))
    due = MoneyField(_("due"), help_text=_("Negative: to be taken off the next prepayments."))
    flag = models.CharField(_("flag"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("year-end line")
        verbose_name_plural = _("year-end lines")
        ordering = ["run", "facility__code"]
        constraints = [
            models.UniqueConstraint(fields=["run", "facility"], name="year_end_facility_once"),
            models.CheckConstraint(condition=Q(due=F("payable") - F("prepaid")), name="year_end_adds_up"),
            models.CheckConstraint(
                condition=Q(actual__gt=F("quota")) | Q(quota=F("payable") + F("pool_share")),
                name="year_end_shares_sum_to_quota",
            ),
        ]


class Headcount(models.Model):
    """The heads of a month as they were counted; only ever written to. Of several the last one counts."""

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("month"))
    number = models.PositiveSmallIntegerField(pgettext_lazy("headcount", "count no."))
    heads = models.PositiveIntegerField(_("heads"))
    at = models.DateTimeField(_("counted at"))
    by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    run = models.ForeignKey(
        Run, null=True, on_delete=models.PROTECT, related_name="headcounts", verbose_name=_("counted for")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("headcount")
        verbose_name_plural = _("headcounts")
        ordering = ["-month", "scheme", "-number"]
        default_permissions = ("add", "view")
        constraints = [
            first_of_month("month", name="headcount_first_of_month"),
            models.UniqueConstraint(fields=["scheme", "month", "number"], name="headcount_number_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="headcount_again_with_reason"),
        ]

    def __str__(self):
        return f"{self.get_scheme_display()} {self.month}"


class HeadcountLine(models.Model):
    """Who counts at a facility, by where they chose: itself, or one of its stations."""

    headcount = models.ForeignKey(
        Headcount, on_delete=models.PROTECT, related_name="lines", verbose_name=_("headcount")
    )
    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="+", verbose_name=_("facility")
    )
    chosen = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="+", verbose_name=_("chosen at")
    )
    heads = models.PositiveIntegerField(_("heads"))
    people = ArrayField(models.BigIntegerField(), verbose_name=_("people"))

    class Meta:
        verbose_name = _("headcount of a facility")
        verbose_name_plural = _("headcounts of facilities")
        constraints = [
            models.UniqueConstraint(fields=["headcount", "chosen"], name="headcount_line_once"),
            models.CheckConstraint(
                condition=Q(heads=Func(F("people"), function="cardinality")), name="headcount_line_counts"
            ),
        ]
