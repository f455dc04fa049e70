"""Bank files: made of what is released, taken to the bank by the cashier, withdrawn while nobody has."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget

from facilities.admin.acts import ActsAdmin, RecordAct, reason_field
from office.access import note
from office.admin.pages import page
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.models import Act, Scheme
from office.policy import schemes_here
from office.scope import may_in_whole_city
from office.templatetags.figures import yuan
from settlement import bank_files
from settlement.admin.payment_panels import totals_of
from settlement.bank_formats import bank_formats
from settlement.models import BankFile, BankFileState, OrderState, PaymentOrder
from settlement.tasks import enqueue_bank_file

ORDERS_SHOWN = 100


class BankFileForm(forms.Form):
    """Of which scheme's orders, and in which bank's format."""

    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"), widget=UnfoldAdminSelectWidget)
    template = forms.ChoiceField(label=gettext_lazy("Bank's format"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        here = schemes_here()
        self.fields["scheme"].choices = [choice for choice in Scheme.choices if choice[0] in here]
        self.fields["template"].choices = [(name, known.title) for name, known in bank_formats().items()]


class WithdrawForm(forms.Form):
    reason = reason_field()


@admin.register(BankFile)
class BankFileAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("Bank files are made of payment orders, and the bank's answers are read here.")
    list_display = ["number", "scheme", "bank", "rows", "yuan", "badge", "made_by", "made_at", "taken_at"]
    list_display_links = ["number"]
    list_select_related = ["made_by"]
    list_filter = [("state", ChoicesDropdownFilter), ("scheme", ChoicesDropdownFilter)]
    ordering = ["-id"]
    sortable_by = ()
    exported = (
        "number",
        "scheme",
        "bank",
        "rows",
        "amount",
        "state",
        "sha256",
        "made_by",
        "made_at",
        "taken_by",
        "taken_at",
    )
    fields = [
        ("number", "scheme"),
        ("bank", "rows"),
        ("yuan", "size"),
        ("made_by", "made_at"),
        ("taken_by", "taken_at"),
        "sha256",
    ]
    add_label = gettext_lazy("Make a bank file")
    change_form_outer_before_template = "settlement/bank_file_head.html"
    panels = []
    acts = (
        RecordAct(
            name="withdraw",
            label=gettext_lazy("Withdraw"),
            explained=gettext_lazy("The file is given up; its orders are released again for another file."),
            done=gettext_lazy("The file was withdrawn."),
            form=WithdrawForm,
            do=bank_files.withdraw,
            open_to=lambda file: (
                file.taken_at is None and file.state in (BankFileState.DONE, BankFileState.FAILED)
            ),
            permission="settlement.carry_paymentorder",
            danger=True,
        ),
    )

    def get_urls(self):
        view = self.admin_site.admin_view(self.take)
        return [path("<int:number>/take/", view, name="settlement_bankfile_take"), *super().get_urls()]

    def has_add_permission(self, request):
        return request.user.sees_whole_city and request.user.has_perm("settlement.carry_paymentorder")

    def has_view_permission(self, request, obj=None):
        """The bank's account is the city's: nobody of a county sees the files that go there."""
        return may_in_whole_city(request.user, "settlement.view_bankfile")

    def add_view(self, request, form_url="", extra_context=None):
        """Ask for the scheme and the bank; what is released goes into the file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = BankFileForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                file = bank_files.make(**form.cleaned_data, by=request.user)
            except ValidationError as refused:
                form.add_error(None, refused.messages)
            else:
                enqueue_bank_file(file)
                return redirect("admin:settlement_bankfile_change", file.pk)
        ready = PaymentOrder.objects.filter(state=OrderState.RELEASED)
        waiting = [(label, totals_of(ready.filter(scheme=scheme))) for scheme, label in Scheme.choices]
        context = {
            "title": _("Make a bank file"),
            "form": form,
            "panels": [_ready(waiting)],
        }
        return page(request, "settlement/make_bank_file.html", context)

    @method_decorator([require_POST, never_cache])
    def take(self, request, number):
        """The file in the clear, to the cashier; who took it is noted."""
        file = get_object_or_404(self.get_queryset(request), pk=number)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            content = bank_files.take(file, by=request.user)
        except ValidationError as refused:
            messages.error(request, refused.messages[0])
            return redirect("admin:settlement_bankfile_change", number)
        note(request, Act.DOWNLOAD, subject=file, detail=f"{file.rows}; {file.amount}; sha256 {file.sha256}")
        response = HttpResponse(content, content_type="application/octet-stream")
        name = f"{file.number}.{bank_formats()[file.template].extension}"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response

    def head_of(self, request, file):
        facts = [yuan(file.amount), _("%(count)s orders") % {"count": file.rows}]
        facts += [told for told in (file.error, file.reason) if told]
        may_take = file.state == BankFileState.DONE and self.has_add_permission(request)
        return {
            "state": (file.state, file.get_state_display()),
            "facts": facts,
            "take": reverse("admin:settlement_bankfile_take", args=[file.pk]) if may_take else "",
            "waiting": file.state == BankFileState.WAITING,
        }

    def panels_of(self, request, file):
        return [_orders(file), *super().panels_of(request, file)]

    @admin.display(description=gettext_lazy("bank's format"))
    def bank(self, file):
        known = bank_formats().get(file.template)
        return known.title if known else file.template

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, file):
        return yuan(file.amount)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, file):
        return badged(file)


def _ready(waiting: list) -> Panel:
    rows = [(label, count, amount) for label, totals in waiting for _state, _label, count, amount in totals]
    return Panel(
        title=_("Released, and in no file"),
        columns={_("Scheme"): "text", _("Orders"): "integer", _("Amount"): "money"},
        rows=rows,
        empty=_("No order is released."),
    )


def _orders(file: BankFile) -> Panel:
    orders = file.orders.select_related("facility", "person").order_by("pk")
    return Panel(
        title=_("Orders"),
        columns={
            _("Number"): "text",
            pgettext("payment", "Account holder"): "text",
            pgettext("payment", "Bank"): "text",
            _("State"): "text",
            _("Reason"): "text",
            _("Amount"): "money",
        },
        rows=[
            (linked(order), order.payee_name, order.bank_name, badged(order), order.reason, order.amount)
            for order in orders[:ORDERS_SHOWN]
        ],
        note=_("Only the first %(count)s are shown.") % {"count": ORDERS_SHOWN}
        if file.rows > ORDERS_SHOWN
        else "",
        link=(
            _("All"),
            reverse("admin:settlement_paymentorder_changelist", query={"bank_file__id__exact": file.pk}),
        ),
    )
