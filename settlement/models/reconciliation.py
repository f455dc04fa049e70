"""Reconciliation 对账: what facilities reported of a month, of days and of bills, against what is on record.

What a facility reported is only ever added to: a correction is a new version, and of every total and bill one
version is current. A month of a facility is compared as a whole (`settlement/reconciling.py`), into one
`Reconciliation` and the `Difference`s found, each of which somebody settles with a reason.

Figures count refunds as negative amounts on the day they were made: 人次 are the visits without the refunds,
退费人次 the refunds. The accounts' part is what own and relatives' accounts paid together.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility, FacilityKind
from office.fields import FenField, MoneyField, MonthField, first_of_month
from office.models import Scheme, Staff
from settlement.models.statement import Statement, StatementState
from settlement.models.visit import Visit, bare

COUNTS = ("visits", "refunds")
AMOUNTS_COMPARED = ("total", "fund", "account", "cash")
FIGURES = (*COUNTS, *AMOUNTS_COMPARED)


class Reported(models.Model):
    """What any report says of itself; the file by its number, for files are deleted after their time."""

    facility = bare(Facility, "+", _("facility"))
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"))
    current = models.BooleanField(_("current"), default=True)
    import_id = models.BigIntegerField(_("file"))
    by = bare(Staff, "+", _("by"), null=True)
    at = models.DateTimeField(_("reported at"))

    class Meta:
        abstract = True


class ReportedTotal(Reported):
    """A facility's totals of a month or, with `day`, of a day; empty is what it did not say."""

    day = models.DateField(_("day"), null=True)
    visits = models.PositiveIntegerField(_("number of visits"))
    refunds = models.PositiveIntegerField(_("refunds"), null=True)
    total = MoneyField(_("total cost"))
    fund = MoneyField(_("fund pays"))
    account = MoneyField(_("paid from accounts"), null=True)
    cash = MoneyField(_("cash"), null=True)

    class Meta:
        verbose_name = _("reported total")
        verbose_name_plural = _("reported totals")
        default_permissions = ()
        constraints = [
            first_of_month("month", name="reported_total_first_of_month"),
            models.UniqueConstraint(
                fields=["month", "facility", "scheme", "day", "version"],
                nulls_distinct=False,
                name="reported_total_version_once",
            ),
            models.UniqueConstraint(
                fields=["month", "facility", "scheme", "day"],
                condition=Q(current=True),
                nulls_distinct=False,
                name="reported_total_one_current",
            ),
        ]
        indexes = [BrinIndex(fields=["import_id"], name="reported_total_of_file")]

    def __str__(self):
        return f"{self.day or self.month} · {self.version}"


class ReportedBill(Reported):
    """One bill as the facility reported it, or with `refund` what it gave back of it: negative, then."""

    bill = models.CharField(_("bill number"), max_length=40)
    refund = models.BooleanField(pgettext_lazy("bill", "refund"))
    day = models.DateField(_("day"))
    total = FenField(_("total cost"))
    fund = FenField(_("fund pays"))
    account = FenField(_("paid from accounts"), null=True)
    cash = FenField(_("cash"), null=True)
    withdrawn = models.BooleanField(_("withdrawn"), default=False)

    class Meta:
        verbose_name = _("reported bill")
        verbose_name_plural = _("reported bills")
        default_permissions = ()
        constraints = [
            first_of_month("month", name="reported_bill_first_of_month"),
            models.UniqueConstraint(
                fields=["facility", "bill", "scheme", "refund"],
                condition=Q(current=True),
                name="reported_bill_one_current",
            ),
            models.CheckConstraint(
                condition=Q(refund=True, total__lte=0, fund__lte=0)
                | Q(refund=False, total__gte=0, fund__gte=0),
                name="reported_bill_signs",
            ),
        ]
        indexes = [
            models.Index(
                fields=["month", "facility"], condition=Q(current=True), name="reported_bill_of_month"
            ),
            models.Index(fields=["facility", "bill"], name="reported_bill_versions"),
            BrinIndex(fields=["import_id"], name="reported_bill_of_file"),
        ]

    def __str__(self):
        return self.bill


class Standing(models.TextChoices):
    """How a facility's month stands."""

    NOT_REPORTED = "not_reported", _("Not reported")
    DIFFERENT = "different", _("Differences")
    SETTLED = "settled", pgettext_lazy("reconciliation", "Settled")
    AGREED = "agreed", pgettext_lazy("reconciliation", "Agreed")


class ReconciliationQuerySet(models.QuerySet):
    def with_standing(self):
        """Each with its `standing`; differences stand before a report that is missing."""
        found = Difference.objects.filter(reconciliation=OuterRef("pk"))
        return self.annotate(
            standing=Case(
                When(Exists(found.filter(state=DifferenceState.OPEN)), then=Value(Standing.DIFFERENT)),
                When(report=None, then=Value(Standing.NOT_REPORTED)),
                When(Exists(found.filter(state=DifferenceState.SETTLED)), then=Value(Standing.SETTLED)),
                default=Value(Standing.AGREED),
            )
        )

    def unstated(self):
        """Those with visits that are on no statement yet: a village station's are on its parent's."""
        station = When(facility__kind=FacilityKind.VILLAGE_STATION, then="facility__parent")
        drawn = Statement.objects.exclude(state=StatementState.UNDONE).filter(
            facility=OuterRef("payee"), scheme=OuterRef("scheme"), month=OuterRef("month")
        )
        with_visits = self.filter(Q(visits__gt=0) | Q(refunds__gt=0))
        return with_visits.annotate(payee=Case(station, default="facility")).filter(~Exists(drawn))


