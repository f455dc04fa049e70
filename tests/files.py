"""Files as clerks bring them, and what the import says of them."""

import io
from pathlib import Path

import xlsxwriter
from django.utils import translation
from openpyxl import load_workbook

from office import imports, returned
from office.layouts import layout
from office.models import ImportFile, ImportState, Origin, Outcome
from tests.population import identity_card

PERSON = identity_card(1)


def enrolment(**values: str) -> dict[str, str]:
    """A faultless row of an enrolment file, but for what is given."""
    return {
        "证件号码": PERSON,
        "姓名": "张三",
        "险种": "310",
        "参保身份": "在职",
        "月缴费基数": "5000.00",
        "生效年月": "2023-01",
        "区县代码": "441602",
    } | values


def workbook(rows: list[dict], *, header: list[str] | None = None) -> bytes:
    """An .xlsx with the headers of all rows; strings become text cells, numbers and dates what they are."""
    header = header or list(dict.fromkeys(name for row in rows for name in row))
    content = io.BytesIO()
    with xlsxwriter.Workbook(
        content, {"in_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header)
        for line, row in enumerate(rows, start=1):
            for place, name in enumerate(header):
                value = row.get(name, "")
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                else:
                    sheet.write(line, place, value)
    return content.getvalue()


def csv(rows: list[dict], *, encoding: str = "utf-8") -> bytes:
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = [header, *([row.get(name, "") for name in header] for row in rows)]
    return "\n".join(",".join(line) for line in lines).encode(encoding)


def checked(
    content: bytes | list[dict], *, name: str = "名单.xlsx", kind: str = "enrolments", **options
) -> ImportFile:
    if isinstance(content, list):
        content = workbook(content)
    uploaded = imports.upload(
        layout=kind, name=name, content=[content], by=None, origin=Origin.PAGE, **options
    )
    return imports.check(uploaded)


def applied(content: bytes | list[dict], **options) -> ImportFile:
    """The import after it was applied, with nothing rejected."""
    file = checked(content, **options)
    assert file.state == ImportState.CHECKED, file.error
    assert problems(file) == []
    return imports.apply(file, by=None)


def problems(file: ImportFile) -> list[tuple[int, str, str]]:
    """Row, column and message of everything that is wrong, in English."""
    with translation.override("en"):
        rows = returned.rows(file, outcome=Outcome.REJECTED)
    return [(found.row, found.header, found.message) for row in rows for found in row.problems]


def notices(file: ImportFile) -> list[tuple[int, str, str]]:
    with translation.override("en"):
        return [(n.row, n.header, n.message) for row in returned.noticed_rows(file) for n in row.notices]


def refusal(file: ImportFile) -> str:
    assert file.state == ImportState.REFUSED
    with translation.override("en"):
        return file.error


def counts(file: ImportFile) -> dict[str, int]:
    """Rows by outcome, where there are any."""
    return {name: file.counts[name] for name in Outcome.values if file.counts[name]}


def returned_cells(file: ImportFile) -> list[list]:
    content = io.BytesIO()
    returned.write_returned_workbook(file, content)
    return cells_of(content)


def cells_of(source: io.BytesIO | Path) -> list[list]:
    return [[cell.value for cell in row] for row in load_workbook(source).active]


def headers_of(kind: str) -> list[str]:
    return [column.header for column in layout(kind).columns]
