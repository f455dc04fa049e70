"""The tables about manual reimbursements: receipts, documents, signatures, payment, and those of a person."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.applications import doubtful
from accounts.vouchers import transfers_of
from insured.admin import PersonAdmin
from office.admin.panels import Panel, badged, linked
from office.admin.rule_words import WORDS
from office.admin.run_page import by_whom
from office.models import PolicyVersion, StepKind
from office.sealing import masked_account
from office.templatetags.figures import badge, yuan
from settlement import claims
from settlement.admin.visit_panels import standing_of, visit_row, why_of
from settlement.claim_rules import deadline_of, documents_of
from settlement.models import Claim, ClaimState, Decision, PaymentOrder, Visit, VisitState
from settlement.rulings import article_of_gate

CLAIMS_SHOWN = 8
COLOURS = {
    ClaimState.OPEN: "untouched",
    ClaimState.HANDED_IN: "reviewed",
    ClaimState.CANCELLED: "none",
    ClaimState.UNDONE: "reversed",
}
DECIDED_COLOURS = {
    Decision.APPROVED: "done",
    Decision.PARTLY: "supported",
    Decision.REFUSED: "denied",
}


def colour_of(claim: Claim) -> str:
    return DECIDED_COLOURS.get(claim.decision) if claim.state == ClaimState.DECIDED else COLOURS[claim.state]


def label_of(claim: Claim) -> str:
    """How it stands; of what is decided, how."""
    decided = claim.state == ClaimState.DECIDED
    return claim.get_decision_display() if decided else claim.get_state_display()


def badged_claim(claim: Claim):
    return badge(colour_of(claim), label_of(claim))


def why_told(visit: Visit) -> str:
    """Why a receipt is not paid, with the article."""
    outcome = getattr(visit, "outcome", None)
    if outcome is None or outcome.state != VisitState.DENIED:
        return why_of(visit)
    version = PolicyVersion.objects.get(pk=outcome.policy_id)
    article = article_of_gate(version, gate=outcome.reason, category=outcome.category)
    return _("%(why)s (article %(article)s)") % {"why": why_of(visit), "article": article}


def receipts(request, claim) -> Panel:
    """Each receipt with what it was settled as; the number leads to the steps and what they leave."""
    found = list(claims.live_receipts(claim))
    rows = []
    for receipt in found:
        visit = receipt.visit
        outcome = getattr(visit, "outcome", None)
        last = deadline_of(timezone.localdate(visit.at), scheme=claim.scheme)
        rows.append(
            (
                linked(visit, receipt.number),
                timezone.localtime(visit.at).strftime("%Y-%m-%d"),
                visit.facility.name,
                visit.get_category_display(),
                visit.total,
                visit.eligible,
                outcome and outcome.deductible,
                outcome and outcome.fund,
                standing_of(visit),
                why_told(visit),
                last and str(last.figure),
            )
        )
    columns = {
        _("Receipt number"): "text",
        _("Day"): "number",
        _("Facility"): "text",
        pgettext("visit", "Category"): "text",
        _("Total cost"): "money",
        _("eligible"): "money",
        _("Deductible"): "money",
        _("Fund pays"): "money",
        _("State"): "text",
        _("Reason"): "text",
    }
    if any(row[-1] for row in rows):
        columns[_("To be claimed by")] = "text"
    settled = [receipt.visit.outcome for receipt in found if hasattr(receipt.visit, "outcome")]
    return Panel(
        title=_("Receipts"),
        columns=columns,
        rows=rows,
        figures=[
            (_("Total cost"), yuan(sum(receipt.visit.total for receipt in found))),
            (_("Fund pays"), yuan(sum(outcome.fund or 0 for outcome in settled))),
        ]
        if found
        else [],
        empty=_("Enter the receipts."),
        link=(_("Enter a receipt"), reverse("admin:settlement_claim_receipt", args=[claim.pk]))
        if claim.state == ClaimState.OPEN and request.user.has_perm("settlement.change_claim")
        else None,
        anchor="receipts",
    )


def alike(request, claim) -> Panel | None:
    """Other visits of the same person, day and total: perhaps paid already."""
    found = {}
    if claim.state in (ClaimState.OPEN, ClaimState.HANDED_IN, ClaimState.DECIDED):
        for receipt in claims.live_receipts(claim):
            for visit in claims.resembling(receipt.visit).select_related("facility", "outcome"):
                found[visit.pk] = visit
    if not found:
        return None
    return Panel(
        title=_("Possible duplicates"),
        columns={
            _("Bill number"): "text",
            _("Time"): "text",
            _("Facility"): "text",
            pgettext("visit", "Category"): "text",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            _("State"): "text",
            _("Reason"): "text",
        },
        rows=[visit_row(visit, whose=False) for visit in found.values()],
        note=_("Of the same person, day and total as a receipt of this claim."),
    )


def payee(claim) -> Panel:
    """Who applied, and who is paid."""
    applied = claim.get_applicant_display()
    return Panel(
        title=_("Application"),
        columns={
            _("Insured person"): "text",
            pgettext("claim", "reason"): "text",
            _("Received on"): "text",
            pgettext("claim", "applied for by"): "text",
            pgettext("payment", "Account holder"): "text",
            pgettext("payment", "Bank"): "text",
            _("Bank account"): "text",
        },
        rows=[
            (
                claim.person.name,
                claim.get_reason_display(),
                str(claim.received_on),
                f"{applied} {claim.applicant_name}",
                claim.payee_name,
                claim.bank_name,
                masked_account(claim.account_number),
            )
        ],
        note=doubtful(claim.account_number),
    )


def documents(request, claim) -> Panel:
    """The originals that are asked for, and who has received which."""
    asked = documents_of(claim)
    received = {each["code"]: each for each in claim.documents}
    return Panel(
        title=_("Documents"),
        columns={
            _("Document"): "text",
            _("Article"): "text",
            _("Original"): "text",
            _("Received by"): "text",
            pgettext("document", "Received on"): "text",
        },
        rows=[
            (
                WORDS.get(code, code),
                asked.article,
                badge("done", _("received")) if code in received else badge("missing", _("missing")),
                received.get(code, {}).get("by"),
                received.get(code, {}).get("on"),
            )
            for code in asked.figure
        ],
        anchor="documents",
    )


def signatures(request, claim) -> Panel:
    """Who took it in, and the steps with who has signed them."""
    signed = {signature.number: signature for signature in claims.signatures_of(claim)}
    rows = [(pgettext("claim", "Taken in"), claim.entered_by, claim.entered_at)]
    for number, kind in enumerate(claim.steps, start=1):
        signature = signed.get(number)
        by = signature and by_whom(signature.person, signature.on_behalf_of)
        rows.append((StepKind(kind).label, by, signature and signature.at))
    return Panel(
        title=_("Signatures"),
        columns={pgettext("application", "Step"): "text", _("By"): "text", _("At"): "text"},
        rows=rows,
        note="" if claim.steps else _("The steps follow from what the fund pays, once it is handed in."),
        anchor="steps",
    )


def payment(request, claim) -> Panel | None:
    """What was posted, and the orders by which it is paid."""
    posted = list(transfers_of(claim))
    if not posted:
        return None
    orders = PaymentOrder.objects.filter(voucher_id__in={each.voucher_id for each in posted}).order_by("pk")
    may_order = request.user.has_perm("settlement.view_paymentorder")
    transfers = request.user.has_perm("accounts.view_transfer")
    rows = [
        (
            linked(each, f"#{each.pk}") if transfers else f"#{each.pk}",
            each.get_kind_display(),
            str(each.month),
            each.amount,
            "",
        )
        for each in posted
    ]
    rows += [
        (
            linked(order) if may_order else order.number,
            _("Payment order"),
            str(order.month),
            order.amount,
            badged(order),
        )
        for order in orders
    ]
    return Panel(
        title=_("Posted and paid"),
        columns={
            _("Number"): "text",
            _("Kind"): "text",
            _("Month"): "text",
            _("Amount"): "money",
            _("State"): "text",
        },
        rows=rows,
    )


def claims_of_person(request, person) -> Panel | None:
    """The manual reimbursements of a person, and where another is taken in."""
    if not request.user.has_perm("settlement.view_claim"):
        return None
    found = Claim.objects.filter(person=person)
    may = not person.merged_into_id and request.user.has_perm("settlement.add_claim")
    new = reverse("admin:settlement_claim_add", query={"person": person.pk})
    return Panel(
        title=_("Manual reimbursements"),
        columns={
            _("Number"): "text",
            _("Received on"): "text",
            _("Reason"): "text",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            _("State"): "text",
        },
        rows=[
            (
                linked(claim),
                str(claim.received_on),
                claim.get_reason_display(),
                claim.total,
                claim.fund,
                badged_claim(claim),
            )
            for claim in found.order_by("-pk")[:CLAIMS_SHOWN]
        ],
        empty=_("No receipt was claimed."),
        link=(_("Take in a claim"), new) if may else None,
    )


PersonAdmin.panels.append(claims_of_person)
