"""What people are entitled to beside being insured: use of a relative's account, care elsewhere, diseases on
record, referrals. Each holds from its first day to its last, included; one without a last day is open."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from insured.documents import document_index
from insured.models.person import Person
from office.sealing import bound, seal, unseal

RELATIVE_DOCUMENT = "insured_familylink.relative_document_sealed"


def of_person(related_name: str, *, label=None) -> models.ForeignKey:
    return models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        related_name=related_name,
        verbose_name=label or _("insured person"),
    )


def days(last: str = "last_day") -> tuple:
    return Func("first_day", last, Value("[]"), function="daterange"), RangeOperators.OVERLAPS


def ends_after_it_begins(name: str, *, first: str = "first_day", last: str = "last_day"):
    return models.CheckConstraint(
        condition=Q(**{f"{last}__isnull": True}) | Q(**{f"{last}__gte": F(first)}),
        name=name,
        violation_error_message=_("The last day is before the first."),
    )


def ended_with_a_reason(name: str):
    return models.CheckConstraint(
        condition=Q(ended_because="") | Q(last_day__isnull=False),
        name=name,
        violation_error_message=_("A reason for ending is given but no last day."),
    )


class Dated(models.Model):
    """Said before the database is asked, which cannot even form a range that ends before it begins."""

    class Meta:
        abstract = True

    def clean(self):
        if None not in (self.first_day, self.last_day) and self.last_day < self.first_day:
            raise ValidationError({"last_day": _("The last day is before the first.")})


class Relation(models.TextChoices):
    """What the relative is to the holder of the account."""

    SPOUSE = "spouse", _("Spouse")
    PARENT = "parent", _("Parent")
    CHILD = "child", _("Child")


class LinkEnding(models.TextChoices):
    DIVORCE = "divorce", _("Divorce")
    REVOKED = "revoked", _("Revoked by the holder")
    DEATH = "death", _("Death")
    OTHER = "other", _("Other reason")


class FamilyLink(Dated):
    """A relative who may use the account of `person`: one on record, or where the rules allow it one insured
    elsewhere in the province, by name and document."""

    person = of_person("family_links", label=_("holder of the account"))
    relation = models.CharField(_("relation"), max_length=6, choices=Relation)
    relative = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="family_links_to",
        verbose_name=_("relative"),
    )
    relative_name = models.CharField(_("name of the relative"), max_length=100, blank=True)
    relative_document_index = models.BinaryField(max_length=16, null=True, editable=False)
    relative_document_sealed = models.BinaryField(null=True, editable=False)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    ended_because = models.CharField(_("ended because"), max_length=7, choices=LinkEnding, blank=True)

    class Meta:
        verbose_name = _("family link")
        verbose_name_plural = _("family links")
        constraints = [
            models.CheckConstraint(
                condition=~Q(relative=F("person")),
                name="family_not_oneself",
                violation_error_message=_("Nobody is their own relative."),
            ),
            models.CheckConstraint(
                condition=Q(relative__isnull=False, relative_name="", relative_document_index__isnull=True)
                | Q(relative__isnull=True, relative_document_index__isnull=False)
                & ~Q(relative_name="")
                & Q(relative_document_sealed__isnull=False),
                name="family_one_relative",
                violation_error_message=_(
                    "Name somebody on record, or else the name and document of somebody insured elsewhere."
                ),
            ),
            ends_after_it_begins("family_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True, ended_because="")
                | Q(last_day__isnull=False) & ~Q(ended_because=""),
                name="family_ends_for_a_reason",
                violation_error_message=_("A link that ends has a last day and a reason."),
            ),
            *(
                ExclusionConstraint(
                    name=f"family_once_{name}",
                    expressions=[("person", RangeOperators.EQUAL), (column, RangeOperators.EQUAL), days()],
                    violation_error_message=_("This relative is linked already in these days."),
                )
                for name, column in (("here", "relative"), ("elsewhere", "relative_document_index"))
            ),
            ExclusionConstraint(
                name="family_one_spouse",
                condition=Q(relation="spouse"),
                expressions=[("person", RangeOperators.EQUAL), days()],
                violation_error_message=_("Another spouse is linked in these days; end that link first."),
            ),
        ]

    def __str__(self):
        # A relative of another county is out of sight of whoever reads this one's.
        here = Person.objects.filter(pk=self.relative_id).first()
        return (
            f"{self.get_relation_display()} {here or self.relative_name or _('somebody of another county')}"
        )

    def name_elsewhere(self, *, name: str, document_number: str) -> None:
        """Say who the relative insured elsewhere is."""
        number = document_number.strip().upper()
        index = document_index(number)
        self.relative_name, self.relative_document_index = name.strip(), index
        self.relative_document_sealed = seal(number, binding=bound(RELATIVE_DOCUMENT, index))

    @property
    def relative_document(self) -> str:
        """The number in the clear, empty for somebody on record; raises Tampered."""
        if self.relative_document_sealed is None:
            return ""
        binding = bound(RELATIVE_DOCUMENT, self.relative_document_index)
        return unseal(self.relative_document_sealed, binding=binding)


class FilingKind(models.TextChoices):
    """For whom care elsewhere is put on file."""

    RESETTLED = "resettled", _("Retired and resettled elsewhere")
    RESIDENT = "resident", _("Living elsewhere for long")
    STATIONED = "stationed", _("Stationed elsewhere for work")
    REFERRED = "referred", _("Referred elsewhere")
    EMERGENCY = "emergency", _("Emergency elsewhere")
    TEMPORARY = "temporary", _("Elsewhere for a while")


class Filing(Dated):
    """A filing 备案 that somebody is treated in another pooling area."""

    person = of_person("filings")
    kind = models.CharField(_("kind"), max_length=10, choices=FilingKind)
    destination_code = models.CharField(
        _("division code of the destination"),
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{6}$", _("Six digits."))],
    )
    destination = models.CharField(_("destination"), max_length=100)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    ended_because = models.CharField(pgettext_lazy("filing", "ended because"), max_length=200, blank=True)
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("filing out of the area")
        verbose_name_plural = _("filings out of the area")
        constraints = [
            ends_after_it_begins("filing_ends_after_it_begins"),
            ended_with_a_reason("filing_ended_with_a_reason"),
            ExclusionConstraint(
                name="filing_no_overlap",
                expressions=[("person", RangeOperators.EQUAL), ("kind", RangeOperators.EQUAL), days()],
                violation_error_message=_(
                    "The person has another filing of this kind in these days; end that one first."
                ),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.destination}"


class DiseaseKind(models.TextChoices):
    CHRONIC = "chronic", _("Chronic disease")
    SPECIAL = "special", _("Special disease")


class CertifiedDisease(Dated):
    """A chronic or special disease 门诊慢特病 put on record after certification."""

    person = of_person("certified_diseases")
    kind = models.CharField(_("kind"), max_length=7, choices=DiseaseKind)
    code = models.CharField(_("disease code"), max_length=40)
    name = models.CharField(_("disease"), max_length=100)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    ended_because = models.CharField(pgettext_lazy("filing", "ended because"), max_length=200, blank=True)
    facility = models.ForeignKey(
        Facility,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("certified by"),
    )
    evidence = models.CharField(_("evidence"), max_length=200)

    class Meta:
        verbose_name = _("certified disease")
        verbose_name_plural = _("certified diseases")
        constraints = [
            ends_after_it_begins("disease_ends_after_it_begins"),
            ended_with_a_reason("disease_ended_with_a_reason"),
            ExclusionConstraint(
                name="disease_no_overlap",
                expressions=[("person", RangeOperators.EQUAL), ("code", RangeOperators.EQUAL), days()],
                violation_error_message=_("This disease is on record already in these days."),
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.code})"


class Referral(models.Model):
    """A referral 转诊 by the selected facility, to a facility or to elsewhere."""

    person = of_person("referrals")
    issued_by = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="+", verbose_name=_("referring facility")
    )
    to_facility = models.ForeignKey(
        Facility,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("referred to"),
    )
    to_elsewhere = models.CharField(
        _("referred elsewhere to"),
        max_length=100,
        blank=True,
        help_text=_("Place and hospital, when it is none of the facilities on record."),
    )
    issued_on = models.DateField(_("issued on"))
    valid_until = models.DateField(_("valid until"))
    diagnosis = models.CharField(_("diagnosis and reason"), max_length=200)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("issued_on")),
                name="referral_valid_after_issued",
                violation_error_message=_("The referral would end before it is issued."),
            ),
            models.CheckConstraint(
                condition=Q(to_facility__isnull=True) & ~Q(to_elsewhere="")
                | Q(to_facility__isnull=False, to_elsewhere=""),
                name="referral_to_one_place",
                violation_error_message=_("Name the facility on record, or else the place elsewhere."),
            ),
            models.CheckConstraint(
                condition=Q(to_facility__isnull=True) | ~Q(to_facility=F("issued_by")),
                name="referral_to_another",
                violation_error_message=_("A facility does not refer to itself."),
            ),
        ]

    def __str__(self):
        return f"{self.issued_on} {self.to_facility or self.to_elsewhere}"
