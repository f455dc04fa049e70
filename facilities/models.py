"""Medical facilities and pharmacies, and the agreements under which the fund pays them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from office.models import County
from office.sealing import blind_index, bound, seal, unseal

BANK_ACCOUNT = "facilities_facility.bank_account_sealed"


class Level(models.TextChoices):
    TERTIARY = "tertiary", _("Tertiary")
    SECONDARY = "secondary", _("Secondary")
    PRIMARY = "primary", _("Primary")
    UNGRADED = "ungraded", _("Ungraded")


class FacilityKind(models.TextChoices):
    HOSPITAL = "hospital", _("Hospital")
    COMMUNITY_CENTRE = "community_centre", _("Community health centre")
    TOWNSHIP_CENTRE = "township_centre", _("Township health centre")
    VILLAGE_STATION = "village_station", _("Village health station")
    SCHOOL_CLINIC = "school_clinic", _("School clinic")
    CLINIC = "clinic", _("Clinic")
    PHARMACY = "pharmacy", _("Retail pharmacy")


def sealed_account(bank_account: str, code: str) -> tuple[bytes | None, bytes | None]:
    """What is kept of the account of the facility with this code: index and sealed number."""
    if not bank_account:
        return None, None
    sealed = seal(bank_account, binding=bound(BANK_ACCOUNT, code))
    return blind_index(bank_account, purpose="bank account"), sealed


def opened_account(sealed: bytes, code: str) -> str:
    """The account of the facility with this code in the clear; raises Tampered."""
    return unseal(sealed, binding=bound(BANK_ACCOUNT, code))


class Facility(models.Model):
    """A designated facility; one without a county lies outside the city."""

    code = models.CharField(_("facility code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=200)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    kind = models.CharField(_("kind"), max_length=20, choices=FacilityKind)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="stations",
        verbose_name=_("parent"),
    )
    county = models.ForeignKey(
        County,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("county"),
        help_text=_("Empty for a facility outside the city."),
    )
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    bank_holder = models.CharField(_("account holder"), max_length=200, blank=True)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True)
    bank_account_index = models.BinaryField(max_length=16, null=True, editable=False)
    bank_account_sealed = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["code"]
        permissions = [("show_facility", _("Can open bank accounts"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="facility_not_its_own_parent",
                violation_error_message=_("A facility is not its own parent."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="village_station") | Q(parent__isnull=False),
                name="facility_station_has_parent",
                violation_error_message=_("A village station needs the facility it belongs to."),
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.code})"

    @property
    def bank_account(self) -> str:
        """The account in the clear, empty when there is none; raises Tampered."""
        if self.bank_account_sealed is None:
            return ""
        return opened_account(self.bank_account_sealed, self.code)

    def pay_into(self, bank_account: str) -> None:
        """Set the account, or none. It is bound to the code: when that changes, set the account again."""
        self.bank_account_index, self.bank_account_sealed = sealed_account(bank_account, self.code)


class AgreementKind(models.TextChoices):
    OUTPATIENT = "outpatient", _("Outpatient pooling")
    ACCOUNT = "account", _("Personal accounts")
    CHRONIC = "chronic", _("Chronic and special diseases")


class Agreement(models.Model):
    """A service agreement, in force from its first to its last day."""

    facility = models.ForeignKey(
        Facility, on_delete=models.CASCADE, related_name="agreements", verbose_name=_("facility")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AgreementKind)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    number = models.CharField(_("agreement number"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["facility", "-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="agreement_ends_after_it_begins",
                violation_error_message=_("The last day is before the first."),
            ),
            ExclusionConstraint(
                name="agreement_no_overlap",
                expressions=[
                    ("facility", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (
                        Func("first_day", "last_day", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("The facility has another agreement of this kind in these days."),
            ),
        ]

    def clean(self):
        """Said before the database is asked, which cannot even form a range that ends before it begins."""
        if None not in (self.first_day, self.last_day) and self.last_day < self.first_day:
            raise ValidationError({"last_day": _("The last day is before the first.")})

    def __str__(self):
        return self.number or f"{self.first_day}–{self.last_day}"
