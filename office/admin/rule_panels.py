"""A policy version as tables: its figures, what differs from the version before, and with what effect."""

from django.apps import apps
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from office.admin.figure_form import can_be_entered
from office.admin.figure_words import in_language, in_words, stretch
from office.admin.panels import Panel
from office.admin.rule_words import AT_ONCE, CATEGORIES, CHOOSING, NAMES, SECTIONS, WORDS
from office.admin.version_acts import EVENTS
from office.models import County, PolicyVersion, Staff
from office.policy import pack_of
from policies import compare
from policies.labels import GATE_LABELS
from policies.pack import Pack
from policies.values import Value


def enter_link(version: PolicyVersion, value: Value):
    url = reverse("admin:office_policyversion_figure", args=[version.scheme])
    return format_html('<a class="link" href="{}?value={}">{}</a>', url, value.name, _("New figure"))


def figures(version: PolicyVersion, staff: Staff) -> list[Panel]:
    """A panel for each section of the document, its values in the document's order."""
    pack, may_enter = pack_of(version), staff.has_perm("office.add_policyversion")
    entered = {(item.value, item.start): item for item in pack.entered}
    sections: dict[str, list] = {}
    for value in pack.values.values():
        for entry in value.entries:
            row = [
                entry.article,
                NAMES.get(value.name, value.name),
                in_words(entry, value.unit),
                stretch(entry.start, entry.end),
                _entered(entered.get((value.name, entry.start))),
            ]
            if may_enter:
                last = entry is value.entries[-1]
                row.append(enter_link(version, value) if last and can_be_entered(value) else " ")
            sections.setdefault(value.section, []).append(row)
    columns = {
        _("Article"): "text",
        _("What"): "text",
        _("Figure"): "text",
        _("In force"): "text",
        _("Entered later"): "text",
    }
    if may_enter:
        columns[""] = "text"
    return [Panel(title=SECTIONS[name], columns=columns, rows=rows) for name, rows in sections.items()]


def _entered(item) -> str:
    if item is None:
        return " "
    return format_html("{}<br><small>{} {}</small>", item.source, item.by, item.on)


def missing(pack: Pack) -> list[Value]:
    """The values of which the document leaves a figure out and nobody has entered it."""
    return [
        value
        for value in pack.values.values()
        if any(entry.figure is None and entry.required for entry in value.entries)
    ]


def changes(before: Pack, after: Pack) -> Panel:
    """What differs, article by article."""
    return Panel(
        title=_("What changes, article by article"),
        columns={
            _("Article"): "text",
            _("What"): "text",
            _("In force"): "text",
            _("Before"): "text",
            _("After"): "text",
        },
        rows=[
            (
                change.article,
                NAMES.get(change.value.name, change.value.name),
                stretch(change.start, change.end),
                in_words(change.before, change.value.unit),
                in_words(change.after, change.value.unit),
            )
            for change in compare.changes(before, after)
        ],
    )


def effect_on_visits(before: Pack, after: Pack, day) -> Panel:
    """Ten sample visits under both versions; those that are settled differently stand out."""
    rows = []
    for effect in compare.effect_on_visits(before, after, day):
        was, now = _result(effect.before), _result(effect.after)
        rows.append(
            (
                _told(effect.sample),
                effect.sample.visit["eligible"],
                was,
                format_html('<b class="changed">{}</b>', now) if effect.differs else now,
            )
        )
    return Panel(
        title=_("Effect on ten sample visits of %(day)s") % {"day": day},
        columns={
            _("Visit"): "text",
            _("Eligible"): "money",
            _("Fund pays, before"): "text",
            _("Fund pays, after"): "text",
        },
        rows=rows,
    )


def _told(sample) -> str:
    """A sample visit in a few words."""
    visit = sample.visit
    words = [CATEGORIES[visit["category"]], WORDS[visit["level"]]]
    if "status" in visit:
        words.append(WORDS.get(visit["status"], visit["status"]))
    words += [WORDS.get(disease, _("other disease")) for disease in visit.get("diseases", ())]
    if visit.get("facility_kind"):
        words.append(WORDS[visit["facility_kind"]])
    if visit.get("locality"):
        words.append(_("filed elsewhere"))
    if sample.earlier:
        words.append(_("after %(count)s like it this year") % {"count": sample.earlier})
    return " · ".join(map(str, words))


