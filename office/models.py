"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports.

A *run* is the document behind everything that moves money or touches the whole population:

    draft -> computed -> reviewed -> posting -> posted -> reversed
               |  ^ sent back: draft again                  (by a run of kind `reversal`)
               +--> cancelled

What a run does is said by its kind (`settings.RUN_KINDS`); how it is controlled is said once, in `runs.py`.
"""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from office.fields import MoneyField, MonthField, first_of_month
from policies.month import Month


class Scheme(models.TextChoices):
    EMPLOYEE = "310", _("Employee scheme")
    RESIDENT = "390", _("Resident scheme")


class Origin(models.TextChoices):
    """Where an act came from."""

    PAGE = "page", _("Portal")
    COMMAND_LINE = "command_line", _("Command line")
    SCHEDULE = "schedule", _("Schedule")


class City(models.Model):
    """The one pooling area this database serves."""

    code = models.CharField(_("code"), max_length=6, primary_key=True)
    name = models.CharField(_("name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50)

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")

    def __str__(self):
        return self.name


class County(models.Model):
    """A county, district or the municipal level (city code + 99) of the city."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("county")
        verbose_name_plural = _("counties")
        ordering = ["code"]

    def __str__(self):
        return self.name


class Staff(AbstractUser):
    """Somebody who works at the agency and signs in."""

    first_name = None
    last_name = None
    display_name = models.CharField(pgettext_lazy("person", "name"), max_length=50)

    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self):
        return self.display_name or self.username

    def get_full_name(self):
        return self.display_name

    def get_short_name(self):
        return self.display_name


class PolicyState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Awaiting approval")
    APPROVED = "approved", pgettext_lazy("policy version", "Approved")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PolicyVersion(models.Model):
    """The rules of a scheme as one numbered text: version 1 is the shipped pack.

    Every later version says which one it builds on and from which month it holds. One person enters it,
    another approves it; approved, it can no longer be changed (by trigger), and has one successor at most.
    """

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    number = models.PositiveSmallIntegerField(_("version"))
    pack = models.CharField(_("pack"), max_length=50)
    document = models.TextField(_("document"), help_text=_("The pack as YAML, as it was read."))
    sha256 = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=PolicyState, default=PolicyState.DRAFT)
    base = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="successors",
        verbose_name=_("builds on"),
    )
    effective = MonthField(
        _("holds from"),
        null=True,
        help_text=_("Earlier months keep the version before."),
    )
    created_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    approved_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["scheme", "-number"]
        permissions = [("approve_policyversion", _("Can approve policy versions"))]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "number"], name="policy_version_number_once"),
            models.UniqueConstraint(
                fields=["scheme"], condition=Q(base__isnull=True), name="policy_version_one_first"
            ),
            models.UniqueConstraint(
                fields=["base"], condition=Q(state="approved"), name="policy_version_one_successor"
            ),
            models.UniqueConstraint(
                fields=["scheme"],
                condition=Q(state__in=["draft", "submitted"]),
                name="policy_version_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(base__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="policy_version_is_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(created_by__isnull=True)
                | ~Q(approved_by=F("created_by")),
                name="policy_version_approver_is_not_author",
            ),
            models.CheckConstraint(
                condition=Q(base__isnull=True, effective__isnull=True)
                | Q(base__isnull=False, effective__isnull=False),
                name="policy_version_later_ones_say_from_when",
            ),
            first_of_month("effective", name="policy_version_first_of_month"),
        ]

    def __str__(self):
        return gettext("%(scheme)s rules, version %(number)s") % {
            "scheme": self.get_scheme_display(),
            "number": self.number,
        }


