"""Manual reimbursements: their list, the page of one with its acts, the page of a receipt, the decision."""

from dataclasses import replace
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.admin.applications import SignForm
from accounts.applications import doubtful
from facilities.admin.acts import ActsAdmin, RecordAct
from insured.admin.person_page import tell
from insured.models import Person
from insured.search import search_people
from office.admin.pages import page
from office.admin.panels import linked
from office.admin.protected import ProtectedNumbers
from office.admin.records import RecordAdmin
from office.sealing import masked_account, masked_phone
from office.templatetags.figures import yuan
from settlement import claims
from settlement.admin.claim_forms import (
    ClaimForm,
    CorrectForm,
    DocumentsForm,
    DropForm,
    ReceiptForm,
    correct,
)
from settlement.admin.claim_panels import (
    alike,
    badged_claim,
    colour_of,
    documents,
    label_of,
    payee,
    payment,
    receipts,
    signatures,
)
from settlement.admin.papers import DECISION
from settlement.admin.payment_acts import ReasonForm
from settlement.admin.visits import VisitAdmin
from settlement.models import Applicant, Claim, ClaimState, ClaimStep, Visit

CHANGE = "settlement.change_claim"


def _while(*states: ClaimState):
    return lambda claim: claim.state in states


def _before_signing(request, claim) -> list:
    """What is signed: who is paid, for which receipts, with which papers."""
    found = (payee(claim), receipts(request, claim), alike(request, claim), documents(request, claim))
    return [panel for panel in found if panel]


ACTS = (
    RecordAct(
        name="documents",
        label=gettext_lazy("Tick documents"),
        explained=gettext_lazy("Which originals are there. Your name is kept with each you tick."),
        done=gettext_lazy("The documents were noted."),
        form=DocumentsForm,
        do=claims.tick_documents,
        open_to=_while(ClaimState.OPEN),
        permission=CHANGE,
    ),
    RecordAct(
        name="hand_in",
        key="a",
        label=gettext_lazy("Hand in for review"),
        explained=gettext_lazy("Receipts and application stay as they are until somebody sends them back."),
        done=gettext_lazy("Handed in: others have to agree now."),
        form=forms.Form,
        do=claims.hand_in,
        open_to=_while(ClaimState.OPEN),
        consequences=_before_signing,
        permission=CHANGE,
    ),
    RecordAct(
        name="correct",
        label=gettext_lazy("Correct the application"),
        explained=gettext_lazy("Who applied, and into which bank account the money goes."),
        done=gettext_lazy("The application was corrected."),
        form=CorrectForm,
        do=correct,
        open_to=_while(ClaimState.OPEN),
        permission=CHANGE,
    ),
    RecordAct(
        name="drop",
        label=gettext_lazy("Take off a receipt"),
        explained=gettext_lazy("What it used of limits is given back; it may be claimed again."),
        done=gettext_lazy("The receipt was taken off."),
        form=DropForm,
        do=claims.drop_receipt,
        open_to=lambda claim: claim.state == ClaimState.OPEN and claims.live_receipts(claim).exists(),
        permission=CHANGE,
        danger=True,
    ),
    RecordAct(
        name="sign",
        key="a",
        label=gettext_lazy("Agree and sign"),
        explained=gettext_lazy(
            "Your signature holds for exactly what stands here. With the last one the fund owes the money."
        ),
        done=gettext_lazy("Signed."),
        form=SignForm,
        do=claims.sign,
        open_to=_while(ClaimState.HANDED_IN),
        consequences=_before_signing,
    ),
    RecordAct(
        name="send_back",
        key="r",
        label=gettext_lazy("Send back"),
        explained=gettext_lazy("Whoever took it in corrects it and hands it in anew; all steps begin again."),
        done=gettext_lazy("Sent back."),
        form=ReasonForm,
        do=claims.send_back,
        open_to=_while(ClaimState.HANDED_IN),
    ),
    RecordAct(
        name="cancel",
        label=gettext_lazy("Cancel"),
        explained=gettext_lazy("Nothing is paid; the receipts may be claimed again."),
        done=gettext_lazy("Cancelled."),
        form=ReasonForm,
        do=claims.cancel,
        open_to=_while(ClaimState.OPEN, ClaimState.HANDED_IN),
        permission=CHANGE,
        danger=True,
    ),
    RecordAct(
        name="undo",
        label=gettext_lazy("Undo"),
        explained=gettext_lazy(
            "As long as it stands on no payment order: the fund owes nothing any more, and what the receipts"
            " used of limits is given back."
        ),
        done=gettext_lazy("Undone."),
        form=ReasonForm,
        do=claims.undo,
        open_to=_while(ClaimState.DECIDED),
        permission="settlement.undo_claim",
        danger=True,
    ),
)
NAMED = ("documents", "drop", "sign", "cancel", "undo")  # whose acts say who does them


