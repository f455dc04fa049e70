"""What the fund pays facilities: heads, prepayments and clearings by month, sharing of surpluses by year."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from office.fields import MoneyField, MonthField, first_of_month
from office.models import Run, Scheme, Staff
from settlement.models.statement import DeductionKind


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


class Clearing(models.Model):
    """A prepaid month of a facility, cleared 月清算: what it used of it is final, a part kept as deposit.

    `carry` is what was prepaid too much; the next prepayments take it off (Shaoguan 9(2)3).
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="clearings", verbose_name=_("run"))
    prepayment = models.ForeignKey(
        Prepayment, on_delete=models.PROTECT, related_name="clearings", verbose_name=_("prepayment")
    )
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    month = MonthField(_("month"), help_text=_("The month that was prepaid."))
    entitlement = MoneyField(_("entitled in advance"))
    actual = MoneyField(_("actual usage"))
    cleared = MoneyField(_("cleared"))
    deposit_rate = models.DecimalField(_("deposit rate (%)"), max_digits=5, decimal_places=2)
    deposit = MoneyField(_("quality deposit"))
    payable = MoneyField(_("payable after the deposit"))
    carry = MoneyField(_("carried forward"))

    class Meta:
        verbose_name = _("clearing")
        verbose_name_plural = _("clearings")
        ordering = ["run", "facility__code", "month"]
        constraints = [
            models.UniqueConstraint(fields=["run", "prepayment"], name="clearing_prepayment_once"),
            models.CheckConstraint(
                condition=Q(cleared=Least("actual", "entitlement"))
                & Q(payable=F("cleared") - F("deposit"))
                & Q(carry=F("entitlement") - F("payable"))
                & Q(actual__gte=0, deposit__gte=0, payable__gte=0),
                name="clearing_adds_up",
            ),
            first_of_month("month", name="clearing_first_of_month"),
        ]


class FacilityUsage(models.Model):
    """What a facility's selected people used in a month, or in a whole year: the fund's part, in yuan.

    It counts in the month in which the facility booked it. A year is entered by months or as one figure.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.PositiveSmallIntegerField(_("year"))
    month = MonthField(_("month"), null=True, blank=True, help_text=_("Empty: the whole year."))
    actual = MoneyField(_("actual usage"))

    class Meta:
        verbose_name = _("facility usage")
        verbose_name_plural = _("facility usage")
        ordering = ["-year", "facility__code", "month"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "scheme", "year", "month"],
                nulls_distinct=False,
                name="usage_facility_month_once",
                violation_error_message=_("The facility's usage of this month or year is entered already."),
            ),
            ExclusionConstraint(
                name="usage_by_month_or_year",
                expressions=[
                    ("facility", "="),
                    ("scheme", "="),
                    (
                        Func(
                            Coalesce("month", Func("year", 1, 1, function="make_date")),
                            Coalesce("month", Func("year", 12, 1, function="make_date")),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                violation_error_message=_(
                    "The facility's usage of a year is entered by months or as one figure, not both."
                ),
            ),
            first_of_month("month", name="usage_first_of_month"),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__year=F("year")),
                name="usage_month_of_year",
                violation_error_message=_("The month does not lie in the year."),
            ),
            models.CheckConstraint(
                condition=Q(actual__gte=0),
                name="usage_not_negative",
                violation_error_message=_("The usage is below zero."),
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.month or self.year}"


class YearEndDeduction(models.Model):
    """What review or audit takes off a facility's year end, in yuan; of one withdrawn nothing is left.

    It stands once the year is settled.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(pgettext_lazy("deduction", "kind"), max_length=2, choices=DeductionKind)
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("year-end deduction")
        verbose_name_plural = _("year-end deductions")
        ordering = ["-year", "facility__code", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="year_end_deduction_not_negative",
                violation_error_message=_("The deduction is below zero."),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="year_end_deduction_for_a_reason"),
        ]
        indexes = [models.Index(fields=["scheme", "year"], name="year_end_deduction_of_year")]

    def __str__(self):
        return f"{self.facility} {self.year}: {self.amount}"


