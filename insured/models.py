"""Insured people, the months in which they were insured and as what, and the facility they chose."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from insured.documents import (
    DOCUMENT,
    PHONE,
    birth_date_of,
    is_identity_card,
    sealed_document,
    sealed_phone,
    sex_of,
)
from office.fields import MoneyField, MonthField, first_of_month
from office.models import County, Scheme
from office.sealing import bound, unseal


class DocumentType(models.TextChoices):
    """National codes of identity documents."""

    IDENTITY_CARD = "01", _("Identity card")
    HONG_KONG_MACAO_PERMIT = "04", _("Hong Kong and Macao travel permit")
    TAIWAN_PERMIT = "05", _("Taiwan travel permit")
    MAINLAND_PERMIT = "06", _("Mainland travel permit")
    FOREIGN_RESIDENCE = "07", _("Foreign permanent residence card")
    PASSPORT = "08", _("Foreign passport")
    CHINESE_PASSPORT = "16", _("Chinese passport")
    RESIDENCE_PERMIT = "17", _("Residence permit")
    SOCIAL_SECURITY_CARD = "90", _("Social security card")
    OTHER = "99", _("Other")


class Sex(models.TextChoices):
    MALE = "1", _("Male")
    FEMALE = "2", _("Female")


class Person(models.Model):
    """An insured person, told apart by a document. Its number and the phone are sealed (`office/sealing.py`);
    `Person.of`, `identify` and `reach_by` are the only ways to write them, beside the import."""

    document_type = models.CharField(_("document type"), max_length=2, choices=DocumentType, default="01")
    document_index = models.BinaryField(max_length=16)
    document_sealed = models.BinaryField()
    document_tail_index = models.BinaryField(max_length=16)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=100)
    person_number = models.CharField(_("person number"), max_length=30, null=True, blank=True, unique=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex, blank=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    phone_sealed = models.BinaryField(null=True)
    died_on = models.DateField(_("died on"), null=True, blank=True)
    # Of the latest spell: a trigger keeps it, whoever enters the spell.
    county = models.ForeignKey(
        County, null=True, blank=True, on_delete=models.PROTECT, db_index=False, verbose_name=_("county")
    )

    class Meta:
        verbose_name = _("insured person")
        verbose_name_plural = _("insured people")
        constraints = [
            models.UniqueConstraint(
                fields=["document_index", "document_type"],
                name="person_document_once",
                violation_error_message=_("Somebody with this document is entered already."),
            ),
            models.CheckConstraint(
                condition=Q(phone_index__isnull=True, phone_sealed__isnull=True)
                | Q(phone_index__isnull=False, phone_sealed__isnull=False),
                name="person_phone_has_its_index",
            ),
        ]
        indexes = [
            models.Index(fields=["county", "id"], name="person_of_county"),
            models.Index(fields=["document_tail_index"], name="person_document_tail"),
        ]
        permissions = [("show_person", _("Can open identity numbers and phones"))]

    def __str__(self):
        return self.name

    @classmethod
    def of(cls, document_number: str, *, document_type: str = "01", phone: str = "", **values) -> "Person":
        """A person who is yet to be saved; raises ValidationError."""
        person = cls(**values)
        person.identify(document_type=document_type, document_number=document_number)
        person.reach_by(phone)
        return person

    @property
    def document_number(self) -> str:
        """The number in the clear; raises Tampered."""
        return unseal(self.document_sealed, binding=bound(DOCUMENT, self.document_index))

    @property
    def phone(self) -> str:
        """The phone in the clear, empty when there is none; raises Tampered."""
        if self.phone_sealed is None:
            return ""
        return unseal(self.phone_sealed, binding=bound(PHONE, self.document_index))

    def identify(self, *, document_type: str, document_number: str) -> None:
        """Say by which document; an identity card must be valid and tells birth date and sex.

        Raises ValidationError.
        """
        number = document_number.strip().upper()
        if document_type == DocumentType.IDENTITY_CARD:
            if not is_identity_card(number):
                raise ValidationError(
                    {"document_number": _("This is no valid identity card number: its check digit is wrong.")}
                )
            self.birth_date, self.sex = birth_date_of(number), sex_of(number)
        if not number:
            raise ValidationError({"document_number": _("Enter a document number.")})
        phone = self.phone
        self.document_type = document_type
        self.document_index, self.document_sealed, self.document_tail_index = sealed_document(number)
        self.reach_by(phone)

    def reach_by(self, phone: str) -> None:
        """Set the phone, or none."""
        self.phone_index, self.phone_sealed = sealed_phone(phone.strip(), document=self.document_index)


class Employer(models.Model):
    code = models.CharField(_("employer code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("employer")
        verbose_name_plural = _("employers")
        ordering = ["code"]

    def __str__(self):
        return self.name


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
            # One for each scheme: without the text column in its index the constraint costs a third less.
            *(
                ExclusionConstraint(
                    name=f"enrolment_no_overlap_{scheme}",
                    condition=Q(scheme=scheme),
                    expressions=[
                        ("person", RangeOperators.EQUAL),
                        (month_range("first_month", "last_month"), RangeOperators.OVERLAPS),
                    ],
                    violation_error_message=_(
                        "The person has another spell of this scheme in these months; end that one first."
                    ),
                )
                for scheme in Scheme.values
            ),
        ]

    def clean(self):
        """Said before the database is asked, which cannot even form a range that ends before it begins."""
        if None not in (self.first_month, self.last_month) and self.last_month < self.first_month:
            raise ValidationError({"last_month": _("The last month is before the first.")})

    def __str__(self):
        return f"{self.get_status_display()} {self.first_month}–{self.last_month or ''}"


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


# Models of this room as well; they point to people, who have to be there first.
from insured.entitlements import CertifiedDisease, FamilyLink, Filing, Referral  # noqa: E402, F401
