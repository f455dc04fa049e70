"""Uses of accounts: entered on a person's page with a look at who would pay, listed, given back."""

import hashlib

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import refunds
from accounts.admin.accounts import side_of, with_sides
from accounts.models import Account, AccountUse
from accounts.purposes import named, scheme_with_accounts
from accounts.spending import post_use
from accounts.vouchers import transfers_of
from facilities.admin.acts import ActsAdmin, FacilityField, RecordAct, day_field
from facilities.models import Facility
from insured.admin import PersonAdmin
from insured.admin.entitlements import relative_of
from insured.admin.person_page import head_of, tell
from insured.models import FamilyLink, Person
from insured.search import search_people
from office.admin.pages import page
from office.admin.panels import Panel, badged, linked
from office.admin.records import ReadOnlyAdmin
from office.policy import newest_version, pack_of
from office.templatetags.figures import yuan
from policies.pack import Pack

ON_PERSON_PAGE = 8


def purpose_names() -> dict[str, str]:
    """What the rules call each purpose, what is never paid included; the first row of a code names it."""
    scheme = scheme_with_accounts()
    if scheme is None:
        return {}
    pack = pack_of(newest_version(scheme=scheme))
    rules = [*pack.account_uses, *pack.account_bans]
    return {rule.code: named(rule) for rule in reversed(rules)}


def purposes_of(pack: Pack) -> list:
    """The purposes to choose from; those never paid are there too, to be told the article."""
    uses = {use.code: named(use) for use in reversed(pack.account_uses)}
    bans = {ban.code: named(ban) for ban in pack.account_bans}
    return [
        ("", "—"),
        (_("Paid from accounts"), list(reversed(uses.items()))),
        (_("Never paid from accounts"), list(bans.items())),
    ]


def amount_field(**options) -> forms.DecimalField:
    return forms.DecimalField(
        label=gettext_lazy("amount"),
        max_digits=14,
        decimal_places=2,
        min_value=0.01,
        widget=UnfoldAdminDecimalFieldWidget,
        **options,
    )


def bill_field(label, **options) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=40, required=False, widget=UnfoldAdminTextInputWidget, **options
    )


