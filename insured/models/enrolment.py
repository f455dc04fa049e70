"""The months in which somebody is insured, and as what."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from insured.models.person import Employer, Person
from office.fields import MoneyField, MonthField, first_of_month
from office.models import County, Scheme
from policies.month import Month


class Status(models.TextChoices):
    """As what somebody is insured; the credit rules go by it."""

    ACTIVE = "active", _("Active employee")
    RETIRED = "retired", _("Retired")
    FLEXIBLE = "flexible", _("Flexible employment")
    UNEMPLOYED_PAID = "unemployed_paid", _("Paid by unemployment insurance")
    INJURY_PAID = "injury_paid", _("Paid by work injury insurance")
    INPATIENT_ONLY = "inpatient_only", _("Inpatient insurance only")
    SPONSORED_RETIREE = "sponsored_retiree", _("Sponsored retiree of a distressed enterprise")
    RESIDENT = "resident", _("Resident")


class RetirementGroup(models.TextChoices):
    ENTERPRISE = "enterprise", _("Enterprise")
    INSTITUTION = "institution", _("Government and institutions")


def month_range(first: str, last: str) -> Func:
    """The months from first to last, last included; an empty last month is still open."""
    return Func(first, last, Value("[]"), function="daterange")


class Enrolment(models.Model):
    """A spell: from `first_month` to `last_month` (included; empty while open) insured as `status`."""

    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        related_name="enrolments",
        verbose_name=_("insured person"),
        db_index=False,
    )
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    status = models.CharField(_("status"), max_length=20, choices=Status)
    retirement_group = models.CharField(_("retired from"), max_length=12, choices=RetirementGroup, blank=True)
    base = MoneyField(_("monthly base"), null=True, blank=True)
    employer = models.ForeignKey(
        Employer, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("employer")
    )
    county = models.ForeignKey(County, on_delete=models.PROTECT, verbose_name=_("county"))
    first_month = MonthField(_("first month"))
    last_month = MonthField(_("last month"), null=True, blank=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["person", "scheme", "-first_month"]
        indexes = [
            models.Index(fields=["person", "scheme", "first_month"], name="enrolment_of_person"),
            models.Index(fields=["status", "scheme"], name="enrolment_of_status"),
        ]
        constraints = [
            first_of_month("first_month", "last_month", name="enrolment_first_of_month"),
            models.CheckConstraint(
                condition=Q(last_month__isnull=True) | Q(last_month__gte=F("first_month")),
                name="enrolment_ends_after_it_begins",
                violation_error_message=_("The last month is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(base__isnull=True) | Q(base__gte=0),
                name="enrolment_base_not_negative",
                violation_error_message=_("The monthly base is below zero."),
            ),
            models.CheckConstraint(
                condition=Q(scheme="390", status="resident") | (Q(scheme="310") & ~Q(status="resident")),
                name="enrolment_status_of_scheme",
                violation_error_message=_("This status does not belong to the scheme."),
            ),
            # Of whatever scheme: who is insured as an employee is not insured as a resident.
            ExclusionConstraint(
                name="enrolment_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (month_range("first_month", "last_month"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_(
                    "The person is insured in these months already, in this scheme or the other;"
                    " end that spell first."
                ),
            ),
        ]

    def clean(self):
        """Said before the database is asked, which cannot even form a range that ends before it begins."""
        if None not in (self.first_month, self.last_month) and self.last_month < self.first_month:
            raise ValidationError({"last_month": _("The last month is before the first.")})
        died_on = self.person.died_on if self.person_id else None
        if died_on and (self.last_month is None or self.last_month > Month.of(died_on)):
            raise ValidationError({"last_month": _("This person died on %(day)s.") % {"day": died_on}})

    def __str__(self):
        return f"{self.get_status_display()} {self.first_month}–{self.last_month or ''}"