class PolicyEvent(models.Model):
    """Who did what to a policy version, when and why."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="events", verbose_name=_("policy version")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, verbose_name=_("by"))
    act = models.CharField(_("act"), max_length=20)
    detail = models.TextField(_("detail"), blank=True)

    class Meta:
        verbose_name = _("policy event")
        verbose_name_plural = _("policy events")
        ordering = ["id"]


class RunState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    COMPUTED = "computed", _("Awaiting review")
    REVIEWED = "reviewed", _("Approved")
    POSTING = "posting", _("Posting")
    POSTED = "posted", _("Posted")
    REVERSED = "reversed", _("Reversed")
    CANCELLED = "cancelled", _("Cancelled")


class RunKindName(models.TextChoices):
    CREDIT = "credit", _("Personal account credits")
    PREPAYMENT = "prepayment", _("Capitation prepayment")
    YEAR_END = "year_end", _("Year-end clearing")
    CARRY_OVER = "carry_over", _("Carry-over of selections")
    REVERSAL = "reversal", _("Reversal")


YEARLY_KINDS = (RunKindName.YEAR_END, RunKindName.CARRY_OVER)


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

    rows = models.IntegerField(_("rows"), default=0)
    amount = MoneyField(_("amount"), default=0)
    totals = models.JSONField(_("totals"), default=dict)
    notices = models.JSONField(_("notices"), default=list)
    input_hash = models.CharField(_("hash of what was computed"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)

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
            ("review_run", _("Can review runs")),
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
    """Who did what to a run, when, from where and why."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", verbose_name=_("run"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, verbose_name=_("by"))
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    act = models.CharField(_("act"), max_length=20)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("run event")
        verbose_name_plural = _("run events")
        ordering = ["id"]


class WorkingDay(models.Model):
    """A day on which the agency departs from the public calendar of working days."""

    day = models.DateField(_("day"), unique=True)
    working = models.BooleanField(_("working day"))
    note = models.CharField(_("note"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("working day exception")
        verbose_name_plural = _("working day exceptions")
        ordering = ["-day"]

    def __str__(self):
        return str(self.day)


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Awaiting confirmation")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")


class ImportFile(models.Model):
    """A clerk's file on its way into the records: uploaded, checked against them, looked at, applied."""

    layout = models.CharField(_("layout"), max_length=20)
    name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size"))
    stored_as = models.CharField(max_length=40, unique=True)
    parameters = models.JSONField(_("parameters"), default=dict)
    header = models.JSONField(_("header"), default=list)
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    counts = models.JSONField(_("counts"), default=dict)
    refusal = models.JSONField(_("reason of refusal"), null=True)
    repeats = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, verbose_name=_("same content as")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    uploaded_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="uploads", verbose_name=_("uploaded by")
    )
    applied_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="applied_imports",
        verbose_name=_("applied by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    applied_at = models.DateTimeField(_("applied at"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["layout", "sha256", "parameters"],
                condition=Q(state="applied"),
                name="import_content_applied_once",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def error(self) -> str:
        """Why the file as a whole was refused, in the reader's language."""
        return gettext(self.refusal["message"]) % self.refusal["values"] if self.refusal else ""


class Outcome(models.TextChoices):
    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    REJECTED = "rejected", _("Rejected")


class ImportRow(models.Model):
    """One row of a file as it was read, and what would come of it. Unlogged: the file itself is kept.

    `problems` and `notices` are `field:fault:value`, worded by the layout; `changes` are `[field, old, new]`.
    """

    pk = models.CompositePrimaryKey("import_file_id", "number")
    import_file = models.ForeignKey(
        ImportFile, on_delete=models.CASCADE, related_name="staged", db_constraint=False, db_index=False
    )
    number = models.IntegerField(_("row"))
    cells = ArrayField(models.TextField(), verbose_name=_("cells"))
    imprecise = ArrayField(models.SmallIntegerField(), verbose_name=_("numbers too long for Excel"))
    cleaned = ArrayField(models.SmallIntegerField(), verbose_name=_("cells that were cleaned"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, null=True)
    problems = ArrayField(models.TextField(), verbose_name=_("problems"), null=True)
    notices = ArrayField(models.TextField(), verbose_name=_("notices"), null=True)
    changes = models.JSONField(_("changes"), null=True)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        indexes = [
            models.Index(
                fields=["import_file", "outcome", "number"],
                condition=Q(outcome__in=["changed", "rejected"]),
                name="import_row_to_look_at",
            ),
        ]