class UseForm(forms.Form):
    """Fields are named as the parameters of `post_use`."""

    purpose = forms.ChoiceField(label=pgettext_lazy("use", "purpose"), widget=UnfoldAdminSelectWidget)
    link = forms.ModelChoiceField(
        FamilyLink.objects.none(),
        label=gettext_lazy("for whom"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    day = day_field(gettext_lazy("day"))
    facility = FacilityField(
        label=gettext_lazy("facility code"),
        required=False,
        help_text=gettext_lazy("Empty for a premium or contribution."),
    )
    amount = amount_field(help_text=gettext_lazy("What the purchase costs; accounts pay as far as they go."))
    bill_number = bill_field(gettext_lazy("bill number"))

    def __init__(self, *args, person: Person, pack: Pack, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = purposes_of(pack)
        elsewhere = person.family_links.filter(relative=None)
        if pack.family_elsewhere is None or not elsewhere.exists():
            del self.fields["link"]
        else:
            self.fields["link"].queryset = elsewhere
            self.fields["link"].empty_label = person.name


class RefundForm(forms.Form):
    amount = amount_field()
    bill_number = bill_field(gettext_lazy("number of the refund bill"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class ReversalForm(RefundForm):
    amount = None


class FacilityOfUse(DropdownFilter):
    title = gettext_lazy("paid to")
    parameter_name = "paid_to"

    def lookups(self, request, model_admin):
        return [("facility", _("Facilities")), ("pharmacy", _("Pharmacies")), ("premiums", _("Premiums"))]

    def queryset(self, request, queryset):
        if self.value() == "premiums":
            return queryset.filter(facility=None)
        if self.value() == "pharmacy":
            return queryset.filter(facility__kind="pharmacy")
        return (
            queryset.exclude(facility__kind="pharmacy").exclude(facility=None) if self.value() else queryset
        )


class PurposeOfUse(DropdownFilter):
    title = pgettext_lazy("use", "purpose")
    parameter_name = "purpose"

    def lookups(self, request, model_admin):
        return list(purpose_names().items())

    def queryset(self, request, queryset):
        return queryset.filter(purpose=self.value()) if self.value() else queryset


@admin.register(AccountUse)
class AccountUseAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy(
        "What is paid from accounts comes with visits, or is entered on the person's page."
    )
    list_display = [
        "number",
        "day",
        "person",
        "purpose_name",
        "facility_name",
        "asked",
        "own",
        "family",
        "cash",
        "back",
        "state_badge",
    ]
    list_display_links = ["number"]
    exported = (
        "number",
        "day",
        "person__person_number",
        "person__name",
        "purpose_name",
        "article",
        "facility__code",
        "facility__name",
        "bill_number",
        "amount",
        "own_part",
        "family_part",
        "cash_part",
        "refunded",
        "state",
        "entered_by",
        "entered_at",
    )
    list_select_related = ["person", "facility"]
    list_filter = [
        PurposeOfUse,
        FacilityOfUse,
        ("state", ChoicesDropdownFilter),
        ("day", RangeDateFilter),
    ]
    ordering = ["-day", "-id"]
    sortable_by = ()
    search_fields = ["person__name"]
    search_help_text = gettext_lazy("Name or number of the person, code of the facility, or bill number")
    fields = [
        ("person_link", "purpose_name"),
        ("day", "article"),
        ("facility_link", "bill_number"),
        ("entered_by", "entered_at"),
    ]
    panels = []
    counties = ("person__county",)
    acts = (
        RecordAct(
            name="refund",
            label=gettext_lazy("Give a part back"),
            explained=gettext_lazy(
                "What was paid last comes back first: cash, then relatives' accounts, then the own one."
            ),
            done=gettext_lazy("Given back."),
            form=RefundForm,
            do=refunds.refund,
            open_to=lambda use: use.open_amount > 0,
            permission="accounts.refund_accountuse",
        ),
        RecordAct(
            name="reverse",
            label=gettext_lazy("Reverse the use"),
            explained=gettext_lazy("All of it comes back to the accounts that paid, as if it had not been."),
            done=gettext_lazy("The use is reversed."),
            form=ReversalForm,
            do=refunds.reverse,
            open_to=lambda use: use.state == "posted" and not use.refunded,
            permission="accounts.refund_accountuse",
            danger=True,
        ),
    )

    def get_urls(self):
        view = self.admin_site.admin_view(self.enter)
        return [path("enter/<int:number>/", view, name="accounts_accountuse_enter"), *super().get_urls()]

    def enter(self, request, number):
        """The form of a use; with who would pay what once it is filled in, posted when that is confirmed."""
        people = admin.site.get_model_admin(Person).get_queryset(request)
        person = get_object_or_404(people, pk=number)
        scheme = scheme_with_accounts()
        if scheme is None or not request.user.has_perm("accounts.add_accountuse"):
            raise PermissionDenied
        form = UseForm(request.POST or None, person=person, pack=pack_of(newest_version(scheme=scheme)))
        panels, seen = [], ""
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    use = post_use(person=person, scheme=scheme, by=request.user, **form.cleaned_data)
                    seen, panels = seen_of(use), [who_paid(request, use, title=_("Who would pay"))]
                    confirmed = "confirm" in request.POST and request.POST.get("seen") == seen
                    transaction.set_rollback(not confirmed)
                if confirmed:
                    messages.success(request, _("The use is posted."))
                    return redirect("admin:accounts_accountuse_change", use.pk)
            except ValidationError as error:
                tell(form, error)
        context = {
            "title": f"{_('Use the account')} · {person}",
            "person": person,
            "act": True,
            "back": reverse("admin:insured_person_change", args=[person.pk]),
            "form": form,
            "seen": seen,
            "panels": panels,
            "head": head_of(request, person),
        }
        return page(request, "accounts/use.html", context)

    def given_with(self, request, act):
        return {"by": request.user}

    def initial_of(self, act, use):
        return {"amount": use.open_amount} if act.name == "refund" else {}

    def head_of(self, request, use):
        facts = [f"{_('Amount')} {yuan(use.amount)}"]
        if use.refunded:
            facts.append(f"{_('Given back')} {yuan(use.refunded)}")
        return {"state": (use.state, use.get_state_display()), "facts": facts}

    def get_search_results(self, request, queryset, search_term):
        text = search_term.strip()
        if not text:
            return queryset, False
        if facility := Facility.objects.filter(code=text.upper()).first():
            return queryset.filter(facility=facility), False
        by_bill = queryset.filter(bill_number=text)
        if by_bill.exists():
            return by_bill, False
        return queryset.filter(person__in=search_people(request, Person.objects.all(), text)), False

    def title_of(self, use):
        return _("Use #%(number)s") % {"number": use.pk}

    @admin.display(description=gettext_lazy("use"))
    def number(self, use):
        return f"#{use.pk}"

    @admin.display(description=pgettext_lazy("use", "purpose"))
    def purpose_name(self, use):
        return purpose_names().get(use.purpose, use.purpose)

    @admin.display(description=gettext_lazy("facility"))
    def facility_name(self, use):
        return use.facility.name if use.facility else _("Premiums collected")

    @admin.display(description=gettext_lazy("insured person"))
    def person_link(self, use):
        return linked(use.person)

    @admin.display(description=gettext_lazy("facility"))
    def facility_link(self, use):
        return linked(use.facility) if use.facility else _("Premiums collected")

    @admin.display(description=gettext_lazy("amount"))
    def asked(self, use):
        return yuan(use.amount)

    @admin.display(description=gettext_lazy("own account"))
    def own(self, use):
        return yuan(use.own_part)

    @admin.display(description=gettext_lazy("family accounts"))
    def family(self, use):
        return yuan(use.family_part)

    @admin.display(description=gettext_lazy("cash"))
    def cash(self, use):
        return yuan(use.cash_part)

    @admin.display(description=gettext_lazy("given back"))
    def back(self, use):
        return yuan(use.refunded) if use.refunded else "–"

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, use):
        return badged(use)


def seen_of(use: AccountUse) -> str:
    """A digest of what a preview showed: what is confirmed is what was looked at."""
    shares = list(use.shares.order_by("place").values_list("account", "amount"))
    told = (use.purpose, use.day, use.facility_id, use.bill_number, use.amount, use.link_id, shares)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def who_paid(request, use: AccountUse, *, title: str = "") -> Panel:
    """Each account's part in order, and the cash."""
    shares = list(use.shares.order_by("place"))
    links = FamilyLink.objects.in_bulk([share.link_id for share in shares if share.link_id])
    holders = Person.objects.in_bulk([link.person_id for link in links.values()])
    rows = [
        (_whose(use, links.get(share.link_id), holders), share.amount, share.refunded or None)
        for share in shares
    ]
    if use.cash_part:
        in_accounts = sum((share.refunded for share in shares), start=use.amount * 0)
        rows.append((_("Cash"), use.cash_part, use.refunded - in_accounts or None))
    columns = {_("Paid by"): "text", _("Amount"): "money", _("Given back"): "money"}
    if title:
        columns.pop(_("Given back"))
        rows = [row[:2] for row in rows]
    return Panel(
        title=title or _("Who paid"),
        columns=columns,
        rows=rows,
        figures=[
            (_("Own account"), yuan(use.own_part)),
            (_("Family accounts"), yuan(use.family_part)),
            (_("Cash"), yuan(use.cash_part)),
        ],
        note=_("By article %s.") % use.article,
    )


def _whose(use: AccountUse, link: FamilyLink | None, holders: dict[int, Person]) -> str:
    if link is None:
        return _("Own account")
    if use.link_id:
        return _("Account of the holder, for %(relative)s") % {"relative": relative_of(link)}
    holder = holders.get(link.person_id)
    whose = linked(holder) if holder else _("somebody of another county")
    told = _("Account of {holder}, granted as: {relation}")
    return format_html(told, holder=whose, relation=link.get_relation_display())


def given_back(request, use) -> Panel | None:
    found = list(use.refunds.select_related("entered_by").order_by("pk"))
    if not found:
        return None
    return Panel(
        title=_("What came back"),
        columns={
            _("At"): "text",
            _("Kind"): "text",
            _("Number of the refund bill"): "text",
            _("Reason"): "text",
            _("By"): "text",
            _("Own account"): "money",
            _("Family accounts"): "money",
            _("Cash"): "money",
            _("Amount"): "money",
        },
        rows=[
            (
                back.entered_at,
                _("Reversal") if back.whole else pgettext("use", "Refund"),
                back.bill_number,
                back.reason,
                back.entered_by or _("The portal"),
                back.own_part,
                back.family_part,
                back.cash_part,
                back.amount,
            )
            for back in found
        ],
    )


def entries(request, use) -> Panel | None:
    """The transfers of the use and of what came back; of other counties' accounts no more than that."""
    if not request.user.has_perm("accounts.view_transfer"):
        return None
    return Panel(
        title=_("Entries"),
        columns={
            _("Transfer"): "text",
            _("Kind"): "text",
            _("Debit"): "text",
            _("Credit"): "text",
            _("Accounting month"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(transfer, f"#{transfer.pk}"),
                transfer.get_kind_display(),
                side_of(transfer, "debit"),
                side_of(transfer, "credit"),
                transfer.month,
                transfer.amount,
            )
            for transfer in with_sides(transfers_of(use))
        ],
    )


AccountUseAdmin.panels += [who_paid, given_back, entries]


def uses_of_person(request, person) -> Panel | None:
    """The latest uses for a person, and the button to enter one."""
    if not request.user.has_perm("accounts.view_accountuse") or scheme_with_accounts() is None:
        return None
    found = list(person.account_uses.select_related("facility").order_by("-day", "-pk")[:ON_PERSON_PAGE])
    pays = Account.objects.filter(person=person, kind="person").exists() or person.family_links_to.exists()
    asked = None
    if pays and request.user.has_perm("accounts.add_accountuse") and not person.merged_into_id:
        asked = (_("Use the account"), reverse("admin:accounts_accountuse_enter", args=[person.pk]))
    if not (found or asked):
        return None
    names = purpose_names()
    return Panel(
        title=_("Uses of accounts"),
        columns={
            _("Day"): "text",
            _("Purpose"): "text",
            _("Paid to"): "text",
            _("Amount"): "money",
            _("Own account"): "money",
            _("Family accounts"): "money",
            _("Cash"): "money",
            _("Given back"): "money",
        },
        rows=[
            (
                linked(use, f"{use.day:%Y-%m-%d}"),
                names.get(use.purpose, use.purpose),
                linked(use.facility) if use.facility else _("Premiums collected"),
                use.amount,
                use.own_part,
                use.family_part,
                use.cash_part,
                use.refunded or None,
            )
            for use in found
        ],
        link=asked,
        anchor="uses",
    )


PersonAdmin.panels.append(uses_of_person)
