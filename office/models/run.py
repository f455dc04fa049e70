"""Runs: the document behind everything that moves money or touches the whole population.

    draft -> computed -> reviewed -> posting -> posted -> reversed
               |  ^ sent back: draft again                  (by a run of kind `reversal`)
               +--> cancelled

A computed run goes through the steps of its chain (`approval.py`); with all but the release by finance signed
it is `reviewed`. What a run does is said by its kind (`settings.RUN_KINDS`); how it is controlled is said
once, in `runs.py`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.fields import MoneyField, MonthField, first_of_month
from office.models.agency import Origin, Scheme, Staff
from office.models.policy import PolicyVersion
from policies.month import Month


class RunState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    COMPUTED = "computed", _("Awaiting approval")
    REVIEWED = "reviewed", _("Approved")
    POSTING = "posting", _("Posting")
    POSTED = "posted", _("Posted")
    REVERSED = "reversed", _("Reversed")
    CANCELLED = "cancelled", _("Cancelled")


class RunKindName(models.TextChoices):
    CREDIT = "credit", _("Personal account credits")
    LUMP_CREDIT = "lump_credit", _("Prepaid, back-paid and supplementary credits")
    ADJUSTMENT = "adjustment", _("Adjustment of credits after late news")
    INTEREST = "interest", _("Yearly interest of personal accounts")
    PREPAYMENT = "prepayment", _("Capitation prepayment")
    CLEARING = "clearing", _("Monthly clearing")
    YEAR_END = "year_end", _("Year-end clearing")
    CARRY_OVER = "carry_over", _("Carry-over of selections")
    REVERSAL = "reversal", _("Reversal")


class StepKind(models.TextChoices):
    """What may have to be signed before a run is posted: for `check` one needs `check_run`, and so on."""

    CHECK = "check", _("First review")
    REVIEW = "review", _("Second review")
    AUDIT = "audit", pgettext_lazy("step", "Audit")
    RELEASE = "release", _("Release by finance")


YEARLY_KINDS = (RunKindName.YEAR_END, RunKindName.CARRY_OVER, RunKindName.INTEREST)


class Run(models.Model):
    kind = models.CharField(_("kind"), max_length=20, choices=RunKindName)
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    period = MonthField(_("period"), help_text=_("The month; for yearly runs January of the year."))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, verbose_name=_("policy version"))
    reverses = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="reversals", verbose_name=_("reverses")
    )
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.DRAFT)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)

    booked_in = MonthField(
        _("accounting month"), null=True, help_text=_("The month in whose books it is posted.")
    )
    compared_with = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("compared with")
    )

    rows = models.IntegerField(_("rows"), default=0)
    amount = MoneyField(_("amount"), default=0)
    totals = models.JSONField(_("totals"), default=dict)
    notices = models.JSONField(_("notices"), default=list)
    input_hash = models.CharField(_("hash of what was computed"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    chain = ArrayField(
        models.CharField(max_length=10, choices=StepKind),
        default=list,
        help_text=_("The steps of approval it was computed under."),
        verbose_name=_("approval chain"),
    )
    computation = models.PositiveIntegerField(
        _("computation"), default=0, help_text=_("How many times it was computed.")
    )

    prepared_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="runs_prepared",
        verbose_name=_("prepared by"),
    )
    reviewed_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="runs_reviewed",
        verbose_name=_("reviewed by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    computed_at = models.DateTimeField(_("computed at"), null=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)

    seal_number = models.PositiveIntegerField(_("seal number"), null=True, unique=True)
    seal = models.CharField(_("seal"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        permissions = [
            ("prepare_run", _("Can prepare runs")),
            ("check_run", _("Can sign the first review of runs")),
            ("review_run", _("Can sign the second review of runs")),
            ("audit_run", _("Can sign the audit of runs")),
            ("release_run", _("Can release runs for posting")),
            ("post_run", _("Can post runs")),
            ("reverse_run", _("Can reverse runs")),
            ("export_run", _("Can download runs' tables")),
        ]
        constraints = [
            first_of_month("period", name="run_period_first_of_month"),
            models.UniqueConstraint(
                fields=["kind", "scheme", "period"],
                condition=~Q(state__in=["reversed", "cancelled"]) & ~Q(kind="reversal"),
                name="run_one_live",
            ),
            models.UniqueConstraint(
                fields=["kind", "scheme", "period", "attempt"],
                condition=~Q(kind="reversal"),
                name="run_attempt_once",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(kind="reversal") & ~Q(state="cancelled"),
                name="run_reversed_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="run_reversal_names_its_run",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True)
                | Q(prepared_by__isnull=True)
                | ~Q(reviewed_by=F("prepared_by")),
                name="run_reviewer_is_not_preparer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "computed", "cancelled"])
                | Q(kind="reversal", prepared_by__isnull=False)
                | Q(reviewed_by__isnull=False),
                name="run_reviewed_before_posting",
            ),
            models.CheckConstraint(
                condition=Q(
                    seal="",
                    seal_number__isnull=True,
                    state__in=["draft", "computed", "reviewed", "posting", "cancelled"],
                )
                | (~Q(seal="") & Q(seal_number__isnull=False, state__in=["posted", "reversed"])),
                name="run_posted_is_sealed",
            ),
            first_of_month("booked_in", name="run_booked_in_first_of_month"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "computed", "reviewed", "cancelled"])
                | Q(booked_in__isnull=False),
                name="run_posting_knows_its_month",
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.get_kind_display()} {self.period_label}"

    @property
    def yearly(self) -> bool:
        return (self.reverses or self).kind in YEARLY_KINDS

    @property
    def last_month(self) -> Month:
        """The month up to which the run reaches; its rules are those that hold then."""
        return self.period + 11 if self.yearly else self.period

    @property
    def period_label(self) -> str:
        return str(self.period.year) if self.yearly else str(self.period)


class RunChunk(models.Model):
    """A part of a run that is posted in one transaction; `digest` binds it to what was computed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks", verbose_name=_("run"))
    number = models.PositiveIntegerField(_("number"))
    rows = models.IntegerField(_("rows"))
    amount = MoneyField(_("amount"))
    first_line = models.BigIntegerField(_("first line"), null=True)
    last_line = models.BigIntegerField(_("last line"), null=True)
    digest = models.CharField(_("digest"), max_length=64)
    posted_digest = models.CharField(_("digest of what was posted"), max_length=64, blank=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)
    error = models.TextField(_("error"), blank=True, db_default="")
    failed_at = models.DateTimeField(_("failed at"), null=True)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="run_chunk_number_once")]


class RunException(models.Model):
    """Something a run left out or wants looked at, before money moves."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="exceptions", verbose_name=_("run"))
    code = models.CharField(_("code"), max_length=40)
    person_id = models.BigIntegerField(_("person"), null=True)
    facility_id = models.BigIntegerField(_("facility"), null=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    article = models.CharField(_("article"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ["code", "id"]


class RunEvent(models.Model):
    """Who did what to a run, when, from where and why; only ever written to."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="events", verbose_name=_("run"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, verbose_name=_("by"))
    on_behalf_of = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("on behalf of")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    act = models.CharField(_("act"), max_length=20)
    step = models.CharField(_("step"), max_length=10, choices=StepKind, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("run event")
        verbose_name_plural = _("run events")
        ordering = ["id"]
