"""The icon font, cut to the icons in use: a first visit may load 150 KB in all, the whole font is 290."""

import re
from collections.abc import Iterator
from pathlib import Path

import unfold
from django.conf import settings
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

UNFOLD = Path(unfold.__file__).parent
FONT = Path("unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2")
WHOLE = UNFOLD / "static" / FONT
CUT = settings.BASE_DIR / "office" / "static" / FONT
# Where an icon is named: in its element, perhaps among others, as `icon=…`, in the sidebar, in styles.
DRAWN = re.compile(r"material-symbols-outlined[^>]*>([^<]*)</")
TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}")
NAMED = re.compile(
    r"(?:\b|_)icon\"?\s*[:=]\s*\"([a-z0-9_]+)\"|\b(?:entry|page)\(_\(\"[^\"]+\"\),\s*\"([a-z0-9_]+)\""
    r"|\bcontent:\s*\"([a-z0-9_]+)\""
)


def icons_in_use() -> set[str]:
    """Every icon named in the portal's sources and in the admin theme's."""
    rooms = [path for path in settings.BASE_DIR.iterdir() if path.is_dir() and not path.name.startswith(".")]
    sources = [
        path for room in [*rooms, UNFOLD] for kind in ("*.html", "*.py", "*.css") for path in room.rglob(kind)
    ]
    return {name for path in sources for name in _named_in(path.read_text("utf-8"))}


def _named_in(source: str) -> Iterator[str]:
    for body in DRAWN.findall(source):
        yield from re.findall(r"[a-z0-9_]+", TEMPLATE_TAG.sub(" ", body))
    for found in NAMED.findall(source):
        yield from filter(None, found)


def icons_of(font: TTFont) -> dict[str, str]:
    """The icons of a font by name: each is drawn for the letters of its name, as their ligature."""
    letters = {glyph: chr(code).lower() for code, glyph in font.getBestCmap().items()}
    return {
        "".join(letters[glyph] for glyph in (first, *ligature.Component)): ligature.LigGlyph
        for table in _ligature_tables(font)
        for first, found in table.ligatures.items()
        for ligature in found
    }


def cut(names: set[str]) -> set[str]:
    """Writes the font with these icons only; the names that the whole font does not know are returned."""
    font = TTFont(WHOLE)
    known = icons_of(font)
    wanted = {known[name] for name in names & known.keys()}
    for table in _ligature_tables(font):
        for found in table.ligatures.values():
            found[:] = [ligature for ligature in found if ligature.LigGlyph in wanted]
    subsetter = Subsetter(Options(layout_features=["*"], flavor="woff2"))
    subsetter.populate(text="".join(names))
    subsetter.subset(font)
    font.flavor = "woff2"
    CUT.parent.mkdir(parents=True, exist_ok=True)
    font.save(CUT)
    return names - known.keys()


def _ligature_tables(font: TTFont) -> list:
    tables = [table for lookup in font["GSUB"].table.LookupList.Lookup for table in lookup.SubTable]
    tables = [getattr(table, "ExtSubTable", table) for table in tables]
    return [table for table in tables if hasattr(table, "ligatures")]
