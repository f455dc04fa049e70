"""Documents on A4: a paper, entered into the register and drawn as a PDF; many as one file or a .zip.

Drawn by WeasyPrint from the machine's own fonts; nothing is fetched from anywhere. Of many those drawn
together share their fonts, and pypdf joins what was drawn, so that few lie in memory as pages.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from itertools import islice
from typing import BinaryIO

import pypdf
import segno
from django.contrib.staticfiles import finders
from django.db.models import Model
from django.http import FileResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from office.kinds import Table
from office.models import City, Document, Staff
from office.papers import Paper, PaperKind
from office.templatetags.figures import cell, whole, yuan

TOGETHER = 100


def issue(record: Model, kind: PaperKind, *, part: str = "", county: int | None, by: Staff):
    """The paper of a record as it is now, and its new entry in the register; raises ValidationError."""
    paper = kind.paper(record, part)
    document = Document.objects.create(
        kind=kind.name,
        subject=record._meta.label_lower,
        record=record.pk,
        part=part,
        title=paper.title,
        number=paper.number,
        amount=paper.amount,
        digest=paper.digest,
        language=get_language(),
        county_id=county,
        by=by,
    )
    return paper, document


def pdf_of(paper: Paper, document: Document) -> bytes:
    return _drawn(paper, document, City.objects.get()).write_pdf()


def served_pdf(content: bytes, *, document: Document) -> FileResponse:
    """Shown in the browser, and saved under the document's name."""
    return FileResponse(io.BytesIO(content), filename=f"{document}.pdf", content_type="application/pdf")


def write_pdf(issued: Iterable[tuple[Paper, Document]], file: BinaryIO) -> int:
    """All papers in one file; how many."""
    city, count, issued = City.objects.get(), 0, iter(issued)
    with pypdf.PdfWriter() as writer:
        while some := [_drawn(*each, city) for each in islice(issued, TOGETHER)]:
            pages = [page for drawn in some for page in drawn.pages]
            writer.append(io.BytesIO(some[0].copy(pages).write_pdf()), import_outline=False)
            count += len(some)
        writer.write(file)
    return count


def write_zip(issued: Iterable[tuple[Paper, Document]], file: BinaryIO) -> int:
    """A file for each paper; how many."""
    city, count = City.objects.get(), 0
    with zipfile.ZipFile(file, "w") as archive:
        for count, (paper, document) in enumerate(issued, start=1):
            name = f"{count:05} {document}.pdf".replace("/", "-")
            archive.writestr(name, _drawn(paper, document, city).write_pdf())
    return count


WRITERS = {"pdf": write_pdf, "zip": write_zip}


def _drawn(paper: Paper, document: Document, city: City):
    import weasyprint  # looks for Pango as it is imported, which only printing needs

    context = {
        "paper": paper,
        "document": document,
        "agency": gettext("Medical insurance agency of %(city)s") % {"city": _name_of(city)},
        "amount": yuan(abs(paper.amount or 0)),
        "code": mark_safe(segno.make(document.code, micro=False).svg_inline(border=0, omitsize=True)),
        "fact_rows": _fact_rows(paper),
        "tables": [
            (table.title, list(table.columns.items()), [list(_cells(table, row)) for row in table.rows])
            for table in paper.tables
        ],
        "language": get_language(),
        "pages": gettext("Page {page} of {pages}")
        .replace("{page}", '" counter(page) "')
        .replace("{pages}", '" counter(pages) "'),
    }
    text = render_to_string("documents/paper.html", context)
    return weasyprint.HTML(string=text, url_fetcher=_nothing).render(stylesheets=[_style()])


@cache
def _style():
    import weasyprint

    return weasyprint.CSS(filename=finders.find("office/document.css"), url_fetcher=_nothing)


def _name_of(city: City) -> str:
    return city.name if get_language().startswith("zh") else city.name_en


def _fact_rows(paper: Paper) -> list[list[tuple]]:
    """Facts two to a line, each with its label, its text, its class and how many columns it takes."""
    rows: list[list[tuple]] = []
    for label, value in paper.facts.items():
        wide = label in paper.wide
        fact = (label, _text(value), _class(value), 3 if wide else 1)
        if wide or not rows or len(rows[-1]) == 2 or rows[-1][0][3] == 3:
            rows.append([fact])
        else:
            rows[-1].append(fact)
    for row in rows:
        if len(row) == 1:
            row[0] = (*row[0][:3], 3)
    return rows


def _cells(table: Table, row: tuple) -> Iterator[tuple[str, str]]:
    for kind, value in zip(table.columns.values(), row, strict=True):
        yield (_text(value) if kind == "text" else cell(value, kind)), kind


def _text(value) -> str:
    if isinstance(value, Enum):
        return value.label
    if isinstance(value, Decimal):
        return yuan(value)
    if isinstance(value, int):
        return whole(value)
    if isinstance(value, datetime):
        return localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if value not in (None, "") else "–"


def _class(value) -> str:
    return "money" if isinstance(value, Decimal) else ""


def _nothing(url: str, *_arguments, **_options):
    raise ValueError(f"a document fetches nothing: {url}")
