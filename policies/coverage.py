"""What became of every article of the documents: computed, supported by a feature, or not computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from policies.values import Text
from policies.yamltext import read_yaml

FILE = Path(__file__).with_name("coverage.yaml")
KINDS = ("computed", "feature", "not_computed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article: ``by`` names its values and gates (computed), its room (feature) or the reason why not."""

    number: str
    kind: str
    by: tuple[str, ...]
    text: Text


@cache
def coverage() -> dict[str, tuple[Article, ...]]:
    """Every article of every shipped pack's document, in the order of the document."""
    found = read_yaml(FILE.read_text(encoding="utf-8"))
    return {
        pack: tuple(_article(number, entry) for number, entry in articles.items())
        for pack, articles in found.items()
    }


def _article(number: str, entry: dict) -> Article:
    [kind] = [kind for kind in KINDS if kind in entry]
    by = entry[kind]
    return Article(
        number=number,
        kind=kind,
        by=tuple(by) if isinstance(by, list) else (by,),
        text=Text(zh=entry["zh"], en=entry["en"]),
    )
