"""The forms of manual reimbursements: the application, its documents, a receipt with what stands on it."""

from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from facilities.admin.acts import day_field, reason_field
from facilities.models import Level
from insured.admin.entitlements import WholeForm
from office.admin.rule_words import WORDS
from policies.month import Month
from settlement import claims
from settlement.admin.visits import VisitForm
from settlement.claim_rules import documents_of, reasons_on
from settlement.models import Applicant, Claim, Visit
from settlement.schemes import scheme_of

NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


def text_field(label, length: int, **options) -> forms.CharField:
    attrs = options.pop("attrs", {})
    return forms.CharField(
        label=label, max_length=length, widget=UnfoldAdminTextInputWidget(attrs=attrs), **options
    )


def number_field(label, pattern: str, wrong, **options) -> forms.RegexField:
    return forms.RegexField(
        pattern,
        label=label,
        error_messages={"invalid": wrong},
        widget=UnfoldAdminTextInputWidget(attrs=NUMBER),
        **options,
    )


def phone_field() -> forms.RegexField:
    wrong = gettext_lazy("A phone number has 7 to 20 digits.")
    return number_field(gettext_lazy("phone"), r"^\+?[0-9-]{7,20}$", wrong, required=False)


def account_field(**options) -> forms.RegexField:
    wrong = gettext_lazy("A bank account has 9 to 30 digits.")
    return number_field(gettext_lazy("bank account"), r"^[0-9]{9,30}$", wrong, **options)


def demand_payee(claim: Claim) -> None:
    """Money goes to the person, or to the relative who applies for them; to no agent."""
    names = {claim.person.name}
    if claim.applicant == Applicant.RELATIVE:
        names.add(claim.applicant_name)
    if claim.payee_name not in names:
        raise ValidationError(
            {"payee_name": _("The account is the person's, or of the relative who applies.")}
        )


class ClaimForm(WholeForm):
    """A claim as it is taken in; its bank account and the applicant's phone are sealed."""

    phone = phone_field()
    account = account_field()

    class Meta:
        model = Claim
        fields: ClassVar = [
            "person", "reason", "received_on", "applicant", "applicant_name", "payee_name", "bank_name",
        ]  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "received_on" in self.fields:  # entered, not shown
            self.fields["received_on"] = day_field(self.fields["received_on"].label)
            self.fields["applicant_name"].help_text = _("Only where somebody else applies.")
            self.fields["payee_name"].help_text = _("The person, or the relative who applies.")

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"entered_by", "number", "scheme"}

    def demand(self):
        claim = self.instance
        claim.scheme = scheme_of(claim.person, Month.of(claim.received_on))
        claims.demand_acceptable(claim)
        demand_payee(claim)
        claim.call_at(self.cleaned_data["phone"])
        claim.pay_into(self.cleaned_data["account"])


class CorrectForm(forms.Form):
    """What may be corrected of a claim while it is open; numbers stay as they are when left empty."""

    reason = forms.ChoiceField(label=pgettext_lazy("claim", "reason"), widget=UnfoldAdminSelectWidget)
    applicant = forms.ChoiceField(
        label=pgettext_lazy("claim", "applied for by"), choices=Applicant, widget=UnfoldAdminSelectWidget
    )
    applicant_name = text_field(gettext_lazy("name of who applied"), 100, required=False)
    phone = phone_field()
    payee_name = text_field(gettext_lazy("account holder"), 100)
    bank_name = text_field(gettext_lazy("bank"), 200)
    account = account_field(required=False, help_text=gettext_lazy("Empty: stays as it is."))

    @classmethod
    def of(cls, claim: Claim):
        def made(*args, **kwargs):
            form = cls(*args, **kwargs)
            here = reasons_on(claim.received_on, scheme=claim.scheme)
            form.fields["reason"].choices = [(reason.value, reason.label) for reason in here]
            return form

        return made


def correct(claim: Claim, *, phone: str, account: str, **values) -> None:
    claim = claims.still_open(claim)
    for name, value in values.items():
        setattr(claim, name, value)
    if phone:
        claim.call_at(phone)
    if account:
        claim.pay_into(account)
    demand_payee(claim)
    claims.demand_acceptable(claim)
    claim.validate_constraints()
    claim.save()


class DocumentsForm(forms.Form):
    received = forms.MultipleChoiceField(
        label=gettext_lazy("Originals received"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def of(cls, claim: Claim):
        def made(*args, **kwargs):
            form = cls(*args, **kwargs)
            asked = documents_of(claim).figure
            form.fields["received"].choices = [(code, WORDS.get(code, code)) for code in asked]
            return form

        return made


class DropForm(forms.Form):
    receipt = forms.TypedChoiceField(
        label=gettext_lazy("Receipt"), coerce=int, widget=UnfoldAdminSelectWidget
    )
    reason = reason_field()

    @classmethod
    def of(cls, claim: Claim):
        def made(*args, **kwargs):
            form = cls(*args, **kwargs)
            form.fields["receipt"].choices = [
                (receipt.pk, f"{receipt.number} · {receipt.visit.total:,.2f}")
                for receipt in claims.live_receipts(claim)
            ]
            return form

        return made


class ReceiptForm(VisitForm):
    """A receipt: of a facility on record, or of one that is entered as the receipt names it."""

    facility_name = text_field(gettext_lazy("Name of a facility that is not on record"), 200, required=False)
    facility_level = forms.ChoiceField(
        label=gettext_lazy("Its level"),
        choices=[("", "–"), *Level.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    facility_here = forms.BooleanField(
        label=gettext_lazy("It lies in the city"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta(VisitForm.Meta):
        fields: ClassVar = [
            "bill", "at", "facility", "category", "total", "eligible", "full_self_paid", "over_price",
            "prior_self_paid", "diagnosis_fee", "consultation_fee", "examination_fee", "disease", "drug",
            "emergency", "admitted", "gate",
        ]  # fmt: skip
        labels: ClassVar = {"bill": gettext_lazy("receipt number")}
        help_texts: ClassVar = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["facility"].required = False

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"facility", "person", "scheme"}

    def demand(self):
        visit, data = self.instance, self.cleaned_data
        if visit.at > timezone.now():
            raise ValidationError({"at": _("This time is still to come.")})
        if visit.facility_id is None and not (data["facility_name"].strip() and data["facility_level"]):
            raise ValidationError(
                {"facility": _("Choose the facility, or give name and level of one that is not on record.")}
            )

    def read(self, claim: Claim) -> Visit:
        """The visit the receipt tells of; its facility is entered where it is not on record."""
        visit, data = self.instance, self.cleaned_data
        if visit.facility_id is None:
            visit.facility = claims.facility_named(
                data["facility_name"],
                level=data["facility_level"],
                county=claim.person.county if data["facility_here"] else None,
            )
        return visit
