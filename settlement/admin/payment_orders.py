"""Payment orders: what waits at which step, an order with its way, and the acts of those it passes."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    FieldTextFilter,
    RelatedDropdownFilter,
)

from facilities.admin.acts import ActsAdmin
from office.admin.pages import page
from office.admin.panels import badged, linked
from office.admin.protected import ProtectedNumbers
from office.admin.records import ReadOnlyAdmin
from office.fields import MonthFormField
from office.models import Scheme
from office.sealing import masked_account
from office.templatetags.figures import yuan
from settlement import payment_orders
from settlement.admin.papers import NOTICE
from settlement.admin.payment_acts import ACTS
from settlement.admin.payment_panels import amounts, items, totals_of, way
from settlement.amount_words import in_words
from settlement.models import OrderState, PaymentOrder, Source


class Held(DropdownFilter):
    """Orders that wait for bank details."""

    title = gettext_lazy("bank details")
    parameter_name = "held"

    def lookups(self, request, model_admin):
        return [("1", _("missing"))]

    def queryset(self, request, queryset):
        if self.value() != "1":
            return queryset
        return queryset.filter(state=OrderState.UNTOUCHED, account_sealed=None, amount__gt=0)


@admin.register(PaymentOrder)
class PaymentOrderAdmin(ActsAdmin, ProtectedNumbers, ReadOnlyAdmin):
    empty_note = gettext_lazy("Payment orders are made of what has been approved.")
    show_permission = "settlement.show_paymentorder"
    list_display = ["number", "month", "source", "payee", "bank_name", "yuan", "badge", "bank_file"]
    list_display_links = ["number"]
    list_select_related = ["facility", "person", "bank_file"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("county", RelatedDropdownFilter),
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
    papers = (NOTICE,)
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

    @admin.action(description=gettext_lazy("Review the selected"), permissions=["review"])
    def review_selected(self, request, queryset):
        self._step(request, queryset, payment_orders.review, _("%(count)s orders reviewed."))

    @admin.action(description=gettext_lazy("Release the selected"), permissions=["release"])
    def release_selected(self, request, queryset):
        self._step(request, queryset, payment_orders.release, _("%(count)s orders released."))

    @admin.action(description=gettext_lazy("Print notices of the selected"), permissions=["view"])
    def print_selected(self, request, queryset):
        """A worker prints them, into one file."""
        numbers = queryset.order_by().values_list("pk", flat=True)
        return self.print_later(
            request, query=f"id__in={','.join(map(str, numbers))}", extension="pdf", paper=NOTICE.name
        )

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
