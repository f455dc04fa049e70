"""Applications for accounts: the list, the page with its steps, and what may be done with one."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts import applications
from accounts.admin.applying import apply_page, bring_in_page, choose_page, correct_url, figures_panel
from accounts.models import OPEN, Application, ApplicationState, Voucher, Way
from facilities.admin.acts import ActsAdmin, RecordAct, reason_field
from insured.admin import CONSEQUENCES, PersonAdmin
from insured.models import ENDINGS, Person
from insured.search import search_people
from office.admin.panels import Panel, linked
from office.admin.protected import ProtectedNumbers
from office.admin.records import ReadOnlyAdmin
from office.admin.run_page import by_whom
from office.models import StepKind
from office.sealing import masked_account
from office.statements import fetch
from office.templatetags.figures import yuan
from office.worklist import ASKED, FURTHER

# The states in the colours of other states (`portal.css`).
COLOURS = {
    ApplicationState.APPLIED: "computed",
    ApplicationState.REVIEWED: "reviewed",
    ApplicationState.RETURNED: "held",
    ApplicationState.DONE: "posted",
    ApplicationState.CANCELLED: "none",
    ApplicationState.UNDONE: "reversed",
}


class SignForm(forms.Form):
    """Carries what was looked at."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    reason = reason_field()


def _before_signing(request, application) -> list[Panel]:
    return [figures_panel(application), payees(request, application), evidence(request, application)]


