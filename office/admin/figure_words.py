"""Figures of a pack in words: with their unit, and marked where the document leaves them out."""

from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from office.admin.rule_words import UNITS, WORDS
from policies.values import Entry, Text


def in_language(text: Text) -> str:
    """A text of the rules in the reader's language."""
    return text.zh if get_language().startswith("zh") else text.en


def stretch(start, end) -> str:
    """The days an entry holds for."""
    return f"{start} – {end or _('open')}"


def in_words(entry: Entry | None, unit: str):
    """The figure in words; one the document leaves out is marked as missing."""
    if entry is None:
        return ""
    if entry.figure is None:
        kind, label = ("missing", _("missing")) if entry.required else ("open", _("not given, not needed"))
        return format_html('<span class="state state-{}">{}</span>', kind, label)
    return _told(entry.figure, UNITS.get(unit, ""))


def _told(given, unit) -> str:
    match given:
        case bool():
            return str(_("yes") if given else _("no"))
        case {"from": score, "share": share}:
            return _("from %(score)s points %(share)s %%") % {"score": score, "share": share}
        case dict():
            rows = ((WORDS.get(str(key), key), _told(value, unit)) for key, value in given.items())
            return format_html(
                '<span class="figures">{}</span>',
                format_html_join("", "<span><em>{}</em> {}</span>", rows),
            )
        case list():
            return "、".join(_told(item, unit) for item in given)
        case str():
            return str(WORDS.get(given, given))
    return f"{given} {unit}".strip()
