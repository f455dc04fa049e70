"""Applying for an account: choose what for, tick the documents, see what it would come to, confirm."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts import applications
from accounts.applications import TRANSFER_IN, Origin, Payee
from accounts.closing import figures_of
from accounts.models import BY_BANK, Account, Application, ApplicationState, Way
from insured.admin.person_page import head_of, tell
from office.admin.pages import page
from office.admin.panels import Panel
from office.sealing import masked_account
from office.templatetags.figures import yuan

HEIRS = 6


def day_field(label, **options) -> forms.DateField:
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD"}),
        error_messages={"invalid": gettext_lazy("Enter a day as YYYY-MM-DD.")},
        **options,
    )


def text_field(label, length: int, **options) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, widget=UnfoldAdminTextInputWidget, **options)


class ApplyForm(forms.Form):
    """The documents of one way to pay, its payees, and where a move leads to."""

    def __init__(self, *args, rule, way, pack, **kwargs):
        super().__init__(*args, **kwargs)
        self.rule, self.way = rule, way
        several = way in (Way.HEIRS, Way.HEIR_ACCOUNTS)
        self.places = range(HEIRS if several else 0 if way == Way.NOBODY else 1)
        self.documents = []
        for code in rule.ways[way]:
            name = applications.text_of(pack.evidence[code])
            self.fields[f"number_{code}"] = text_field(name, 60, required=False)
            self.fields[f"day_{code}"] = day_field(_("Date"), required=False)
            self.documents.append((name, self[f"number_{code}"], self[f"day_{code}"]))
        self.payees = []
        for place in self.places:
            for name, field in self._payee_fields(several).items():
                self.fields[f"{name}_{place}"] = field
            self.payees.append([self[f"{name}_{place}"] for name in self._payee_fields(several)])
        self.move = []
        if way in (Way.AGENCY, Way.NOBODY):
            self.fields["area"] = text_field(_("Other pooling area"), 100)
            self.fields["area_code"] = text_field(_("Division code"), 6, required=False)
            self.move = [self["area"], self["area_code"]]

    def _payee_fields(self, several: bool) -> dict:
        fields = {"name": text_field(_("Payee"), 100, required=False)}
        if several:
            fields["parts"] = forms.IntegerField(
                label=_("Parts"), min_value=1, initial=1, required=False, widget=UnfoldAdminTextInputWidget
            )
        if self.way in BY_BANK:
            fields["bank"] = text_field(pgettext("payee", "Bank"), 200, required=False)
            fields["number"] = text_field(_("Bank account"), 40, required=False)
        else:
            fields["document"] = text_field(_("Document number"), 30, required=False)
        return fields

    @property
    def heads(self) -> list[str]:
        return [field.label for field in self.payees[0]] if self.payees else []

    def given(self) -> dict:
        data = self.cleaned_data
        return {
            "evidence": {
                code: (data[f"number_{code}"], data[f"day_{code}"]) for code in self.rule.ways[self.way]
            },
            "payees": [
                Payee(
                    name=data[f"name_{place}"],
                    parts=data.get(f"parts_{place}") or 1,
                    bank_name=data.get(f"bank_{place}", ""),
                    bank_account=data.get(f"number_{place}", ""),
                    document_number=data.get(f"document_{place}", ""),
                )
                for place in self.places
                if data.get(f"name_{place}")
            ],
            "origin": Origin(area=data.get("area", ""), area_code=data.get("area_code", "")),
        }


class BringInForm(forms.Form):
    area = text_field(gettext_lazy("Other pooling area"), 100)
    area_code = forms.RegexField(
        r"^[0-9]{6}$",
        label=gettext_lazy("Division code"),
        widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid": gettext_lazy("Six digits.")},
    )
    document = text_field(gettext_lazy("number of the transfer document"), 60)
    day = day_field(gettext_lazy("Date of the document"))
    amount = forms.DecimalField(
        label=gettext_lazy("amount brought in"),
        min_value=0.01,
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )


def choose_page(request, account: int):
    """For what the account could be applied for now, and what stands against the rest."""
    account = _account(request, account)
    rows = []
    for rule in applications.rules_of(account).account_payouts:
        against = applications.missing(account, rule)
        for way in rule.ways:
            rows.append(
                {
                    "rule": rule,
                    "text": applications.text_of(rule.text),
                    "way": Way(way).label,
                    "against": against,
                    "url": _url("apply", account, kind=rule.code, way=way),
                }
            )
    context = _around(request, account, title=_("Pay out, close or move")) | {
        "rows": sorted(rows, key=lambda row: bool(row["against"])),
        "bring_in": _url("bring_in", account),
    }
    return page(request, "accounts/choose.html", context)


def apply_page(request, account: int):
    """The form of one reason and way; previewed, then confirmed."""
    account = _account(request, account)
    pack = applications.rules_of(account)
    kind, way = request.GET.get("kind", ""), request.GET.get("way", "")
    rule = next((rule for rule in pack.account_payouts if rule.code == kind and way in rule.ways), None)
    if rule is None:
        raise Http404
    corrected = _corrected(request, account)
    form = ApplyForm(
        request.POST or None, rule=rule, way=way, pack=pack, initial=_initial(account, way, corrected)
    )
    title = f"{applications.text_of(rule.text)} · {Way(way).label}"

    def act(given):
        return applications.apply(account, kind=kind, way=way, by=request.user, instead_of=corrected, **given)

    return _form_page(request, account, form, title=title, act=act, article=rule.article, closes=rule.closes)


def bring_in_page(request, account: int):
    """Money that comes from another area, with the paper it came with."""
    account = _account(request, account)
    corrected = _corrected(request, account)
    initial = {"day": timezone.localdate()}
    if corrected:
        names = ("area", "area_code", "document", "amount")
        initial = {name: getattr(corrected, name) for name in names} | {"day": corrected.evidence[0]["day"]}
    form = BringInForm(request.POST or None, initial=initial)

    def act(given):
        return applications.bring_in(account, by=request.user, instead_of=corrected, **given)

    return _form_page(request, account, form, title=_("Transfer in"), act=act, article="", closes=False)


def _form_page(request, account, form, *, title, act, article, closes):
    previewed, warnings = [], []
    if request.method == "POST" and form.is_valid():
        try:
            if "confirm" in request.POST:
                application = act(_given(form))
                messages.success(request, _("Applied for: others have to agree now."))
                return redirect("admin:accounts_application_change", application.pk)
            with transaction.atomic():
                previewed = [figures_panel(act(_given(form)))]
                transaction.set_rollback(True)
            warnings = _warnings(form)
        except ValidationError as error:
            tell(form, error)
    context = _around(request, account, title=title) | {
        "form": form,
        "article": article,
        "closes": closes,
        "panels": previewed,
        "warnings": warnings,
    }
    return page(request, "accounts/apply.html", context)


def _given(form) -> dict:
    if isinstance(form, ApplyForm):
        return form.given()
    data = dict(form.cleaned_data)
    day = data.pop("day")
    return {"origin": Origin(**data), "day": day}


def _warnings(form) -> list[str]:
    """What looks mistyped; said, not refused: other accounts than cards have no check digit."""
    if not isinstance(form, ApplyForm) or form.way not in BY_BANK:
        return []
    numbers = [payee.bank_account for payee in form.given()["payees"]]
    return [
        f"{masked_account(number)}：{told}" for number in numbers if (told := applications.doubtful(number))
    ]


def figures_panel(application: Application) -> Panel | None:
    """What was paid, or, before that, what it would come to today."""
    if application.way in (Way.NOBODY, Way.UNDOING):
        return None
    if application.way == Way.TAKEN_IN:
        rows = [(_("Comes in"), application.amount)]
    else:
        done = application.balance is not None
        account = application.account
        told = (
            application
            if done
            else figures_of(
                account,
                balance=Account.objects.values_list("balance", flat=True).get(pk=account.pk),
                closes=application.closes,
                day=timezone.localdate(),
            )
        )
        rows = [
            (_("Balance"), told.balance),
            (_("Interest to the day"), told.interest),
            (_("Less what was credited too much"), -told.deducted),
            (_("Payable"), told.paid),
        ]
        if told.receivable:
            rows.append((_("Still to be recovered"), told.receivable))
    title = _("What was paid") if application.done_on else _("What it would come to today")
    note = "" if application.done_on else _("Worked out anew when finance releases it.")
    return Panel(
        title=title, columns={pgettext("money", "Item"): "text", _("Yuan"): "money"}, rows=rows, note=note
    )


def correct_url(application: Application) -> str:
    """Where an application that was sent back is corrected."""
    if application.kind == TRANSFER_IN:
        return _url("bring_in", application.account, instead_of=application.pk)
    return _url(
        "apply",
        application.account,
        kind=application.kind,
        way=application.way,
        instead_of=application.pk,
    )


def _corrected(request, account: Account) -> Application | None:
    number = request.GET.get("instead_of", "")
    if not number.isdecimal():
        return None
    return get_object_or_404(Application, pk=number, account=account, state=ApplicationState.RETURNED)


def _initial(account: Account, way: str, corrected: Application | None) -> dict:
    """What is known already: the person's own name, or all but the account numbers of what was sent back."""
    if corrected is None:
        return {"name_0": account.person.name} if way == Way.PERSON else {}
    initial = {"area": corrected.area, "area_code": corrected.area_code}
    for each in corrected.evidence:
        initial |= {f"number_{each['code']}": each["number"], f"day_{each['code']}": each["day"]}
    for place, share in enumerate(corrected.shares.all()):
        initial |= {
            f"name_{place}": share.name,
            f"parts_{place}": share.parts,
            f"bank_{place}": share.bank_name,
        }
    return initial


def _account(request, number: int) -> Account:
    """The account, for whoever may apply; row-level security sees to the counties."""
    if not request.user.has_perm("accounts.add_application"):
        raise PermissionDenied
    return get_object_or_404(Account.objects.select_related("person"), pk=number, kind="person")


def _around(request, account: Account, *, title: str) -> dict:
    person = account.person
    return {
        "title": f"{title} · {person}",
        "heading": title,
        "account": account,
        "balance": yuan(account.balance),
        "head": head_of(request, person) | {"acts": []},
        "back": reverse("admin:insured_person_change", args=[person.pk]),
        "choose": _url("choose", account),
    }


def _url(name: str, account: Account, **query) -> str:
    return reverse(f"admin:accounts_application_{name}", args=[account.pk], query=query or None)
