"""Help inside the portal: a page for each task, kept as Markdown in `office/help/<language>/`.

A page opens with its title, who the task is for, and the places (names of pages) whose question mark leads
to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt

PAGES = Path(__file__).parent / "help"
GLOSSARY = settings.BASE_DIR / "docs" / "glossary.md"
# After the name of its record's kind, what the admin calls its own pages.
ADMIN_PAGES = ("_changelist", "_change", "_add")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The page it is taken of, and as whom of the demo."""

    path: str
    sign_in: str


@dataclass(frozen=True, kw_only=True)
class HelpPage:
    name: str
    title: str
    who: str
    places: Sequence[str]
    picture: Picture | None
    text: str

    @property
    def html(self) -> SafeString:
        return _rendered(self.text)


def language_of_help() -> str:
    return "zh-hans" if (get_language() or "").startswith("zh") else "en"


@cache
def pages(language: str) -> dict[str, HelpPage]:
    """All pages of a language by name, in the order of the files."""
    return {page.name: page for page in map(_read, sorted((PAGES / language).glob("*.md")))}


def page_of(place: str) -> HelpPage | None:
    """The page for whoever stands at this place (the name of its URL)."""
    return _by_place(language_of_help()).get(_kind_of(place))


@dataclass(frozen=True, kw_only=True)
class Term:
    """A row of the glossary, as the reader's language has it."""

    name: str
    other: str
    field: SafeString
    meaning: SafeString


@cache
def glossary(language: str) -> list[Term]:
    """One term for each thing, in the order of the file."""
    terms = []
    for row in GLOSSARY.read_text(encoding="utf-8").split("|---|\n", 1)[1].splitlines():
        english, chinese, field, meaning, meant = (cell.strip() for cell in row.strip("|").split("|"))
        names, said = (chinese, english), (meant, meaning)
        if language == "en":
            names, said = names[::-1], said[::-1]
        terms.append(Term(name=names[0], other=names[1], field=_inline(field), meaning=_inline(said[0])))
    return terms


def _inline(text: str) -> SafeString:
    return mark_safe(MarkdownIt("commonmark", {"html": False}).renderInline(text))


@cache
def _by_place(language: str) -> dict[str, HelpPage]:
    return {place: page for page in pages(language).values() for place in page.places}


def _kind_of(place: str) -> str:
    for ending in ADMIN_PAGES:
        if place.endswith(ending):
            return place.removesuffix(ending)
    return place


def _read(path: Path) -> HelpPage:
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    said = yaml.safe_load(head)
    picture = said.get("picture")
    return HelpPage(
        name=path.stem.split("-", 1)[1],
        title=said["title"],
        who=said["who"],
        places=tuple(said.get("places", ())),
        picture=Picture(path=picture["path"], sign_in=picture["as"]) if picture else None,
        text=text,
    )


@cache
def _rendered(text: str) -> SafeString:
    """The pages are the project's own; what HTML stands in them is shown as text all the same."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return mark_safe(markdown.render(text))


def picture_of(page: HelpPage, *, language: str) -> str:
    return static(f"office/help/{language}/{page.name}.webp") if page.picture else ""
