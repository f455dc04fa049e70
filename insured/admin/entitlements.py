"""Family links, filings, certified diseases and referrals: their forms, lists, and panels of a person."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from insured.admin.people import OfPersonAdmin, PersonAdmin
from insured.documents import document_index, is_identity_card
from insured.family import demand_link, pack_of_scheme, uses_of
from insured.models import CertifiedDisease, FamilyLink, Filing, Person, Referral, Relation
from insured.referring import demand_selected
from office.admin.panels import Panel, linked
from office.admin.protected import ProtectedNumbers
from office.sealing import masked


class InForce(DropdownFilter):
    """What holds today, what is over, what is still to come."""

    title = gettext_lazy("In force")
    parameter_name = "in_force"

    def lookups(self, request, model_admin):
        return [("now", _("In force today")), ("over", _("Over")), ("later", _("Not begun"))]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        first, last = self.days_of(queryset.model)
        over = Q(**{f"{last}__lt": today})
        for field in queryset.model._meta.fields:
            if field.related_model is Person:
                over |= Q(**{f"{field.name}__died_on__lt": today})
        later = Q(**{f"{first}__gt": today})
        chosen = {"now": ~over & ~later, "over": over, "later": later}.get(self.value())
        return queryset if chosen is None else queryset.filter(chosen)

    @staticmethod
    def days_of(model) -> tuple[str, str]:
        return ("issued_on", "valid_until") if model is Referral else ("first_day", "last_day")


def lasting(first, last, *people: Person | None) -> str:
    """The days something holds, and whether it does today; nothing outlasts the people it is about."""
    today = timezone.localdate()
    deaths = [person.died_on for person in people if person and person.died_on]
    last = min(filter(None, [last, *deaths]), default=None)
    state = pgettext("days", "over") if last and last < today else _("not begun") if first > today else ""
    text = f"{first:%Y-%m-%d} – {f'{last:%Y-%m-%d}' if last else _('open')}"
    return format_html('{} <span class="note">{}</span>', text, state) if state else text


class WholeForm(forms.ModelForm):
    """A record of which every constraint is asked, of columns too that the form does not show; a field that
    could not be read is said so once."""

    def _get_validation_exclusions(self):
        return self.unread

    def clean(self):
        data = super().clean()
        self.unread = set(self.errors)
        if not self.unread:
            for name in {*data} & {field.name for field in self._meta.model._meta.fields}:
                setattr(self.instance, name, data[name])
            self.demand()
        return data

    def demand(self) -> None:
        """What the rules ask of the record; raises ValidationError."""


class FamilyLinkForm(WholeForm):
    """A link as it is asked for; the document of a relative insured elsewhere is sealed, and shown masked."""

    relative_document = forms.CharField(
        label=gettext_lazy("document number of the relative"),
        max_length=30,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = FamilyLink
        fields = ["person", "relation", "relative", "relative_name", "first_day", "last_day", "ended_because"]
        help_texts: ClassVar = {
            "relative_name": gettext_lazy(
                "Only for a relative insured elsewhere in the province, where the rules allow it."
            )
        }

    def demand(self):
        link, document = self.instance, self.cleaned_data.get("relative_document", "").strip().upper()
        if document:
            if Person.objects.filter(document_index=document_index(document)).exists():
                raise ValidationError(
                    {"relative": _("This relative is on record here: choose the record instead.")}
                )
            if len(document) == 18 and not is_identity_card(document):
                wrong = _("This is no valid identity card number: its check digit is wrong.")
                raise ValidationError({"relative_document": wrong})
            link.name_elsewhere(name=link.relative_name, document_number=document)
        demand_link(link)


@admin.register(FamilyLink)
class FamilyLinkAdmin(ProtectedNumbers, OfPersonAdmin):
    empty_note = gettext_lazy("Whose account a relative may use is filed here, or comes with a file.")
    show_permission = "insured.show_person"
    form = FamilyLinkForm
    list_display = ["person", "relation", "of_relative", "lasts", "ended_because"]
    list_select_related = ["person"]
    list_filter = [InForce, ("relation", ChoicesDropdownFilter), ("ended_because", ChoicesDropdownFilter)]
    autocomplete_fields = ["person", "relative"]
    add_label = gettext_lazy("Link a relative")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("relative")

    def get_fields(self, request, obj=None):
        if obj is not None:
            return [("person_link", "relation"), "of_relative", ("first_day", "last_day"), "ended_because"]
        return [("person", "relation"), "relative", ("relative_name", "relative_document"), "first_day"]

    def get_readonly_fields(self, request, obj=None):
        """Who is linked stays; a link is ended, and another one begun."""
        return [] if obj is None else ["person_link", "relation", "of_relative"]

    def protected_numbers(self, link):
        return [(_("document number of the relative"), link.relative_document, masked)]

    def numbers_panel(self, request, link, *, opened=False):
        return super().numbers_panel(request, link, opened=opened) if link.relative_id is None else None

    @admin.display(description=gettext_lazy("relative"))
    def of_relative(self, link):
        return relative_of(link)

    @admin.display(description=gettext_lazy("days"))
    def lasts(self, link):
        return lasting(link.first_day, link.last_day, link.person, link.relative)


def relative_of(link: FamilyLink):
    """The relative as a link to the record, or by name and masked document; in another county neither."""
    if link.relative_id is None:
        return f"{link.relative_name} {masked(link.relative_document)}"
    return linked(link.relative) if link.relative else _("somebody of another county")


def family(request, person) -> list[Panel] | None:
    """Who may use this person's account, and whose account this person may use."""
    if not request.user.has_perm("insured.view_familylink"):
        return None
    today = timezone.localdate()
    pack = pack_of_scheme(person)
    given = person.family_links.prefetch_related("relative").order_by("-first_day")
    received = list(person.family_links_to.order_by("-first_day"))
    holders = Person.objects.in_bulk([link.person_id for link in received])
    relations = {r: uses_of(pack, relation=r, day=today) if pack else [] for r in Relation.values}
    columns = {_("Relation"): "text", _("Relative"): "text", _("Days"): "text", _("Ended because"): "text"}
    panel = Panel(
        title=_("Relatives who may use this account"),
        columns=columns,
        rows=[
            (
                linked(link, link.get_relation_display()),
                relative_of(link),
                lasting(link.first_day, link.last_day, person, link.relative),
                link.get_ended_because_display(),
            )
            for link in given
        ],
        note=_said_of(relations),
        link=_adding(request, "familylink", person, _("Link a relative"))
        if any(relations.values())
        else None,
    )
    held = [
        (
            link.get_relation_display(),
            linked(holders[link.person_id]) if link.person_id in holders else _("somebody of another county"),
            lasting(link.first_day, link.last_day, person, holders.get(link.person_id)),
            link.get_ended_because_display(),
        )
        for link in received
    ]
    theirs = Panel(
        title=_("Accounts this person may use"),
        columns={
            _("This person is the holder's"): "text",
            _("Holder of the account"): "text",
            _("Days"): "text",
            _("Ended because"): "text",
        },
        rows=held,
    )
    return [panel, theirs] if held else [panel]


