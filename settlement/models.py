"""What the fund pays facilities: capitation prepayments by month, sharing of surpluses by year."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility
from office.fields import MoneyField
from office.models import Run, Scheme


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
