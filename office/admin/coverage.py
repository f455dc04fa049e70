"""Every article of the documents and what became of it in the portal."""

from collections import Counter

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.admin.figure_words import in_language
from office.admin.pages import page
from office.admin.panels import Panel
from office.admin.rule_words import NAMES
from office.policy import shipped_packs
from policies.coverage import Article, coverage
from policies.labels import GATE_LABELS

KINDS = {
    "computed": gettext_lazy("Computed"),
    "feature": gettext_lazy("Supported by the portal"),
    "not_computed": gettext_lazy("Not computed"),
}
COLOURS = {"computed": "approved", "feature": "supported", "not_computed": "none"}
ROOMS = {
    "policies": gettext_lazy("policy versions"),
    "office": gettext_lazy("runs, roles and approvals"),
    "facilities": gettext_lazy("facilities and agreements"),
    "insured": gettext_lazy("insured people and selections"),
    "accounts": gettext_lazy("personal accounts and the ledger"),
    "settlement": gettext_lazy("settlement of facilities"),
    "monitoring": gettext_lazy("monitoring"),
}
REASONS = {
    "another scheme": gettext_lazy("another scheme"),
    "authorities": gettext_lazy("authorities"),
    "card services": gettext_lazy("card services"),
    "drug supply": gettext_lazy("drug supply"),
    "duty of facilities": gettext_lazy("duty of facilities"),
    "health policy": gettext_lazy("health policy"),
    "intention": gettext_lazy("intention"),
    "interpretation": gettext_lazy("interpretation"),
    "left to later rules": gettext_lazy("left to later rules"),
    "not yet allowed": gettext_lazy("not yet allowed"),
    "other authorities": gettext_lazy("other authorities"),
    "other insurance": gettext_lazy("other insurance"),
    "other rules": gettext_lazy("other rules"),
    "other schemes": gettext_lazy("other schemes"),
    "platform": gettext_lazy("national or provincial platform"),
    "prices": gettext_lazy("prices"),
    "principle": gettext_lazy("principle"),
    "principles": gettext_lazy("principles"),
    "procedure": gettext_lazy("procedure"),
    "purpose": gettext_lazy("purpose"),
    "scope": gettext_lazy("scope"),
    "source of funds": gettext_lazy("source of funds"),
    "wording of agreements": gettext_lazy("wording of agreements"),
}


def coverage_page(request):
    """The articles of one document, or of all, and of one kind, or of all."""
    packs = {name: shipped_packs()[name] for name in coverage()}
    city, kind = request.GET.get("city", ""), request.GET.get("kind", "")
    city, kind = city if city in packs else "", kind if kind in KINDS else ""
    articles = coverage()
    panels = [
        Panel(
            title=in_language(pack.title),
            columns={
                _("Article"): "text",
                _("What it says"): "text",
                _("Covered"): "text",
                _("By, or why not"): "text",
            },
            rows=[_row(article) for article in articles[name] if kind in ("", article.kind)],
        )
        for name, pack in packs.items()
        if city in ("", name)
    ]
    counted = Counter(article.kind for name in packs if city in ("", name) for article in articles[name])
    return page(
        request,
        "office/coverage.html",
        {
            "title": _("Coverage of the documents"),
            "panels": panels,
            "city": city,
            "kind": kind,
            "cities": [(name, in_language(pack.city.name)) for name, pack in packs.items()],
            "kinds": [(code, label, counted[code]) for code, label in KINDS.items()],
            "total": counted.total(),
        },
    )


def _row(article: Article) -> tuple:
    return (
        article.number,
        in_language(article.text),
        format_html('<span class="state state-{}">{}</span>', COLOURS[article.kind], KINDS[article.kind]),
        "、".join(str(_by(article.kind, name)) for name in article.by),
    )


def _by(kind: str, name: str):
    if kind == "feature":
        return ROOMS[name]
    if kind == "not_computed":
        return REASONS.get(name, name)
    return NAMES[name] if name in NAMES else in_language(GATE_LABELS[name])
