"""What is missing from the Chinese texts is named."""

import shutil

import pytest
from django.core.management import CommandError, call_command

from office import translations

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def catalogue(tmp_path, settings):
    """A catalogue of our own to spoil."""
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(translations.catalogues()[0].with_suffix(".mo"), folder)
    return folder / "django.po"


def test_the_portals_own_texts_are_complete(capsys):
    call_command("check_translations")
    assert "All texts have their Chinese." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "Run"\nmsgstr ""', "not translated: 'Run'"),
        ('#, fuzzy\nmsgid "Run"\nmsgstr "批次"', "fuzzy: 'Run'"),
        ('msgid "Run"\nmsgstr "Run"', "not Chinese: 'Run'"),
        ('msgid "Run"\nmsgstr "批次"', "the .mo differs from the .po: msgfmt it"),
    ],
)
def test_each_fault_of_a_catalogue_is_named(catalogue, entry, problem):
    catalogue.write_text(HEADER + entry + "\n", encoding="utf-8")
    assert problem in translations.problems_of(catalogue)


def test_a_catalogue_without_its_compiled_file_is_a_fault(catalogue):
    catalogue.write_text(HEADER + 'msgid "Run"\nmsgstr "批次"\n', encoding="utf-8")
    catalogue.with_suffix(".mo").unlink()
    assert translations.problems_of(catalogue) == ["the .mo is missing: msgfmt it"]


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs gettext: apt-get install gettext")
def test_a_text_the_sources_ask_for_is_missed(catalogue):
    catalogue.write_text(HEADER + 'msgid "Run"\nmsgstr "批次"\n', encoding="utf-8")
    assert "Policy versions" in translations.missing_from(catalogue)


def test_without_gettext_it_says_what_was_not_checked(monkeypatch, capsys):
    monkeypatch.setattr("office.management.commands.check_translations.missing_from", lambda po: None)
    call_command("check_translations")
    assert "xgettext is not installed" in capsys.readouterr().out


def test_a_missing_text_fails_the_command(monkeypatch):
    monkeypatch.setattr("office.management.commands.check_translations.missing_from", lambda po: ["Oats"])
    with pytest.raises(CommandError, match="Oats"):
        call_command("check_translations")