@admin.register(Application)
class ApplicationAdmin(ActsAdmin, ProtectedNumbers, ReadOnlyAdmin):
    empty_note = gettext_lazy("Payouts and moves of accounts are applied for on the person's page.")
    show_permission = "insured.show_person"
    list_display = ["number", "person", "what", "way", "shown_state", "yuan", "applied_by", "applied_at"]
    list_display_links = ["number"]
    exported = (
        "number",
        "account__person__name",
        "account__person__person_number",
        "account__scheme",
        "what",
        "way",
        "state",
        "balance",
        "interest",
        "deducted",
        "receivable",
        "paid",
        "amount",
        "area",
        "document",
        "applied_by",
        "applied_at",
        "done_on",
        "reason",
    )
    list_select_related = ["account__person", "applied_by", "policy"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("way", ChoicesDropdownFilter),
        ("applied_at", RangeDateFilter),
    ]
    ordering = ["-id"]
    sortable_by = ()
    search_fields = ["kind"]  # shows the search box; the search itself is for the person
    search_help_text = gettext_lazy("Name or number of the person")
    fields = [("person_link", "account_link"), ("what", "way"), ("applied_by", "applied_at"), "reason"]
    panels = []
    history_along = ("shares",)
    counties = ("account__person__county",)
    acts: ClassVar[tuple[RecordAct, ...]] = (
        RecordAct(
            name="sign",
            key="a",
            label=gettext_lazy("Agree and sign"),
            explained=gettext_lazy(
                "Your signature holds for exactly what stands here. With the last one money moves at once."
            ),
            done=gettext_lazy("Signed."),
            form=SignForm,
            do=applications.sign,
            open_to=lambda record: applications.next_step(record) is not None,
            consequences=_before_signing,
        ),
        RecordAct(
            name="send_back",
            key="r",
            label=gettext_lazy("Send back"),
            explained=gettext_lazy("Whoever applied corrects it and applies anew; all steps begin again."),
            done=gettext_lazy("Sent back."),
            form=ReasonForm,
            do=applications.send_back,
            open_to=lambda record: applications.next_step(record) is not None and record.way != Way.UNDOING,
        ),
        RecordAct(
            name="cancel",
            label=gettext_lazy("Cancel"),
            explained=gettext_lazy("Nothing is paid, and the account may be applied for again."),
            done=gettext_lazy("Cancelled."),
            form=ReasonForm,
            do=applications.cancel,
            open_to=lambda record: record.state in OPEN,
            danger=True,
        ),
        RecordAct(
            name="undo",
            label=gettext_lazy("Ask to undo"),
            explained=gettext_lazy(
                "Once audit and finance have agreed, the money moves back and the account opens again."
            ),
            done=gettext_lazy("Applied for: audit and finance have to agree."),
            form=ReasonForm,
            do=applications.undo,
            open_to=lambda record: (
                record.state == ApplicationState.DONE
                and record.way != Way.UNDOING
                and not record.undoings.exclude(state=ApplicationState.CANCELLED).exists()
            ),
            danger=True,
        ),
    )

    def get_urls(self):
        views = {"choose": choose_page, "apply": apply_page, "bring_in": bring_in_page}
        return [
            *(
                path(
                    f"{name}/<int:account>/",
                    self.admin_site.admin_view(view),
                    name=f"accounts_application_{name}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        people = search_people(request, Person.objects.all(), search_term)
        return queryset.filter(account__person__in=people), False

    def _may(self, request, act, record) -> bool:
        if act.name in ("sign", "send_back"):
            return not applications.standing_of(record, request.user).refusal
        permission = "add" if act.name == "undo" else "change"
        return request.user.has_perm(f"accounts.{permission}_application")

    def initial_of(self, act, record):
        return {"seen": applications.seen_of(record)} if act.name == "sign" else {}

    def given_with(self, request, act):
        return {"by": request.user} if act.name in ("sign", "undo") else {}

    def head_of(self, request, record):
        facts = [str(record.account.person), applications.label_of(record)]
        if record.state in (ApplicationState.RETURNED, ApplicationState.CANCELLED):
            facts.append(record.reason)
        if step := applications.next_step(record):
            facts.append(_("Waiting for: %(step)s") % {"step": StepKind(step).label})
            if refusal := applications.standing_of(record, request.user).refusal:
                facts.append(refusal)
        if record.state == ApplicationState.RETURNED and request.user.has_perm("accounts.change_application"):
            facts.append(
                format_html(
                    '<a class="link" href="{}">{}</a>', correct_url(record), _("Correct and apply anew")
                )
            )
        return {"state": (COLOURS[record.state], record.get_state_display()), "facts": facts}

    def title_of(self, record):
        return f"{applications.label_of(record)} · {record.account.person}"

    def protected_numbers(self, record):
        return [
            (_("bank account of %(name)s") % {"name": share.name}, share.bank_account, masked_account)
            for share in record.shares.all()
            if share.bank_account_sealed
        ]

    def numbers_panel(self, request, record, *, opened=False):
        shown = any(share.bank_account_sealed for share in record.shares.all())
        return super().numbers_panel(request, record, opened=opened) if shown else None

    @admin.display(description=gettext_lazy("number"))
    def number(self, record):
        return f"#{record.pk}"

    @admin.display(description=gettext_lazy("insured person"))
    def person(self, record):
        return str(record.account.person)

    @admin.display(description=gettext_lazy("insured person"))
    def person_link(self, record):
        return linked(record.account.person)

    @admin.display(description=gettext_lazy("account"))
    def account_link(self, record):
        return linked(record.account, record.account.get_scheme_display())

    @admin.display(description=gettext_lazy("asked for"))
    def what(self, record):
        return applications.label_of(record)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, record):
        return badged_state(record)

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, record):
        amount = record.amount if record.way == Way.TAKEN_IN else record.paid
        return "–" if amount is None else yuan(amount)


def steps(request, record) -> Panel:
    """Who applied, and the steps with who has signed them."""
    signed = {signature.number: signature for signature in applications.signatures_of(record)}
    rows = [(_("Application"), record.applied_by, record.applied_at)]
    for number, kind in enumerate(applications.steps_of(record), start=1):
        signature = signed.get(number)
        rows.append(
            (
                StepKind(kind).label,
                by_whom(signature.person, signature.on_behalf_of) if signature else "",
                signature.at if signature else "",
            )
        )
    return Panel(
        title=_("Steps"),
        columns={pgettext("application", "Step"): "text", _("By"): "text", _("At"): "text"},
        rows=rows,
        anchor="steps",
    )


def evidence(request, record) -> Panel | None:
    """The documents shown, with number and date."""
    names = {
        code: applications.text_of(text)
        for code, text in applications.rules_of(record.account).evidence.items()
    }
    if not record.evidence:
        return None
    return Panel(
        title=_("Evidence"),
        columns={_("Document"): "text", _("Number"): "text", _("Date"): "text"},
        rows=[
            (names.get(each["code"], each["code"]), each["number"], each["day"] or "–")
            for each in record.evidence
        ],
    )


def payees(request, record) -> Panel | None:
    """Who is paid how much, into which account."""
    shares = list(record.shares.all())
    if not shares:
        return None
    return Panel(
        title=_("Payees"),
        columns={
            _("Payee"): "text",
            _("Parts"): "integer",
            pgettext("payee", "Bank"): "text",
            _("Account"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                share.name,
                share.parts,
                share.bank_name or "–",
                masked_account(share.bank_account) or _("own personal account"),
                share.amount,
            )
            for share in shares
        ],
    )


def where(request, record) -> Panel | None:
    """Where a move leads to or comes from, or what is undone."""
    if record.reverses_id:
        rows = [(_("Undoes"), linked(record.reverses, applications.label_of(record.reverses)))]
    else:
        told = [
            (_("Other pooling area"), f"{record.area} {record.area_code}".strip()),
            (_("Transfer document"), record.document),
            (_("Employer who owes the rest"), record.recover_from or ""),
        ]
        rows = [row for row in told if row[1]]
    columns = {_("About"): "text", _("What"): "text"}
    return Panel(title=_("Move and origin"), columns=columns, rows=rows) if rows else None


def vouchers(request, record) -> Panel | None:
    """What it posted."""
    found = Voucher.objects.filter(source="accounts.application", source_id=record.pk)
    if not found:
        return None
    return Panel(
        title=_("Vouchers"),
        columns={
            _("Voucher"): "text",
            _("Accounting month"): "text",
            _("Rows"): "integer",
            _("Amount"): "money",
        },
        rows=[
            (linked(voucher, str(voucher)), voucher.month, voucher.rows, voucher.amount) for voucher in found
        ],
    )


def figures(request, record) -> Panel | None:
    return figures_panel(record)


ApplicationAdmin.panels += [steps, figures, payees, evidence, where, vouchers]


def of_person(request, person) -> Panel | None:
    """The applications for a person's accounts, and where to apply."""
    if not request.user.has_perm("accounts.view_application"):
        return None
    accounts = list(person.accounts.filter(kind="person").order_by("scheme"))
    found = Application.objects.filter(account__in=accounts).select_related("policy", "account__person")
    may = accounts and not person.merged_into_id and request.user.has_perm("accounts.add_application")
    link = None
    if may and any(account.closed_on is None for account in accounts):
        account = next(account for account in accounts if account.closed_on is None)
        link = (_("Pay out, close or move"), reverse("admin:accounts_application_choose", args=[account.pk]))
    if not found and link is None:
        return None
    return Panel(
        title=_("Payouts and moves"),
        columns={
            _("Application"): "text",
            _("Asked for"): "text",
            _("State"): "text",
            _("Applied at"): "text",
            _("Paid out"): "money",
        },
        rows=[
            (
                linked(record, f"#{record.pk}"),
                applications.label_of(record),
                badged_state(record),
                record.applied_at,
                record.paid,
            )
            for record in found.order_by("-id")
        ],
        empty=_("Nothing was applied for."),
        link=link,
    )


def badged_state(record):
    return format_html(
        '<span class="state state-{}">{}</span>', COLOURS[record.state], record.get_state_display()
    )


def left_behind(request, person) -> Panel | None:
    """What an ending leaves on the accounts, and for what reason it may be paid out."""
    ended = (
        person.changes.filter(undone=None).order_by("-pk").values_list("kind", flat=True).first() in ENDINGS
    )
    accounts = person.accounts.filter(kind="person", closed_on=None, balance__gt=0) if ended else []
    rows = [
        (account.get_scheme_display(), account.balance, applications.text_of(rule.text), rule.article)
        for account in accounts
        for rule in applications.kinds_open_to(account)
    ]
    if not rows:
        return None
    return Panel(
        title=_("Left on the personal account"),
        columns={
            _("Scheme"): "text",
            _("Balance"): "money",
            _("May then be applied for"): "text",
            _("Article"): "text",
        },
        rows=rows,
        note=_("Apply on the person's page once the ending is recorded."),
    )


PersonAdmin.panels.append(of_person)
CONSEQUENCES.append(left_behind)


def waiting(staff) -> list[tuple]:
    """What the inbox of somebody who deals with applications holds."""
    if not staff.has_perm("accounts.view_application"):
        return []
    return fetch("accounts/applications_waiting", staff=staff.pk)


ASKED["sign_application"] = (Application, gettext_lazy("to sign"))
ASKED["correct_application"] = (Application, gettext_lazy("to correct"))
FURTHER.append(waiting)
