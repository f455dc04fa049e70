"""How far a run may depart from the one before without anybody saying why, and where it did."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models.agency import Staff
from office.models.run import Run, RunKindName


class Dimension(models.TextChoices):
    """By what a run is compared: `TOTAL` is the run as a whole, `BASE` what a person is credited by."""

    TOTAL = "total", _("Whole run")
    COUNTY = "county", _("County")
    STATUS = "status", _("Status")
    LEVEL = "level", _("Level")
    FACILITY = "facility", _("Facility")
    BASE = "base", _("Base of a person")


class Measure(models.TextChoices):
    ROWS = "rows", _("rows")
    AMOUNT = "amount", _("amount")


class FigureField(models.DecimalField):
    """A number of rows or an amount in yuan."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_digits": 16, "decimal_places": 2, **kwargs})


class Threshold(models.Model):
    """A change of more than `percent` of the figure before, and of more than `least`, is to be explained."""

    kind = models.CharField(_("kind"), max_length=20, choices=RunKindName)
    dimension = models.CharField(_("compared by"), max_length=10, choices=Dimension)
    measure = models.CharField(_("figure"), max_length=10, choices=Measure)
    percent = models.DecimalField(
        _("change in per cent"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("More than this is to be acknowledged. Empty: this figure is not watched."),
    )
    least = FigureField(
        _("least change"), default=0, help_text=_("Smaller changes, in rows or yuan, are passed over.")
    )

    class Meta:
        verbose_name = _("comparison threshold")
        verbose_name_plural = _("comparison thresholds")
        ordering = ["id"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(fields=["kind", "dimension", "measure"], name="threshold_once"),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=0), name="threshold_percent_not_negative"
            ),
            models.CheckConstraint(condition=Q(least__gte=0), name="threshold_least_not_negative"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.get_dimension_display()} · {self.get_measure_display()}"


class Excess(models.Model):
    """A figure of a run beyond its threshold, as that was then; acknowledged by a person, with a note.

    The database lets no run be approved while one is unacknowledged, and keeps what was found as it was.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="excesses", verbose_name=_("run"))
    dimension = models.CharField(_("compared by"), max_length=10, choices=Dimension)
    key = models.CharField(_("key"), max_length=40, blank=True)
    measure = models.CharField(_("figure"), max_length=10, choices=Measure)
    before = FigureField(_("before"))
    now = FigureField(_("now"))
    percent = models.DecimalField(_("change in per cent"), max_digits=6, decimal_places=2)
    least = FigureField(_("least change"))
    acknowledged_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("acknowledged by")
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("change beyond the threshold")
        verbose_name_plural = _("changes beyond the threshold")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "dimension", "key", "measure"], name="excess_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True, note="")
                | (Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False) & ~Q(note="")),
                name="excess_acknowledged_with_note",
            ),
        ]

    @property
    def change(self):
        return self.now - self.before
