"""Payment orders: what waits at which step, an order with its way, and the acts of those it passes."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import Transfer
from facilities.admin.acts import ActsAdmin, RecordAct, reason_field
from office.admin.pages import page
from office.admin.panels import Panel, badged, linked
from office.admin.protected import ProtectedNumbers
from office.admin.records import ReadOnlyAdmin
from office.fields import MonthFormField
from office.models import Scheme
from office.sealing import masked_account
from office.templatetags.figures import yuan
from settlement import payment_orders
from settlement.amount_words import in_words
from settlement.models import OrderState, PayeeKind, PaymentOrder, Source
from settlement.notices import PRINTED, notices

ITEMS_SHOWN = 50


class Held(admin.SimpleListFilter):
    """Orders that wait for bank details."""

    title = gettext_lazy("bank details")
    parameter_name = "held"

    def lookups(self, request, model_admin):
        return [("1", _("missing"))]

    def queryset(self, request, queryset):
        if self.value() != "1":
            return queryset
        return queryset.filter(state=OrderState.UNTOUCHED, account_sealed=None, amount__gt=0)


class ReasonForm(forms.Form):
    reason = reason_field()


class BankDetailsForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Account holder"), max_length=200, widget=UnfoldAdminTextInputWidget
    )
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=200, widget=UnfoldAdminTextInputWidget)
    account = forms.RegexField(
        r"^[0-9-]{8,32}$",
        label=gettext_lazy("Bank account"),
        error_messages={"invalid": gettext_lazy("A bank account has 8 to 32 digits.")},
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def own_state(*states: OrderState):
    return lambda order: order.state in states


ACTS = (
    RecordAct(
        name="details",
        label=gettext_lazy("Enter bank details"),
        explained=gettext_lazy("Whom the bank pays, and where. The number is kept sealed and shown masked."),
        done=gettext_lazy("The bank details were entered."),
        form=BankDetailsForm,
        do=payment_orders.enter_bank_details,
        open_to=lambda order: order.state == OrderState.UNTOUCHED and order.payee_kind != PayeeKind.FACILITY,
        permission="settlement.add_paymentorder",
    ),
    RecordAct(
        name="refresh",
        label=gettext_lazy("Take bank details from the facility"),
        explained=gettext_lazy("The account holder, bank and account as the facility's record has them now."),
        done=gettext_lazy("The bank details were taken from the facility's record."),
        form=forms.Form,
        do=payment_orders.take_bank_details,
        open_to=lambda order: order.state == OrderState.UNTOUCHED and order.payee_kind == PayeeKind.FACILITY,
        permission="settlement.add_paymentorder",
    ),
    RecordAct(
        name="send_back",
        label=gettext_lazy("Send back"),
        explained=gettext_lazy("The order is to be reviewed again."),
        done=gettext_lazy("The order was sent back."),
        form=ReasonForm,
        do=payment_orders.send_back,
        open_to=own_state(OrderState.REVIEWED),
        permission="settlement.release_paymentorder",
    ),
    RecordAct(
        name="withdraw",
        label=gettext_lazy("Withdraw"),
        explained=gettext_lazy("The order is given up; what it was to pay may be put on another."),
        done=gettext_lazy("The order was withdrawn."),
        form=ReasonForm,
        do=payment_orders.withdraw,
        open_to=lambda order: order.state in payment_orders.UNRELEASED and order.reissues_id is None,
        permission="settlement.add_paymentorder",
        danger=True,
    ),
    RecordAct(
        name="reissue",
        label=gettext_lazy("Issue again"),
        explained=gettext_lazy(
            "A new order takes this one up, with the bank details as they are now. Correct them first: a "
            "facility's on its own page."
        ),
        done=gettext_lazy("The order was issued again."),
        form=forms.Form,
        do=payment_orders.reissue,
        open_to=own_state(OrderState.FAILED),
        permission="settlement.add_paymentorder",
    ),
)


@admin.register(PaymentOrder)
class PaymentOrderAdmin(ActsAdmin, ProtectedNumbers, ReadOnlyAdmin):
    show_permission = "settlement.show_paymentorder"
    list_display = ["number", "month", "source", "payee", "bank_name", "yuan", "badge", "bank_file"]
    list_display_links = ["number"]
    list_select_related = ["facility", "person", "bank_file"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("scheme", ChoicesDropdownFilter),
        ("month", FieldTextFilter),
        Held,
    ]
    list_before_template = "settlement/payment_orders.html"
    # Some thousand a month: they may be counted, and all those filtered be chosen at once.
    paginator = Paginator
    actions = ["review_selected", "release_selected", "print_selected"]
    ordering = ["-id"]
    sortable_by = ()
    search_fields = ["number__iexact", "facility__code__istartswith", "payee_name__contains"]
    search_help_text = gettext_lazy("Number, facility code or account holder")
    counties = ("county",)
    acts = ACTS
    exported = (
        "number",
        "month",
        "source",
        "state",
        "payee_kind",
        "payee_name",
        "bank_name",
        "account_masked",
        "owed",
        "withheld",
        "recovered",
        "amount",
        "purpose",
        "made_by",
        "made_at",
        "reviewed_by",
        "released_by",
        "bank_file__number",
        "paid_on",
        "reason",
    )
    opened = {"account_masked": "account_number"}
    fields = [
        ("number", "scheme"),
        ("month", "source"),
        ("payee", "payee_kind"),
        ("payee_name", "bank_name"),
        "purpose",
    ]
    palette_icon = "payments"
    panels = []

    def get_urls(self):
        def named(pattern, view, name):
            return path(pattern, self.admin_site.admin_view(view), name=f"settlement_paymentorder_{name}")

        return [
            named("make/", self.make_view, "make"),
            named("<int:number>/notice/", self.notice_view, "notice"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        """The list, with the totals of what is filtered by state."""
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", {}).get("cl")
        if isinstance(listed, ChangeList):
            response.context_data["totals"] = totals_of(listed.queryset)
            response.context_data["may_make"] = request.user.has_perm("settlement.add_paymentorder")
        return response

    def make_view(self, request):
        """What is owed and on no order, by month and source, each with a button that makes the orders."""
        if not request.user.has_perm("settlement.add_paymentorder"):
            raise PermissionDenied
        form = MakeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            made = payment_orders.make(**form.cleaned_data, by=request.user)
            _tell_made(request, made)
            query = {"state__exact": OrderState.UNTOUCHED, "month": str(form.cleaned_data["month"])}
            return redirect(reverse("admin:settlement_paymentorder_changelist", query=query))
        context = {
            "title": _("Make payment orders"),
            "found": payment_orders.payable(),
            "schemes": dict(Scheme.choices),
        }
        return page(request, "settlement/make_orders.html", context)

    def notice_view(self, request, number):
        """The notice of one order, to print."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._notices(request, self.get_queryset(request).filter(pk=number))

    @admin.action(description=gettext_lazy("Review the selected"), permissions=["review"])
    def review_selected(self, request, queryset):
        self._step(request, queryset, payment_orders.review, _("%(count)s orders reviewed."))

    @admin.action(description=gettext_lazy("Release the selected"), permissions=["release"])
    def release_selected(self, request, queryset):
        self._step(request, queryset, payment_orders.release, _("%(count)s orders released."))

    @admin.action(description=gettext_lazy("Print notices of the selected"), permissions=["view"])
    def print_selected(self, request, queryset):
        return self._notices(request, queryset)

    def has_review_permission(self, request):
        return request.user.has_perm("settlement.review_paymentorder")

    def has_release_permission(self, request):
        return request.user.has_perm("settlement.release_paymentorder")

    def given_with(self, request, act):
        return {"by": request.user} if act.name == "reissue" else {}

    def initial_of(self, act, order):
        return {"name": order.payee_name, "bank": order.bank_name} if act.name == "details" else {}

    def head_of(self, request, order):
        facts = [yuan(order.amount), in_words(order.amount)]
        if order.held:
            facts.append(_("held: the bank details are missing"))
        if order.reason:
            facts.append(order.reason)
        return {"state": (order.state, order.get_state_display()), "facts": facts}

    def protected_numbers(self, order):
        return [(_("bank account"), order.account_number, masked_account)]

    def panels_of(self, request, order):
        return [
            amounts(request, order),
            way(request, order),
            *super().panels_of(request, order),
            items(request, order),
        ]

    @admin.display(description=gettext_lazy("payee"))
    def payee(self, order):
        return linked(order.facility, order.facility.name) if order.facility else linked(order.person)

    @admin.display(description=gettext_lazy("to be paid"))
    def yuan(self, order):
        return yuan(order.amount)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, order):
        return badged(order)

    @admin.display(description=gettext_lazy("bank account"))
    def account_masked(self, order):
        return masked_account(order.account_number) or "–"

    def _step(self, request, queryset, step, told: str) -> None:
        chosen = queryset.order_by().count()
        refused = step(queryset.order_by(), by=request.user)
        if chosen > len(refused):
            messages.success(request, told % {"count": chosen - len(refused)})
        for refusal in refused[:20]:
            messages.error(request, refusal)
        if len(refused) > 20:
            messages.error(request, _("and %(count)s more") % {"count": len(refused) - 20})

    def _notices(self, request, queryset):
        printed = queryset.filter(state__in=PRINTED).select_related("facility", "person").order_by("pk")
        if not printed:
            messages.error(request, _("Notices are printed of orders that are released."))
            return redirect("admin:settlement_paymentorder_changelist")
        context = {"title": _("Payment notice"), "notices": notices(printed)}
        return TemplateResponse(request, "settlement/notices.html", context)


