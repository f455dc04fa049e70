"""Lists and forms load the scripts something on them needs; Django and Unfold ask for more on each."""

from django.contrib.admin.helpers import AdminForm
from django.forms import Media, Script

# For fields filled from others, and for windows that pop up: no record here has any.
UNUSED = ("urlify.js", "prepopulate.js", "xregexp.js", "xregexp.min.js", "RelatedObjectLookups.js")
# Only completions are written for jQuery.
COMPLETIONS = ("/jquery", "select2", "admin/js/autocomplete.js")


def lighter_list(media: Media) -> Media:
    """What a list needs; the completions of its filters only when they are opened (`filters.js`)."""
    needed, completions = _parted(media)
    return _made(media, [*needed, *(Script(script, type="text/later") for script in completions)])


def lighter_form(media: Media, *, form: AdminForm) -> Media:
    """What a form needs: completions only where one of the fields that may be written in is such a one."""
    needed, completions = _parted(media)
    needed = [script for script in needed if not script.endswith("admin/js/actions.js")]
    written = [field for name, field in form.fields.items() if name not in form.readonly_fields]
    completing = any("select2" in str(field.widget.media) for field in written)
    return _made(media, [*needed, *(completions if completing else [])])


def _parted(media: Media) -> tuple[list[str], list[str]]:
    """The scripts without those nothing needs, each once, and those of completions."""
    scripts = dict.fromkeys(map(_small, media._js))
    scripts = [script for script in scripts if not script.endswith(UNUSED)]
    completions = [script for script in scripts if any(part in script for part in COMPLETIONS)]
    return [script for script in scripts if script not in completions], completions


def _made(media: Media, scripts: list) -> Media:
    css = {medium: list(dict.fromkeys(map(_small, sheets))) for medium, sheets in media._css.items()}
    return Media(css=css, js=scripts)


def _small(file: str) -> str:
    """Unfold asks for Select2 as it is written, Django for it made small, and two of it do not agree."""
    return file.replace("select2.full.js", "select2.full.min.js").replace("select2.css", "select2.min.css")
