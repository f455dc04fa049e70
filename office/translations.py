"""The Chinese texts as files: what gettext's .po and .mo hold, and what the sources ask for."""

import ast
import gettext
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
WORD = re.compile("[A-Za-z]{2}")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}|%s")
CHINESE = re.compile("[\u4e00-\u9fff]")
NOT_OURS = (".venv", "tests", "bench", "node_modules")


@dataclass(frozen=True)
class Entry:
    """One entry of a .po file; `texts` has one text, or one for each plural form."""

    context: str | None
    msgid: str
    texts: tuple[str, ...]
    fuzzy: bool

    @property
    def key(self) -> str:
        """As a compiled catalogue names it."""
        return f"{self.context}\x04{self.msgid}" if self.context is not None else self.msgid


def catalogues() -> list[Path]:
    """The .po files of ours, the portal's own first."""
    return [Path(folder) / "zh_Hans" / "LC_MESSAGES" / "django.po" for folder in settings.LOCALE_PATHS]


def entries(po: Path) -> Iterator[Entry]:
    """The entries of a .po file, its header and obsolete ones left out."""
    for block in re.split(r"\n\s*\n", po.read_text(encoding="utf-8")):
        lines = [line for line in block.splitlines() if not line.startswith("#~")]
        fields: dict[str, str] = {}
        current = None
        for line in lines:
            if line.startswith("#"):
                continue
            word, _space, rest = line.partition(" ")
            if word.startswith("msg"):
                current, line = word, rest
                fields[current] = ""
            if current and (quoted := QUOTED.match(line.strip())):
                fields[current] += ast.literal_eval(quoted.group())
        if fields.get("msgid"):
            texts = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
            fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
            yield Entry(fields.get("msgctxt"), fields["msgid"], texts, fuzzy)


def problems_of(po: Path) -> list[str]:
    """What is wrong with a catalogue: texts that are missing, fuzzy or not Chinese, a .mo that differs."""
    found, told = [], {}
    for entry in entries(po):
        if entry.fuzzy:
            found.append(f"fuzzy: {entry.msgid!r}")
        elif not all(entry.texts):
            found.append(f"not translated: {entry.msgid!r}")
        elif WORD.search(PLACEHOLDER.sub("", entry.msgid)) and not any(map(CHINESE.search, entry.texts)):
            found.append(f"not Chinese: {entry.msgid!r}")
        told[entry.key] = entry.texts[0] if entry.texts else ""
    compiled = po.with_suffix(".mo")
    if not compiled.exists():
        return [*found, "the .mo is missing: msgfmt it"]
    with compiled.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog
    # A plural's texts are filed under (msgid, form).
    spoken = {key if isinstance(key, str) else key[0]: text for key, text in catalogue.items() if key}
    if spoken != told:
        found.append("the .mo differs from the .po: msgfmt it")
    return found


def missing_from(po: Path) -> list[str] | None:
    """What the sources ask for and the catalogue does not have; None where gettext is not installed."""
    if shutil.which("xgettext") is None:
        return None
    known = {entry.key for entry in entries(po)}
    return sorted(key for key in asked_for() if key not in known)


def asked_for() -> set[str]:
    """The texts in our sources, extracted as `makemessages` does it, outside the checkout."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "source"
        ignored = shutil.ignore_patterns(*NOT_OURS, "locale", "static", ".git", "*.pyc", "migrations")
        shutil.copytree(settings.BASE_DIR, target, ignore=ignored)
        (target / "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--locale", "zh_Hans", "--no-wrap"]
        tools = {"PATH": str(Path(shutil.which("xgettext")).parent)}
        subprocess.run(command, cwd=target, check=True, capture_output=True, env=tools)
        return {entry.key for entry in entries(target / "locale/zh_Hans/LC_MESSAGES/django.po")}