def _said_of(relations: dict) -> str:
    """By which articles accounts may be used for relatives."""
    articles = dict.fromkeys(use.article for uses in relations.values() for use in uses)
    if not articles:
        return ""
    return _("For relatives the account may be used by article %s.") % "、".join(articles)


@admin.register(Filing)
class FilingAdmin(OfPersonAdmin):
    empty_note = gettext_lazy("Who is treated in another area files it here, or it comes with a file.")
    form = WholeForm
    list_display = ["person", "kind", "destination", "lasts", "ended_because"]
    list_select_related = ["person"]
    list_filter = [InForce, ("kind", ChoicesDropdownFilter), ("first_day", RangeDateFilter)]
    fields = [
        "person",
        ("kind", "evidence"),
        ("destination", "destination_code"),
        ("first_day", "last_day"),
        "ended_because",
    ]
    add_label = gettext_lazy("File care elsewhere")

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return fields[:-1] if obj is None else fields

    @admin.display(description=gettext_lazy("days"))
    def lasts(self, filing):
        return lasting(filing.first_day, filing.last_day, filing.person)


def filings(request, person) -> Panel | None:
    """What is on file of care elsewhere."""
    if not request.user.has_perm("insured.view_filing"):
        return None
    pack = pack_of_scheme(person)
    note = ""
    if pack is not None:
        asked = _("Care elsewhere that is not on file is not paid (article %s).")
        free = _("By the rules here care elsewhere needs no filing (article %s).")
        article = pack.gates.articles["out_of_area_unfiled"]
        note = (asked if pack.gates.filing_required else free) % article
    return Panel(
        title=_("Filings out of the area"),
        note=note,
        columns={
            _("Kind"): "text",
            _("Destination"): "text",
            _("Days"): "text",
            _("Evidence"): "text",
            _("Ended because"): "text",
        },
        rows=[
            (
                linked(filing, filing.get_kind_display()),
                f"{filing.destination} {filing.destination_code}",
                lasting(filing.first_day, filing.last_day, person),
                filing.evidence,
                filing.ended_because,
            )
            for filing in person.filings.order_by("-first_day")
        ],
        link=_adding(request, "filing", person, _("File care elsewhere")),
    )


