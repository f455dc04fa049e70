"""The rules in force, to be read: every figure with its unit, its dates and its article."""

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from office.admin.panels import Panel
from office.admin.records import ReadOnlyAdmin
from office.admin.rule_words import NAMES, SECTIONS, UNITS, WORDS
from office.models import County, PolicyVersion
from office.policy import pack_of


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ["number", "scheme", "pack", "created_at"]
    ordering = ["scheme", "-number"]
    sortable_by = ()
    fields = [("number", "scheme"), ("title", "in_force"), ("pack", "created_at")]
    panels = []

    @admin.display(description=gettext_lazy("title"))
    def title(self, version):
        return _text(pack_of(version).title)

    @admin.display(description=gettext_lazy("in force"))
    def in_force(self, version):
        pack = pack_of(version)
        return f"{pack.starts} – {pack.ends or _('open')}"


def figures(request, version) -> list[Panel]:
    """A panel for each section of the document, its values in the document's order."""
    sections: dict[str, list] = {}
    for value in pack_of(version).values.values():
        for entry in value.entries:
            ends = entry.end or _("open")
            sections.setdefault(value.section, []).append(
                (
                    entry.article,
                    NAMES.get(value.name, value.name),
                    _figure(entry, value.unit),
                    f"{entry.start} – {ends}",
                )
            )
    columns = {_("Article"): "text", _("What"): "text", _("Figure"): "text", _("In force"): "text"}
    return [Panel(title=SECTIONS[name], columns=columns, rows=rows) for name, rows in sections.items()]


def _figure(entry, unit: str):
    """The figure in words; one the document leaves out is marked as missing."""
    if entry.figure is None:
        kind, label = ("missing", _("missing")) if entry.required else ("open", _("not given, not needed"))
        return format_html('<span class="state state-{}">{}</span>', kind, label)
    return _in_words(entry.figure, UNITS.get(unit, ""))


def _in_words(figure, unit) -> str:
    if isinstance(figure, bool):
        return str(_("yes") if figure else _("no"))
    if isinstance(figure, dict):
        return format_html(
            '<span class="figures">{}</span>',
            format_html_join(
                "",
                "<span><em>{}</em> {}</span>",
                ((WORDS.get(str(key), key), _in_words(value, unit)) for key, value in figure.items()),
            ),
        )
    if isinstance(figure, list):
        return "、".join(_in_words(item, unit) for item in figure)
    if isinstance(figure, str):
        return str(WORDS.get(figure, figure))
    return f"{figure} {unit}".strip()


def credits(request, version) -> Panel:
    """How each status is credited."""
    statuses = dict(apps.get_model("insured", "Enrolment")._meta.get_field("status").flatchoices)
    methods = {
        "percent_of_base": _("percent of the base"),
        "flat": _("fixed monthly amount"),
        "none": _("no account"),
    }
    return Panel(
        title=_("Monthly credits by status"),
        columns={_("Article"): "text", _("Status"): "text", _("Credited"): "text", _("Figure used"): "text"},
        rows=[
            (spec.article, statuses[status], methods[spec.method], NAMES.get(spec.value, ""))
            for status, specs in pack_of(version).credits.items()
            for spec in specs
        ],
    )


def account_rules(request, version) -> Panel:
    """What accounts may be used for and when they are paid out."""
    pack = pack_of(version)
    groups = [
        (_("allowed"), pack.account_uses),
        (_("not allowed"), pack.account_bans),
        (_("paid out on"), pack.account_payouts),
    ]
    return Panel(
        title=_("Use of personal accounts"),
        columns={_("Article"): "text", _("Rule"): "text", _("What"): "text"},
        rows=[(rule.article, label, _text(rule.text)) for label, rules in groups for rule in rules],
    )


def _text(text) -> str:
    return text.zh if get_language().startswith("zh") else text.en


def counties(request, version) -> Panel:
    return Panel(
        title=_("Counties"),
        columns={_("Code"): "text", _("Name"): "text"},
        rows=list(County.objects.values_list("code", _county_name())),
    )


def _county_name() -> str:
    return "name" if get_language().startswith("zh") else "name_en"


PolicyVersionAdmin.panels += [figures, credits, account_rules, counties]