def _result(result: dict) -> str:
    match result["state"]:
        case "paid":
            return result["fund"]
        case "denied":
            return in_language(GATE_LABELS[result["reason"]])
        case "held":
            names = dict.fromkeys(str(NAMES.get(step["rule"], step["rule"])) for step in result["steps"])
            return _("held: %(figures)s missing") % {"figures": "、".join(names)}
    return result["reason"]


def effect_on_money(before: Pack, after: Pack, month) -> Panel | None:
    """What changes in credits and capitation; None where nothing does."""
    effects = compare.effect_on_money(before, after, month)
    if not effects:
        return None
    statuses = dict(apps.get_model("insured", "Enrolment")._meta.get_field("status").flatchoices)
    titles = {
        "credit": _("Monthly credit (base %(base)s)") % {"base": compare.SAMPLE_BASE},
        "prepayment": _("Month's prepayment of %(heads)s heads") % {"heads": compare.SAMPLE_HEADS},
        "quota": _("Annual quota of %(heads)s heads") % {"heads": compare.SAMPLE_HEADS},
    }
    rows = []
    for effect in effects:
        who = " · ".join(str(word) for word in (statuses.get(effect.status), WORDS.get(effect.group)) if word)
        amounts = (effect.before, effect.after)
        rows.append((titles[effect.kind], who, *(_("missing") if sum_ is None else sum_ for sum_ in amounts)))
    return Panel(
        title=_("Effect on credits and capitation in %(month)s") % {"month": month},
        columns={_("What"): "text", _("Who"): "text", _("Before"): "text", _("After"): "text"},
        rows=rows,
    )


def credits(version: PolicyVersion) -> Panel:
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


def choosing(version: PolicyVersion) -> Panel | None:
    """How people choose their facility; None where the rules know no such choice."""
    pack = pack_of(version)
    if pack.selection is None:
        return None
    places = [WORDS[level] for level in pack.gates.selectable_levels]
    places.append(_("in or outside the city") if pack.selection.outside else _("in the city only"))
    details = {"place": "、".join(map(str, places))}
    return Panel(
        title=SECTIONS["selection"],
        columns={_("Article"): "text", _("Rule"): "text", _("Detail"): "text"},
        rows=[
            (article, CHOOSING[rule], details.get(rule, ""))
            for rule, article in pack.selection.articles.items()
        ],
    )


def account_rules(version: PolicyVersion) -> Panel:
    """What accounts may be used for and when they are paid out."""
    pack = pack_of(version)
    groups = [
        (_("allowed"), pack.account_uses),
        (_("not allowed"), pack.account_bans),
        (_("paid out on"), pack.account_payouts),
    ]
    rows = [(rule.article, label, in_language(rule.text)) for label, rules in groups for rule in rules]
    rows += [(article, _("credited at once"), AT_ONCE[kind]) for kind, article in pack.at_once.items()]
    if pack.family_elsewhere is not None:
        elsewhere = _("For relatives insured elsewhere in the province too")
        rows.append((pack.family_elsewhere.article, _("allowed"), elsewhere))
    return Panel(
        title=_("Use of personal accounts"),
        columns={_("Article"): "text", _("Rule"): "text", _("What"): "text"},
        rows=rows,
    )


def counties() -> Panel:
    name = "name" if get_language().startswith("zh") else "name_en"
    return Panel(
        title=_("Counties"),
        columns={_("Code"): "text", _("Name"): "text"},
        rows=list(County.objects.values_list("code", name)),
    )


def events(version: PolicyVersion) -> Panel:
    """Who did what to the version, when and why."""
    return Panel(
        title=_("What happened"),
        columns={_("At"): "text", _("By"): "text", _("Step"): "text", _("Detail"): "text"},
        rows=[
            (event.at, event.actor or _("The portal"), EVENTS.get(event.act, event.act), _detail(event))
            for event in version.events.select_related("actor")
        ],
    )


def _detail(event) -> str:
    """What was entered is told by its name, a reason as it was given."""
    name, space, month = event.detail.partition(" ")
    return f"{NAMES[name]} {month}" if event.act == "enter" and name in NAMES and space else event.detail
