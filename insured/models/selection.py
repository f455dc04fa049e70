"""The facility somebody chose for some months of a year."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from insured.models.enrolment import month_range
from insured.models.person import Person
from office.fields import MonthField, first_of_month


class Slot(models.TextChoices):
    """Where a pack gives two choices: one primary facility and one village station."""

    PRIMARY = "primary", _("Facility")
    STATION = "station", _("Village station")


class SelectionKind(models.TextChoices):
    FIRST = "first", _("First selection")
    CHANGE = "change", pgettext_lazy("selection", "Change")
    CARRIED = "carried", _("Carried over")


class Selection(models.Model):
    """The facility chosen for some months of one year."""

    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        related_name="selections",
        verbose_name=_("insured person"),
        db_index=False,
    )
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, verbose_name=_("facility"))
    slot = models.CharField(_("slot"), max_length=10, choices=Slot, default=Slot.PRIMARY)
    first_month = MonthField(_("first month"))
    last_month = MonthField(_("last month"))
    kind = models.CharField(_("kind"), max_length=10, choices=SelectionKind)
    reason = models.CharField(_("reason for the change"), max_length=200, blank=True)
    run_id = models.BigIntegerField(_("carried over by run"), null=True, editable=False)

    class Meta:
        verbose_name = _("facility selection")
        verbose_name_plural = _("facility selections")
        ordering = ["person", "-first_month"]
        indexes = [
            models.Index(fields=["person", "first_month"], name="selection_of_person"),
            models.Index(fields=["kind", "slot"], name="selection_of_kind"),
        ]
        constraints = [
            first_of_month("first_month", "last_month", name="selection_first_of_month"),
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month"))
                & Q(
                    last_month__year=Func(
                        Value("year"),
                        F("first_month"),
                        function="date_part",
                        output_field=models.IntegerField(),
                    )
                ),
                name="selection_within_one_year",
                violation_error_message=_("A selection ends in the year in which it begins."),
            ),
            *(
                ExclusionConstraint(
                    name=f"selection_no_overlap_{slot}",
                    condition=Q(slot=slot),
                    expressions=[
                        ("person", RangeOperators.EQUAL),
                        (month_range("first_month", "last_month"), RangeOperators.OVERLAPS),
                    ],
                    violation_error_message=_(
                        "The person has another selection in these months; end that one the month before."
                    ),
                )
                for slot in Slot.values
            ),
            models.UniqueConstraint(
                Func(Value("year"), F("first_month"), function="date_part"),
                "person",
                "slot",
                condition=~Q(kind="change"),
                name="selection_first_of_year_once",
                violation_error_message=_("The person has a first selection of this year; this is a change."),
            ),
        ]

    def clean(self):
        """Said before the database is asked, which cannot even form a range that ends before it begins."""
        if None not in (self.first_month, self.last_month) and self.last_month < self.first_month:
            raise ValidationError({"last_month": _("The last month is before the first.")})

    def __str__(self):
        return f"{self.facility} {self.first_month}–{self.last_month}"


class ProposedSelection(models.Model):
    """What a carry-over run proposes for one person: reviewed, then entered exactly so."""

    run_id = models.BigIntegerField(_("run"), db_index=True)
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="+", verbose_name=_("insured person")
    )
    facility = models.ForeignKey(
        Facility, on_delete=models.CASCADE, related_name="+", verbose_name=_("facility")
    )
    slot = models.CharField(_("slot"), max_length=10, choices=Slot)
    agreed = models.BooleanField(_("the facility has an agreement"))

    class Meta:
        verbose_name = _("proposed selection")
        verbose_name_plural = _("proposed selections")