@admin.register(Claim)
class ClaimAdmin(ActsAdmin, ProtectedNumbers, RecordAdmin):
    empty_note = gettext_lazy("What people paid themselves and hand in is accepted here.")
    form = ClaimForm
    acts = ACTS
    papers = (DECISION,)
    show_permission = "settlement.show_claim"
    list_display = ["number", "who", "reason", "received_on", "cost", "paid_by_fund", "badge", "entered_by"]
    list_display_links = ["number"]
    list_select_related = ["person", "entered_by"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("decision", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        ("received_on", RangeDateFilter),
    ]
    exported = (
        "number", "person__person_number", "person__name", "scheme", "reason", "received_on", "applicant",
        "applicant_name", "total", "fund", "state", "decision", "decided_on", "payee_name", "bank_name",
        "account_masked", "entered_by", "note",
    )  # fmt: skip
    opened: ClassVar = {"account_masked": "account_number"}
    ordering = ["-id"]
    sortable_by = ()
    search_fields = ["number"]
    search_help_text = gettext_lazy("Number of the claim or a receipt, or name or number of the person")
    autocomplete_fields = ["person"]
    counties = ("person__county",)
    history_along = ("receipts",)
    add_label = gettext_lazy("Take in a claim")
    fields = [
        ("person", "received_on"),
        ("reason", "applicant"),
        ("applicant_name", "phone"),
        ("payee_name", "bank_name"),
        "account",
    ]
    panels = [receipts, alike, documents, signatures, payment]

    def get_urls(self):
        def named(pattern, view, name):
            return path(pattern, self.admin_site.admin_view(view), name=f"settlement_claim_{name}")

        return [
            named("<int:number>/receipt/", self.receipt_view, "receipt"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request, obj=None):
        return False

    def get_search_results(self, request, queryset, search_term):
        text = search_term.strip()
        if not text:
            return queryset, False
        found = queryset.filter(number__iexact=text) | queryset.filter(receipts__number=text)
        if found.exists():
            return found.distinct(), False
        return queryset.filter(person__in=search_people(request, Person.objects.all(), text)), False

    def get_fields(self, request, obj=None):
        if obj is None:
            return self.fields
        rows = [("person_link", "scheme"), ("reason", "received_on")]
        rows.append(("applicant",) if obj.applicant == Applicant.SELF else ("applicant", "applicant_name"))
        return [*rows, ("payee_name", "bank_name")]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["person_link"]

    def get_changeform_initial_data(self, request):
        """Taken in from a person's page, the money goes to the person unless somebody says otherwise."""
        given = super().get_changeform_initial_data(request)
        number = given.get("person", "")
        person = Person.objects.filter(pk=number).first() if number.isdecimal() else None
        return given | ({"payee_name": person.name} if person else {})

    def save_model(self, request, obj, form, change):
        obj.entered_by = request.user
        super().save_model(request, obj, form, change)
        if told := doubtful(obj.account_number):
            messages.warning(request, _("Check the bank account: %(told)s") % {"told": told})

    def response_post_save_add(self, request, obj):
        return redirect("admin:settlement_claim_change", obj.pk)

    def receipt_view(self, request, number):
        """Enter a receipt; after one the next, as long as the clerk asks for it."""
        claim = get_object_or_404(self.get_queryset(request), pk=number)
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        home = redirect("admin:settlement_claim_change", claim.pk)
        if claim.state != ClaimState.OPEN:
            messages.error(request, _("This cannot be done any more: look at how things stand now."))
            return home
        visits = self.admin_site._registry[Visit]
        made = VisitAdmin.get_form(visits, request, form=ReceiptForm, fields=ReceiptForm.Meta.fields)
        form = made(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    receipt = claims.add_receipt(claim, form.read(claim), by=request.user)
            except ValidationError as refused:
                tell(form, refused)
            else:
                messages.success(request, _("Receipt %(number)s was entered.") % {"number": receipt.number})
                return redirect(request.path) if "another" in request.POST else home
        context = {
            "title": _("Receipt of %(claim)s") % {"claim": claim},
            "claim": claim,
            "form": form,
            "groups": _grouped(form),
            "panels": [replace(receipts(request, claim), link=None)],
        }
        return page(request, "settlement/receipt.html", context)

    def _may(self, request, act, record) -> bool:
        if act.permission:
            return request.user.has_perm(act.permission)
        return not claims.standing_of(record, request.user).refusal

    def form_of(self, act, record):
        return act.form.of(record) if hasattr(act.form, "of") else act.form

    def initial_of(self, act, record):
        if act.name == "sign":
            return {"seen": claims.seen_of(record)}
        if act.name == "documents":
            return {"received": [each["code"] for each in record.documents]}
        if act.name == "correct":
            names = ("reason", "applicant", "applicant_name", "payee_name", "bank_name")
            return {name: getattr(record, name) for name in names}
        return {}

    def given_with(self, request, act):
        return {"by": request.user} if act.name in NAMED else {}

    def head_of(self, request, record):
        facts = [str(record.person), record.get_reason_display()]
        if record.fund is not None:
            facts.append(_("The fund pays %(amount)s") % {"amount": yuan(record.fund)})
        if record.note:
            facts.append(record.note)
        if step := claims.next_step(record):
            facts.append(_("Waiting for: %(step)s") % {"step": step.label})
            standing = claims.standing_of(record, request.user)
            if standing.refusal:
                facts.append(standing.refusal)
            elif standing.on_behalf_of:
                facts.append(_("you sign on behalf of %(principal)s") % {"principal": standing.on_behalf_of})
        return {"state": (colour_of(record), label_of(record)), "facts": facts}

    def protected_numbers(self, record):
        return [
            (_("bank account"), record.account_number, masked_account),
            (_("phone of who applied"), record.phone, masked_phone),
        ]

    @admin.display(description=gettext_lazy("insured person"))
    def who(self, record):
        return record.person.name

    @admin.display(description=gettext_lazy("insured person"))
    def person_link(self, record):
        return linked(record.person)

    @admin.display(description=gettext_lazy("total cost"))
    def cost(self, record):
        return yuan(record.total)

    @admin.display(description=gettext_lazy("fund pays"))
    def paid_by_fund(self, record):
        return yuan(record.fund)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, record):
        return badged_claim(record)

    @admin.display(description=gettext_lazy("bank account"))
    def account_masked(self, record):
        return masked_account(record.account_number)


def _grouped(form) -> list[list]:
    """The fields of a receipt in rows of what belongs together."""
    rows = [
        ("bill", "at", "category"),
        ("facility", "facility_name", "facility_level", "facility_here"),
        ("total", "full_self_paid", "over_price", "prior_self_paid"),
        ("eligible", "diagnosis_fee", "consultation_fee", "examination_fee"),
        ("disease", "drug", "gate"),
        ("emergency", "admitted"),
    ]
    return [[form[name] for name in row] for row in rows]


@admin.register(ClaimStep)
class ClaimStepAdmin(RecordAdmin):
    """Who has to agree from which amount on; a claim keeps the steps it was handed in under."""

    list_display = ["step", "number", "from_amount"]
    list_display_links = ["step"]
    ordering = ["number"]
    sortable_by = ()
    fields = ["step", "from_amount"]
    readonly_fields = ["step"]
    exported = ("number", "step", "from_amount")

    def has_add_permission(self, request):
        return False
