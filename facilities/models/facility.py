"""Medical facilities and pharmacies, and what they are from which month on.

Level, parent and responsible office are told by month: a `Placement` holds until the next one. A facility's
own columns repeat the placement of the current month, and follow it by triggers (migration 0005): who
changes one of them in place makes a placement from the current month on.
Statements that need a month's own join the view `facilities_placed`.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office.fields import MonthField, first_of_month
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


class Office(models.TextChoices):
    """Who settles with a facility (Nanchang 34)."""

    COUNTY = "county", _("County office")
    CITY = "city", _("Municipal centre")


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
    office = models.CharField(
        _("responsible office"),
        max_length=10,
        choices=Office,
        default=Office.COUNTY,
        db_default=Office.COUNTY,
    )
    closed_on = models.DateField(
        _("closed from"), null=True, blank=True, help_text=_("The first day on which it is closed.")
    )
    successor = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="succeeds",
        verbose_name=_("successor"),
    )
    closing_reason = models.CharField(
        _("reason for closing or reopening"), max_length=500, blank=True, db_default=""
    )

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
            models.CheckConstraint(
                condition=Q(closed_on__isnull=False) | Q(successor__isnull=True),
                name="facility_succeeded_when_closed",
                violation_error_message=_("Only a closed facility has a successor."),
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | ~Q(closing_reason=""),
                name="facility_closed_for_a_reason",
                violation_error_message=_("Say why the facility closes."),
            ),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | ~Q(successor=F("id")),
                name="facility_not_its_own_successor",
                violation_error_message=_("A facility is not its own successor."),
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.code})"

    def clean(self):
        """What the database refuses too, said beforehand; raises ValidationError."""
        if self.parent is not None and self.parent.kind == FacilityKind.VILLAGE_STATION:
            raise ValidationError({"parent": _("A village station is nobody's parent.")})
        becomes_station = self.pk is not None and self.kind == FacilityKind.VILLAGE_STATION
        if becomes_station and Placement.objects.filter(parent=self).exists():
            raise ValidationError(
                {"kind": _("Other facilities stand or stood under this one: it cannot become a station.")}
            )

    @property
    def bank_account(self) -> str:
        """The account in the clear, empty when there is none; raises Tampered."""
        if self.bank_account_sealed is None:
            return ""
        return opened_account(self.bank_account_sealed, self.code)

    def pay_into(self, bank_account: str) -> None:
        """Set the account, or none. It is bound to the code: when that changes, set the account again."""
        self.bank_account_index, self.bank_account_sealed = sealed_account(bank_account, self.code)

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None and self.closed_on <= timezone.localdate()


class Placement(models.Model):
    """What a facility is from a month on until its next placement; the first holds from the beginning."""

    facility = models.ForeignKey(
        Facility,
        on_delete=models.CASCADE,
        related_name="placements",
        verbose_name=_("facility"),
        db_index=False,
    )
    first_month = MonthField(_("first month"), null=True, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    parent = models.ForeignKey(
        Facility,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("parent"),
    )
    office = models.CharField(_("responsible office"), max_length=10, choices=Office, default=Office.COUNTY)
    reason = models.CharField(_("reason"), max_length=500, blank=True, db_default="")

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["facility", F("first_month").desc(nulls_last=True)]
        constraints = [
            first_of_month("first_month", name="placement_first_of_month"),
            models.UniqueConstraint(
                fields=["facility", "first_month"], name="placement_once_a_month", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("facility")),
                name="placement_not_its_own_parent",
                violation_error_message=_("A facility is not its own parent."),
            ),
        ]

    def __str__(self):
        return str(self.first_month or _("from the beginning"))

    def clean(self):
        """What the database refuses too, said beforehand; raises ValidationError."""
        if self.parent is None:
            if self.facility.kind == FacilityKind.VILLAGE_STATION:
                raise ValidationError({"parent": _("A village station needs the facility it belongs to.")})
            return
        if self.parent.kind == FacilityKind.VILLAGE_STATION:
            raise ValidationError({"parent": _("A village station is nobody's parent.")})
        above = self.parent
        seen = set()
        while above is not None and above.pk not in seen:
            if above.pk == self.facility_id:
                raise ValidationError(
                    {"parent": _("The facilities would stand under one another in a circle.")}
                )
            seen.add(above.pk)
            above = above.parent
