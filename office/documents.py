"""Documents on A4: a template under templates/documents/ as a PDF, with page numbers and places for seals.

Drawn by WeasyPrint from the machine's own fonts; nothing is fetched from anywhere.
"""

import io

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import FileResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation

from office.models import City


def pdf_of(template: str, context: dict) -> bytes:
    """The document as a PDF, in the agency's language whatever that of whoever asks."""
    import weasyprint  # looks for Pango as it is imported, which only printing needs

    with translation.override(settings.LANGUAGE_CODE):
        told = {"city": City.objects.get(), "day": timezone.localdate(), **context}
        text = render_to_string(template, told)
    style = weasyprint.CSS(filename=finders.find("office/document.css"), url_fetcher=_nothing)
    return weasyprint.HTML(string=text, url_fetcher=_nothing).write_pdf(stylesheets=[style])


def served_pdf(content: bytes, *, name: str) -> FileResponse:
    """Shown in the browser, and saved under the name."""
    return FileResponse(io.BytesIO(content), filename=f"{name}.pdf", content_type="application/pdf")


def _nothing(url: str, *_arguments, **_options):
    raise ValueError(f"a document fetches nothing: {url}")
