"""Who is insured, told apart by a document, and who employs them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from insured.documents import (
    DOCUMENT,
    PHONE,
    birth_date_of,
    is_identity_card,
    sealed_document,
    sealed_phone,
    sex_of,
)
from office.models import County
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

    # The record of the same human being that goes on in place of this one, which is listed no more.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
        db_index=False,
        verbose_name=_("merged into"),
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
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="person_merged"
            ),
        ]
        permissions = [
            ("show_person", _("Can open identity numbers and phones")),
            ("merge_person", _("Can merge two records of one person")),
        ]

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
