"""Whatever a clerk may upload: what is no table is refused by name, and what is one is read exactly."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook

from insured.models import Person
from office.layouts import layout
from office.models import ImportFile, ImportRow
from office.returned import write_returned_workbook
from office.staging import rows_as_sent
from tests.files import PERSON, checked, csv, enrolment, headers_of, notices, problems, refusal, workbook
from tests.population import identity_card

pytestmark = pytest.mark.django_db


def package(content: bytes, **parts: bytes) -> bytes:
    """A workbook with some of its parts replaced or added."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return result.getvalue()


GOOD = workbook([enrolment()])
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def test_a_text_is_no_workbook_by_its_name():
    assert "not an Excel workbook: open the table" in refusal(
        checked("张三的名单\n".encode(), name="名单.xlsx")
    )
    assert "The first row must hold" in refusal(checked("张三的名单\n".encode(), name="名单.csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (workbook([], header=["姓名"]), "Missing: 证件号码"),
        (workbook([], header=headers_of("enrolments")), "The file has headers but no rows."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old or binary Excel format (.xls, .xlsb)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (package(GOOD, **{"xl/vbaProject.bin": b"x"}), "contains macros (.xlsm)"),
        (package(GOOD, **{"xl/workbook.bin": b"x"}), "old or binary Excel format (.xls, .xlsb)"),
        (b"MZ\x90\x00" + bytes(300), "This is a program, not a table"),
        (b"\x7fELF" + bytes(300), "This is a program, not a table"),
        (b"%PDF-1.7\n", "neither an Excel workbook (.xlsx) nor a text table (.csv)"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "neither an Excel workbook (.xlsx)"),
        (b"<!DOCTYPE html><html></html>", "neither an Excel workbook (.xlsx)"),
        (ENTITY, "declares XML document types or entities"),
        (package(GOOD, **{"xl/sharedStrings.xml": ENTITY}), "declares XML document types or entities"),
        (package(GOOD, **{"xl/worksheets/sheet1.xml": ENTITY}), "declares XML document types or entities"),
        (b"PK\x03\x04" + bytes(100), "damaged and cannot be read"),
        (GOOD[: len(GOOD) // 2], "damaged and cannot be read"),
        (package(GOOD, **{"xl/workbook.xml": b"<workbook"}), "damaged and cannot be read"),
        (b"\x00\x01\x02\x03 nothing", "neither an Excel workbook (.xlsx) nor a text table (.csv)"),
        (b"\xff\xfe\xfa\xfb\xfc,\xff\xff\xff", "neither UTF-8 nor GBK"),
    ],
)
@pytest.mark.parametrize("name", ["名单.xlsx", "名单.csv"])
def test_what_is_no_table_is_refused_whatever_its_name(content, message, name):
    file = checked(content, name=name)
    assert message in refusal(file)
    assert not ImportRow.objects.exists()
    assert not Person.objects.exists()


def test_a_bomb_is_measured_while_it_unpacks(settings):
    settings.IMPORT_MAX_UNPACKED_BYTES = 20 * 1024 * 1024
    bomb = package(GOOD, **{"xl/media/image1.bin": bytes(30 * 1024 * 1024)})
    assert len(bomb) < 100_000
    assert refusal(checked(bomb)) == "The file unpacks to more than 20 MB."


def test_a_bomb_that_lies_about_its_size_is_measured_too(settings):
    settings.IMPORT_MAX_UNPACKED_BYTES = 20 * 1024 * 1024
    bomb = package(GOOD, **{"xl/media/image1.bin": bytes(30 * 1024 * 1024)})
    honest, lie = (30 * 1024 * 1024).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert "cannot be read" in refusal(checked(bomb.replace(honest, lie)))


def test_a_file_above_the_limit_is_not_kept(settings):
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    before = list(Path(settings.MEDIA_ROOT).glob("*"))
    file = checked(bytes(2 * 1024 * 1024))
    assert refusal(file) == "The file is larger than 1 MB."
    assert list(Path(settings.MEDIA_ROOT).glob("*")) == before


def test_too_many_rows_or_columns(settings):
    settings.IMPORT_MAX_ROWS = 2
    assert refusal(checked([enrolment()] * 3)) == "The file has more than 2 rows: split it."
    wide = enrolment() | {f"备注{number}": "x" for number in range(300)}
    assert refusal(checked([wide])) == "The file has more than 200 columns."


def test_a_stray_cell_far_away_ends_the_reader_not_the_portal():
    book = Workbook()
    book.active.append(list(enrolment()))
    book.active.append(list(enrolment().values()))
    book.active["XFD1048576"] = "x"
    content = io.BytesIO()
    book.save(content)
    assert "too much memory or time" in refusal(checked(content.getvalue()))


def test_missing_headers_are_named_with_what_was_found_and_expected():
    row = enrolment()
    del row["证件号码"], row["险种"]
    message = refusal(checked([row | {"备注": "x"}]))
    assert "Missing: 证件号码、险种." in message
    assert "Found: 姓名、参保身份、月缴费基数、生效年月、区县代码、备注." in message
    assert "Expected: 证件类型、证件号码*、姓名*、人员编号、险种*" in message


def test_the_same_header_twice_is_refused():
    header = [*enrolment(), "姓名"]
    assert "same header: 姓名" in refusal(checked(workbook([enrolment()], header=header)))


def test_required_headers_may_carry_their_star():
    starred = {name + "*": value for name, value in enrolment().items()}
    assert problems(checked([starred])) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_text_tables_are_read_in_their_encodings(encoding):
    file = checked(csv([enrolment()], encoding=encoding), name="名单.csv")
    assert problems(file) == []
    assert ImportRow.objects.get(import_file=file).cells[1] == "张三"


def as_sent(file: ImportFile) -> dict[str, str]:
    """The cells of the only row, by header."""
    number = ImportRow.objects.get(import_file=file).number
    with rows_as_sent(file, layout=layout(file.layout), numbers=[number]) as (_sheet, _titles, rows):
        [cells] = rows
    return dict(zip(file.header, cells, strict=True))


def test_tabs_quotes_and_line_breaks_of_text_tables():
    content = '证件号码\t姓名\t备注\n1\t"张\n三"\t"他说""好"""\n'.encode()
    file = checked(content, name="名单.csv", kind="enrolments")
    assert "Missing: 险种" in refusal(file)
    rows = csv([enrolment(备注='"a""b\\{},\nc"')])
    file = checked(rows, name="名单.csv")
    assert as_sent(file)["备注"] == 'a"b\\{},\nc'


def test_cells_become_text_exactly():
    day = date(2023, 3, 1)
    file = checked(
        [
            enrolment(
                手机号码=13800000000,
                月缴费基数=0.1 + 0.2,
                生效年月=day,
                备注=True,
                金额=1234.5,
                日期=date(2023, 3, 1),
            )
        ]
    )
    cells = as_sent(file)
    assert problems(file) == []
    assert cells["手机号码"] == "13800000000"
    assert cells["月缴费基数"] == "0.3"
    assert cells["生效年月"] == "2023-03"
    assert (cells["备注"], cells["金额"], cells["日期"]) == ("TRUE", "1234.5", "2023-03-01")


def test_rows_keep_their_excel_numbers_and_empty_ones_are_ignored():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(2, 1, list(enrolment()))
        sheet.write_row(5, 1, list(enrolment(姓名="").values()))
        for line in range(20, 2000):
            sheet.write_blank(line, 1, None, book.add_format({"bold": True}))
    file = checked(content.getvalue())
    assert problems(file) == [(6, "姓名", "is required but empty")]
    assert file.counts["rows"] == 1


def test_excel_errors_are_seen_although_they_read_as_empty():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(enrolment()))
        sheet.write_row(1, 0, list(enrolment().values()))
        sheet.write_formula(1, list(enrolment()).index("月缴费基数"), "=NA()", None, "#N/A")
    assert problems(checked(content.getvalue())) == [(2, "月缴费基数", "holds the Excel error #N/A")]


def test_an_identity_number_as_a_number_has_lost_its_digits():
    message = (
        "is a number cell, so Excel has lost its last digits: format the column as text and enter it again"
    )
    assert problems(checked([enrolment(证件号码=int(PERSON))])) == [(2, "证件号码", message)]
    text = csv([enrolment(证件号码="4.41602E+17")])
    assert problems(checked(text, name="名单.csv")) == [(2, "证件号码", message)]


def test_files_are_kept_under_random_names(settings):
    file = checked([enrolment()], name="../../etc/名单.xlsx")
    assert file.name == "名单.xlsx"
    assert (Path(settings.MEDIA_ROOT) / file.stored_as).exists()
    assert ImportFile.objects.count() == 1


def sheet_of(write) -> bytes:
    """A workbook whose only sheet 参保 is filled by `write`."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        write(book.add_worksheet("参保"), book)
    return content.getvalue()


def test_titles_second_and_merged_headers_are_pointed_at():
    names, values = list(enrolment()), list(enrolment().values())

    def titled(sheet, book):
        sheet.merge_range(0, 0, 0, 6, "2023年参保登记表")
        sheet.write_row(1, 0, names)
        sheet.write_row(2, 0, values)

    def merged(sheet, book):
        sheet.write_row(0, 0, names)
        sheet.merge_range(0, len(names), 0, len(names) + 1, "备注")
        sheet.write_row(1, 0, values)

    def two_rows(sheet, book):
        sheet.write_row(0, 0, names)
        sheet.write_row(
            1, 0, ["psn_cert_no", "psn_name", "insutype", "psn_type", "clct_base", "begn", "admdvs"]
        )
        sheet.write_row(2, 0, values)

    assert refusal(checked(sheet_of(titled))) == (
        "The headers stand in row 2: delete the rows above it, so that they are the first row."
    )
    assert refusal(checked(sheet_of(merged))) == (
        "Headers are merged (H1:I1): unmerge them, so that each column has a header of its own."
    )
    file = checked(sheet_of(two_rows))
    assert {row for row, _header, _message in problems(file)} == {2}
    assert file.counts["new"] == 1
    assert not Person.objects.exists()


def test_hidden_rows_and_formulas_are_read_and_said_so():
    names = list(enrolment())

    def write(sheet, book):
        sheet.write_row(0, 0, names)
        for line in (1, 2):
            sheet.write_row(line, 0, list(enrolment(证件号码=identity_card(line)).values()))
        sheet.write_formula(1, names.index("月缴费基数"), "=4000+1000", None, 5000)
        sheet.set_row(2, None, None, {"hidden": True})

    file = checked(sheet_of(write))
    assert file.counts["new"] == 2
    assert notices(file) == [
        (2, "月缴费基数", "is a formula: its value “5000” was taken"),
        (3, "Row", "is hidden in the workbook, and was read like the others"),
    ]


def test_a_formula_that_nobody_has_worked_out_is_no_empty_cell():
    names = list(enrolment())

    def write(sheet, book):
        sheet.write_row(0, 0, names)
        sheet.write_row(1, 0, list(enrolment().values()))
        sheet.write_formula(1, names.index("月缴费基数"), "=4000+1000", None, "")

    message = "is a formula without a result: write the value itself"
    assert problems(checked(sheet_of(write))) == [(2, "月缴费基数", message)]


def test_a_hundred_thousand_empty_rows_at_the_end_are_nothing():
    def write(sheet, book):
        form = book.add_format({"num_format": "@"})
        sheet.write_row(0, 0, list(enrolment()))
        sheet.write_row(1, 0, list(enrolment(姓名="").values()))
        for line in range(2, 100_002):
            sheet.write_blank(line, 0, None, form)

    file = checked(sheet_of(write))
    assert (file.counts["rows"], problems(file)) == (1, [(2, "姓名", "is required but empty")])


def test_the_returned_workbook_has_the_clerks_sheet_headers_and_columns():
    starred = [
        "证件号码*",
        "姓名*",
        "险种*",
        "参保身份*",
        "月缴费基数",
        "生效年月*",
        "区县代码*",
        "备注 （内部）",
    ]

    def write(sheet, book):
        sheet.write_row(0, 0, starred)
        sheet.write_row(3, 0, [*enrolment(月缴费基数="x", 生效年月="2023-13").values(), "  留着 "])

    content = io.BytesIO()
    write_returned_workbook(checked(sheet_of(write)), content)
    book = load_workbook(content)
    assert book.sheetnames == ["参保"]
    header, row = book.active.iter_rows()
    assert [cell.value for cell in header] == [*starred, "退回原因"]
    assert (row[7].value, row[0].data_type, row[0].number_format) == ("  留着 ", "s", "@")
    assert [cell.column for cell in row if cell.fill.fill_type == "solid"] == [5, 6]
    assert row[8].value.startswith("第4行")
    assert "月缴费基数" in row[8].value and "生效年月" in row[8].value