class YearEnd(models.Model):
    """One facility's line of the year-end table 年终清算表; the shares sum to the quota.

    Of what is payable for the year the months already brought what was cleared; `advance` is what was
    prepaid for months that are not cleared, `carry` what earlier months left and no prepayment takes off.
    `released` is None while the part of the deposits that is given back is held.
    """

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
    cleared = MoneyField(_("cleared"), default=0)
    advance = MoneyField(_("prepaid and not cleared"), default=0)
    carry = MoneyField(_("carried forward"), default=0)
    deposit = MoneyField(_("quality deposit"), default=0)
    score = models.DecimalField(_("assessment score"), max_digits=6, decimal_places=2, null=True)
    released = MoneyField(_("deposit released"), null=True)
    deducted = MoneyField(_("deducted"), default=0)
    due = MoneyField(_("due"), help_text=_("Negative: to be taken off the next prepayments."))
    flag = models.CharField(_("flag"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("year-end line")
        verbose_name_plural = _("year-end lines")
        ordering = ["run", "facility__code"]
        constraints = [
            models.UniqueConstraint(fields=["run", "facility"], name="year_end_facility_once"),
            models.CheckConstraint(
                condition=Q(
                    due=F("payable")
                    - F("cleared")
                    - F("advance")
                    - F("carry")
                    + Coalesce("released", Value(Decimal(0)))
                    - F("deducted")
                ),
                name="year_end_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(released__isnull=True) | Q(released__gte=0, released__lte=F("deposit")),
                name="year_end_releases_deposits",
            ),
            models.CheckConstraint(
                condition=Q(actual__gt=F("quota")) | Q(quota=F("payable") + F("pool_share")),
                name="year_end_shares_sum_to_quota",
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.run.period.year}"


class YearEndMonth(models.Model):
    """A month of a facility's year end: what its figures were computed from."""

    year_end = models.ForeignKey(
        YearEnd, on_delete=models.CASCADE, related_name="months", verbose_name=_("year-end line")
    )
    month = MonthField(_("month"))
    heads = models.PositiveIntegerField(_("heads"))
    rate = MoneyField(_("capitation rate"), help_text=_("Yuan per person and year."))
    actual = MoneyField(_("actual usage"), null=True)
    prepayment = models.ForeignKey(
        Prepayment, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("prepayment")
    )
    clearing = models.ForeignKey(
        Clearing, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("clearing")
    )

    class Meta:
        verbose_name = _("month of a year end")
        verbose_name_plural = _("months of year ends")
        ordering = ["year_end", "month"]
        constraints = [
            models.UniqueConstraint(fields=["year_end", "month"], name="year_end_month_once"),
            first_of_month("month", name="year_end_first_of_month"),
        ]


class DepositRelease(models.Model):
    """A deposit that a year end held, given back by a later score or left with the pool (Shaoguan 9(2)3)."""

    year_end = models.ForeignKey(
        YearEnd, on_delete=models.PROTECT, related_name="releases", verbose_name=_("year-end line")
    )
    score = models.DecimalField(_("assessment score"), max_digits=6, decimal_places=2)
    released = MoneyField(_("deposit released"))
    kept = MoneyField(_("kept by the pool"))
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("released at"), auto_now_add=True)
    undone_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("taken back by")
    )
    undone_because = models.CharField(_("taken back because"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("late release of a deposit")
        verbose_name_plural = _("late releases of deposits")
        default_permissions = ()
        permissions = [("release_deposit", _("Can release held deposits"))]
        constraints = [
            models.UniqueConstraint(
                fields=["year_end"], condition=Q(undone_by=None), name="deposit_released_once"
            ),
            models.CheckConstraint(
                condition=Q(released__gte=0, kept__gte=0), name="deposit_release_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(undone_by=None, undone_because="")
                | Q(undone_by__isnull=False) & ~Q(undone_because=""),
                name="deposit_release_undone_for_a_reason",
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
