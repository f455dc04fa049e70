"""Files on their way into the records, and their rows as they were read."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from office.models.agency import Origin, Staff


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Awaiting confirmation")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")
    UNDOING = "undoing", _("Being taken back")
    UNDONE = "undone", _("Taken back")


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
    # The same for the same rows, in whatever order and whatever kind of file.
    content_digest = models.CharField(max_length=64, blank=True, editable=False)
    # By what its rows were judged, and when (`office/judged.py`).
    judged = models.JSONField(default=dict, editable=False)
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
    undone_by = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="undone_imports",
        verbose_name=_("taken back by"),
    )
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    undo_reason = models.CharField(_("reason for taking it back"), max_length=200, blank=True)
    forgotten_at = models.DateTimeField(_("file deleted at"), null=True)

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
    # In place of cells that no table may hold: what was wrong with each, its mask, what is kept of it.
    protected = ArrayField(models.TextField(null=True), verbose_name=_("protected cells"), default=list)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, null=True)
    problems = ArrayField(models.TextField(), verbose_name=_("problems"), null=True)
    notices = ArrayField(models.TextField(), verbose_name=_("notices"), null=True)
    changes = models.JSONField(_("changes"), null=True)
    # Of a row to be written, what the steps of its layout need of it: a row of SQL as text.
    fact = models.TextField(null=True, editable=False)

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