@admin.register(CertifiedDisease)
class CertifiedDiseaseAdmin(OfPersonAdmin):
    empty_note = gettext_lazy("Certified chronic and special diseases are entered here, or come with a file.")
    form = WholeForm
    list_display = ["person", "kind", "name", "code", "lasts", "facility"]
    list_select_related = ["person", "facility"]
    list_filter = [InForce, ("kind", ChoicesDropdownFilter)]
    autocomplete_fields = ["person", "facility"]
    fields = [
        "person",
        "kind",
        ("name", "code"),
        "facility",
        "evidence",
        ("first_day", "last_day"),
        "ended_because",
    ]
    add_label = gettext_lazy("Enter a certified disease")

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return fields[:-1] if obj is None else fields

    @admin.display(description=gettext_lazy("days"))
    def lasts(self, disease):
        return lasting(disease.first_day, disease.last_day, disease.person)


def certified_diseases(request, person) -> Panel | None:
    """The chronic and special diseases on record."""
    if not request.user.has_perm("insured.view_certifieddisease"):
        return None
    return Panel(
        title=_("Certified diseases"),
        columns={
            _("Disease"): "text",
            _("Kind"): "text",
            _("Days"): "text",
            _("Certified by"): "text",
            _("Evidence"): "text",
        },
        rows=[
            (
                linked(disease),
                disease.get_kind_display(),
                lasting(disease.first_day, disease.last_day, person),
                disease.facility and disease.facility.name,
                disease.evidence,
            )
            for disease in person.certified_diseases.select_related("facility").order_by("-first_day")
        ],
        link=_adding(request, "certifieddisease", person, _("Enter a certified disease")),
    )


class ReferralForm(WholeForm):
    class Meta:
        model = Referral
        fields = "__all__"

    def demand(self):
        demand_selected(self.instance)


@admin.register(Referral)
class ReferralAdmin(OfPersonAdmin):
    empty_note = gettext_lazy("Referrals to another facility are entered here.")
    form = ReferralForm
    list_display = ["person", "issued_by", "goes_to", "issued_on", "valid_until"]
    list_select_related = ["person", "issued_by", "to_facility"]
    list_filter = [InForce, ("issued_on", RangeDateFilter)]
    autocomplete_fields = ["person", "issued_by", "to_facility"]
    fields = [
        "person",
        "issued_by",
        "to_facility",
        "to_elsewhere",
        ("issued_on", "valid_until"),
        "diagnosis",
    ]
    add_label = gettext_lazy("Enter a referral")

    @admin.display(description=gettext_lazy("referred to"))
    def goes_to(self, referral):
        return referral.to_facility or referral.to_elsewhere


def referrals(request, person) -> Panel | None:
    """By whom and where the person was referred."""
    if not request.user.has_perm("insured.view_referral"):
        return None
    found = person.referrals.select_related("issued_by", "to_facility").order_by("-issued_on")
    return Panel(
        title=_("Referrals"),
        columns={
            _("Referred by"): "text",
            _("Referred to"): "text",
            _("Days"): "text",
            _("Diagnosis and reason"): "text",
        },
        rows=[
            (
                linked(referral, referral.issued_by.name),
                referral.to_facility.name if referral.to_facility else referral.to_elsewhere,
                lasting(referral.issued_on, referral.valid_until, person),
                referral.diagnosis,
            )
            for referral in found
        ],
        link=_adding(request, "referral", person, _("Enter a referral")),
    )


def _adding(request, model: str, person, text: str):
    if not request.user.has_perm(f"insured.add_{model}"):
        return None
    return text, reverse(f"admin:insured_{model}_add", query={"person": person.pk})


PersonAdmin.panels += [family, filings, certified_diseases, referrals]
PersonAdmin.history_along += ("family_links", "filings", "certified_diseases", "referrals")