class MakeForm(forms.Form):
    scheme = forms.ChoiceField(choices=Scheme)
    month = MonthFormField()
    source = forms.ChoiceField(choices=Source)

    def clean_source(self):
        return Source(self.cleaned_data["source"])


def _tell_made(request, made: list[PaymentOrder]) -> None:
    if not made:
        messages.warning(request, _("Nothing was left to pay: somebody has made these orders meanwhile."))
        return
    messages.success(
        request,
        _("%(count)s orders were made.") % {"count": len(made)},
    )
    if held := sum(order.held for order in made):
        messages.warning(
            request, _("%(count)s of them are held: their bank details are missing.") % {"count": held}
        )


def totals_of(orders) -> list[tuple]:
    """Orders and yuan by state, in the order of their way."""
    found = {
        state: (rows, amount)
        for state, rows, amount in orders.order_by().values_list("state").annotate(Count("pk"), Sum("amount"))
    }
    return [(state, state.label, *found[state]) for state in OrderState if state in found]


def amounts(request, order) -> Panel:
    """What is owed, what is taken off, and what remains."""
    return Panel(
        title=_("Amount"),
        columns={
            _("Owed"): "money",
            _("Taken back since"): "money",
            _("Set against receivables (deduction 30)"): "money",
            _("To be paid"): "money",
            _("In words"): "text",
        },
        rows=[(order.owed, -order.withheld, -order.recovered, order.amount, in_words(order.amount))],
        link=(_("Payment notice"), reverse("admin:settlement_paymentorder_notice", args=[order.pk]))
        if order.state in PRINTED
        else None,
    )


