"""Statements 费用结算单: a facility's visits of a month, agreed with it and signed by the agency.

    draft -> sent -> confirmed -> reviewed -> audited -> posted -> undone
      ^ sent back or changed -+----------+         +       draft -> undone

A visit stands on at most one statement that is not undone: one settled late, or taken back after its month
was stated, comes onto the next one. Visits of a quota are shown and not paid: the prepayments pay them.
The database holds the way, whose hands it passes and what it comes to (migration 0021).
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility, Office
from office.fields import FenField, MoneyField, MonthField, first_of_month
from office.models import County, Scheme, Staff, StepKind
from settlement.models.bank_file import numbered
from settlement.models.visit import Visit, bare


class StatementState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("statement", "Draft")
    SENT = "sent", pgettext_lazy("statement", "With the facility")
    CONFIRMED = "confirmed", pgettext_lazy("statement", "To review")
    REVIEWED = "reviewed", pgettext_lazy("statement", "To audit")
    AUDITED = "audited", pgettext_lazy("statement", "To release")
    POSTED = "posted", pgettext_lazy("statement", "Posted")
    UNDONE = "undone", pgettext_lazy("statement", "Undone")


class DeductionKind(models.TextChoices):
    """By the national codes of deductions; 30 and 40 are made by payment orders and clearings."""

    REVIEW = "10", pgettext_lazy("deduction", "Review")
    AUDIT = "20", pgettext_lazy("deduction", "Audit")
    OTHER = "99", pgettext_lazy("deduction", "Other")


def staff(label, **options) -> models.ForeignKey:
    return models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=label, **options
    )


class Statement(models.Model):
    """One facility's month, in yuan; refunds count with their negative amounts.

    in_quota: what of the fund's part a capitation pays. kept: what refunds do not take back because it was
    deducted or recovered before. payable = fund - in_quota + kept - deducted: above zero it is owed to the
    facility once posted, below zero the facility owes it.
    """

    number = numbered("JS")
    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="statements", verbose_name=_("facility")
    )
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("month"))
    county = models.ForeignKey(County, null=True, on_delete=models.PROTECT, verbose_name=_("county"))
    office = models.CharField(_("responsible office"), max_length=10, choices=Office)
    state = models.CharField(
        _("state"), max_length=9, choices=StatementState, default=StatementState.DRAFT, db_default="draft"
    )

    visits = models.IntegerField(_("number of visits"), default=0)
    refunds = models.IntegerField(_("refunds"), default=0)
    total = MoneyField(_("total cost"), default=0)
    eligible = MoneyField(_("eligible"), default=0)
    fund = MoneyField(_("fund pays"), default=0)
    account = MoneyField(_("own account"), default=0)
    family_account = MoneyField(_("relative's account"), default=0)
    cash = MoneyField(_("cash"), default=0)
    in_quota = MoneyField(_("paid by capitation"), default=0)
    kept = MoneyField(_("not paid before"), default=0)
    deducted = MoneyField(_("deducted"), default=0)
    payable = MoneyField(pgettext_lazy("statement", "payable"), default=0)

    drawn_by = staff(_("drawn up by"))
    drawn_at = models.DateTimeField(_("drawn up at"), default=timezone.now)
    sent_on = models.DateField(_("sent on"), null=True)
    confirmed_name = models.CharField(_("confirmed for the facility by"), max_length=100, blank=True)
    confirmed_on = models.DateField(_("confirmed on"), null=True)
    confirmed_reference = models.CharField(_("reference of the signed copy"), max_length=100, blank=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    undo_asked_by = staff(_("undoing asked by"), null=True)
    undone_by = staff(_("undone by"), null=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            first_of_month("month", name="statement_first_of_month"),
            models.UniqueConstraint(
                fields=["facility", "scheme", "month"],
                condition=~Q(state="undone"),
                name="statement_of_month_once",
            ),
            models.CheckConstraint(
                condition=Q(total=F("fund") + F("account") + F("family_account") + F("cash"))
                & Q(payable=F("fund") - F("in_quota") + F("kept") - F("deducted"))
                & Q(deducted__gte=0, kept__gte=0),
                name="statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sent", "undone"])
                | Q(confirmed_on__isnull=False) & ~Q(confirmed_name="") & ~Q(confirmed_reference=""),
                name="statement_confirmed_by_the_facility",
            ),
            models.CheckConstraint(
                condition=~Q(state="undone") | ~Q(reason=""), name="statement_undone_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(county__isnull=False) | Q(office="city"), name="statement_outside_is_the_citys"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="statement_by_state")]

    def __str__(self):
        return self.number


class StatementLine(models.Model):
    """A visit on a statement, in 分. payable: what the facility gets for it, or gives back."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="lines", verbose_name=_("statement")
    )
    visit = bare(Visit, "statement_lines", _("visit"))
    in_quota = models.BooleanField(_("paid by capitation"))
    payable = FenField(pgettext_lazy("statement", "payable"))
    live = models.BooleanField(_("not undone"), default=True, db_default=True)

    class Meta:
        verbose_name = _("visit on a statement")
        verbose_name_plural = _("visits on statements")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["visit"], condition=Q(live=True), name="visit_on_one_statement"),
        ]


class Deduction(models.Model):
    """What is not paid of a statement, for one visit or as a lump sum, in yuan."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="deductions", verbose_name=_("statement")
    )
    visit = bare(Visit, "deductions", _("visit"), null=True)
    kind = models.CharField(pgettext_lazy("deduction", "kind"), max_length=2, choices=DeductionKind)
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    entered_by = staff(_("entered by"))
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now)

    class Meta:
        verbose_name = _("deduction")
        verbose_name_plural = _("deductions")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(reason=""), name="deduction_is_founded"),
        ]
        indexes = [
            models.Index(fields=["visit"], condition=Q(visit__isnull=False), name="deduction_of_visit"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.amount}"


class StatementApproval(models.Model):
    """One step signed by one person; worth nothing once the statement is no longer that."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="approvals", verbose_name=_("statement")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    step = models.CharField(_("step"), max_length=10, choices=StepKind)
    person = staff(_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    hash = models.CharField(_("hash of what was approved"), max_length=64)

    class Meta:
        verbose_name = _("approval of a statement")
        verbose_name_plural = _("approvals of statements")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "number", "hash"], name="statement_step_once"),
        ]