class Reconciliation(models.Model):
    """A facility's month as it was last compared: what is on record of it, and what the facility reported.

    `days` are the days with visits, in order: each its date and FIGURES, money in 分. Where the facility does
    not report, somebody says why before its statement passes.
    """

    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="reconciliations", verbose_name=_("facility")
    )
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("month"))
    report = models.ForeignKey(
        ReportedTotal, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("month's report")
    )
    bills = models.PositiveIntegerField(_("bills reported"))
    unsettled = models.PositiveIntegerField(_("visits not settled yet"))
    visits = models.PositiveIntegerField(_("number of visits"))
    refunds = models.PositiveIntegerField(_("refunds"))
    total = MoneyField(_("total cost"))
    fund = MoneyField(_("fund pays"))
    account = MoneyField(_("paid from accounts"))
    cash = MoneyField(_("cash"))
    days = models.JSONField(_("days"), default=list)
    compared_at = models.DateTimeField(_("compared at"))
    unreported_note = models.CharField(_("why nothing was reported"), max_length=200, blank=True)
    unreported_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("said by")
    )

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        default_permissions = ("view",)
        constraints = [
            first_of_month("month", name="reconciliation_first_of_month"),
            models.UniqueConstraint(fields=["month", "facility", "scheme"], name="reconciliation_once"),
            models.CheckConstraint(
                condition=Q(unreported_note="") | Q(unreported_by__isnull=False),
                name="reconciliation_unreported_said_by",
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.month}"


class DifferenceClass(models.TextChoices):
    ONLY_THEIRS = "only_theirs", _("Only the facility has it")
    ONLY_OURS = "only_ours", _("Only we have it")
    AMOUNT = "amount", _("Amounts differ")
    DATE = "date", _("Dates differ")
    REFUND = "refund", _("Refund not entered")
    TOTAL = "total", _("Totals differ")


class DifferenceState(models.TextChoices):
    OPEN = "open", pgettext_lazy("difference", "Open")
    SETTLED = "settled", pgettext_lazy("reconciliation", "Settled")
    GONE = "gone", pgettext_lazy("difference", "Gone")


class Explanation(models.TextChoices):
    """Why a difference needs nothing more. What is wrong of ours, by which is paid, is corrected instead."""

    THEIRS_WRONG = "theirs_wrong", _("The facility is wrong and accepts our figures")
    OTHER_PERIOD = "other_period", _("Counted in another day or month")
    NOT_INSURED = "not_insured", _("Not settled by this scheme")
    CORRECTED_NEXT = "corrected_next", _("Corrected next month")
    OTHER = "other", pgettext_lazy("difference", "Other (see the note)")


class Difference(models.Model):
    """A difference of a month, of its `day`, or of a bill; `ours` is the visit it is about.

    Figures are in yuan; empty is what the side does not have or did not say. Of totals, what single bills and
    days explain already is counted in ours. The figures change only by a comparison, which opens it again.
    """

    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.PROTECT, related_name="differences", verbose_name=_("reconciliation")
    )
    kind = models.CharField(pgettext_lazy("difference", "class"), max_length=12, choices=DifferenceClass)
    day = models.DateField(_("day"), null=True)
    bill = models.CharField(_("bill number"), max_length=40, blank=True)
    refund = models.BooleanField(pgettext_lazy("bill", "refund"), default=False)
    visit = bare(Visit, "differences", _("visit"), null=True)
    theirs_day = models.DateField(_("theirs: day"), null=True)
    ours_day = models.DateField(_("ours: day"), null=True)
    theirs = ArrayField(MoneyField(), verbose_name=_("theirs"), null=True)
    ours = ArrayField(MoneyField(), verbose_name=_("ours"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=DifferenceState, default=DifferenceState.OPEN)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    found_at = models.DateTimeField(_("found at"))
    explanation = models.CharField(_("reason"), max_length=16, choices=Explanation, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    settled_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("settled by")
    )
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        default_permissions = ("view",)
        permissions = [("settle_difference", "Can settle differences with facilities' reports")]
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "day", "bill", "refund"],
                nulls_distinct=False,
                name="difference_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="total") ^ ~Q(bill=""), name="difference_of_bill_or_total"
            ),
            models.CheckConstraint(
                condition=~Q(state="settled")
                | Q(settled_by__isnull=False, settled_at__isnull=False)
                & ~Q(explanation="")
                & (~Q(explanation="other") | ~Q(note="")),
                name="difference_settled_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reconciliation", "kind"], condition=Q(state="open"), name="difference_open"
            ),
            models.Index(fields=["visit"], condition=Q(visit__isnull=False), name="difference_of_visit"),
        ]

    def __str__(self):
        return self.bill or str(self.day or self.reconciliation.month)