def way(request, order) -> Panel:
    """Whose hands it passed, and what went before and after it."""
    file = order.bank_file
    steps = [
        (_("Made"), order.made_by, order.made_at, order.reissues and linked(order.reissues)),
        (_("Reviewed"), order.reviewed_by, order.reviewed_at, ""),
        (_("Released"), order.released_by, order.released_at, ""),
        (
            _("Put into a bank file"),
            file and file.made_by,
            file and file.made_at,
            file and _seen(request, file),
        ),
        (_("Taken to the bank"), file and file.taken_by, file and file.taken_at, ""),
    ]
    if order.paid_on:
        paid = Transfer.objects.filter(pk=order.payment_id).first()
        steps.append((_("Paid"), "", order.paid_on, paid and linked(paid, f"#{paid.pk}")))
    if again := PaymentOrder.objects.filter(reissues=order).first():
        steps.append((_("Issued again"), again.made_by, again.made_at, linked(again)))
    return Panel(
        title=_("Its way"),
        columns={_("Step"): "text", _("By"): "text", _("At"): "text", _("What"): "text"},
        rows=[step for step in steps if step[1] or step[2]],
    )


def _seen(request, file):
    return linked(file) if request.user.sees_whole_city else file.number


def items(request, order) -> Panel:
    """The transfers it pays."""
    first = order
    while first.reissues is not None:
        first = first.reissues
    numbers = list(
        first.items.order_by("transfer_id").values_list("transfer_id", flat=True)[: ITEMS_SHOWN + 1]
    )
    found = Transfer.objects.filter(pk__in=numbers[:ITEMS_SHOWN]).order_by("pk")
    return Panel(
        title=_("What it pays"),
        columns={
            _("Transfer"): "text",
            _("Kind"): "text",
            _("Run"): "text",
            _("For month"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(transfer, f"#{transfer.pk}"),
                transfer.get_kind_display(),
                linked(order.run) if order.run else "",
                transfer.covers,
                transfer.amount,
            )
            for transfer in found
        ],
        note=_("Only the first %(count)s are shown.") % {"count": ITEMS_SHOWN}
        if len(numbers) > ITEMS_SHOWN
        else "",
    )
