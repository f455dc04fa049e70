"""Lists on their way out: asked for by somebody, written in the background, kept for some days."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models.agency import Staff


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Being written")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")


class Export(models.Model):
    """A list as it was filtered, as a file. The filter may name a person: it is sealed, as the file is."""

    listed = models.CharField(_("list"), max_length=60)  # the model: "insured.person"
    query_sealed = models.BinaryField()
    extension = models.CharField(
        _("format"),
        max_length=4,
        choices=[("xlsx", "Excel"), ("csv", "CSV"), ("pdf", "PDF"), ("zip", _("PDFs in a .zip"))],
    )
    # Instead of the list itself a document of each of its records: the name of a PaperKind, and which part.
    paper = models.CharField(max_length=30, blank=True, db_default="")
    part = models.CharField(max_length=10, blank=True, db_default="")
    opened = models.BooleanField(_("numbers in full"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    language = models.CharField(max_length=10)
    address = models.CharField(max_length=45, blank=True)
    stored_as = models.CharField(max_length=40, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=ExportState, default=ExportState.WAITING)
    error = models.CharField(_("why"), max_length=500, blank=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    size = models.BigIntegerField(_("size"), null=True)
    asked_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    forgotten_at = models.DateTimeField(_("file deleted at"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ()
        permissions = [("export_lists", _("Can take lists away as files"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(opened=False) | ~Q(reason=""), name="export_opened_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(extension__in=["xlsx", "csv"], paper="")
                | Q(extension__in=["pdf", "zip"], opened=False) & ~Q(paper=""),
                name="export_of_a_list_or_its_papers",
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"
