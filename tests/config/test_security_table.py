"""The table of what holds names tests that are there."""

import re
from pathlib import Path

from django.conf import settings


def test_every_test_it_names_exists():
    named = set(re.findall(r"`(test_\w+(?:\.py)?)`", (settings.BASE_DIR / "docs/security.md").read_text()))
    files = list(Path(settings.BASE_DIR, "tests").rglob("test_*.py"))
    there = {file.name for file in files}
    for file in files:
        there |= set(re.findall(r"^\s*def (test_\w+)", file.read_text(), re.MULTILINE))
    assert len(named) > 100
    assert named <= there, sorted(named - there)
