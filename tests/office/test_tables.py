"""Files as Excel would read them back."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest

from office import tables
from office.kinds import Table

STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def a_table(rows):
    columns = {"姓名": "text", "人数": "integer", "金额": "money", "使用率": "percent"}
    return Table(title="月预拨表 2023-03", columns=columns, rows=iter(rows))


def workbook(rows):
    file = io.BytesIO()
    count = tables.write_xlsx(a_table(rows), file)
    return count, openpyxl.load_workbook(io.BytesIO(file.getvalue()))


def test_a_workbook_has_typed_cells_and_no_formulas():
    count, book = workbook(
        [("=1+1", 3, Decimal("1234.50"), Decimal("0.8123")), ("000123", 0, Decimal("0.10"), None)]
    )
    head, first, second = book.active.iter_rows()
    assert count == 2
    assert [cell.value for cell in head] == ["姓名", "人数", "金额", "使用率"]
    assert [(cell.value, cell.data_type) for cell in first] == [
        ("=1+1", "s"),
        (3, "n"),
        (1234.5, "n"),
        (0.8123, "n"),
    ]
    assert [cell.number_format for cell in first][1:] == ["#,##0", "#,##0.00", "0.0000%"]
    assert [cell.value for cell in second] == ["000123", 0, 0.1, None]


def test_an_empty_table_is_a_sheet_with_headers():
    count, book = workbook([])
    assert (count, book.active.max_row) == (0, 1)


def test_rows_beyond_a_sheet_go_on_to_the_next(monkeypatch):
    monkeypatch.setattr(tables, "SHEET_ROWS", 3)
    count, book = workbook([(str(number), number, 0, 0) for number in range(5)])
    assert count == 5
    assert [[row[0].value for row in sheet.iter_rows(min_row=2)] for sheet in book] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]


def written_as_csv(table):
    file = io.BytesIO()
    tables.write_csv(table, file)
    assert file.getvalue().startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))


def test_csv_opens_in_excel_and_runs_nothing():
    texts = [f"{start}cmd|' /C calc'!A0" for start in STARTS]
    lines = written_as_csv(a_table([(text, 1, Decimal("-2.50"), Decimal("0.5")) for text in texts]))
    assert [line[0] for line in lines[1:]] == [f"'{text}" for text in texts]
    assert {tuple(line[1:]) for line in lines[1:]} == {("1", "-2.50", "50.0000%")}
    assert written_as_csv(a_table([("张三,李四", 1, 0, 0)]))[1][0] == "张三,李四"


def test_headers_run_nothing_either():
    table = Table(title="t", columns={"=1+1": "text", "金额": "money"}, rows=[])
    assert written_as_csv(table) == [["'=1+1", "金额"]]
    file = io.BytesIO()
    tables.write_xlsx(table, file)
    cell = openpyxl.load_workbook(io.BytesIO(file.getvalue())).active["A1"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


@pytest.mark.parametrize("start", STARTS)
def test_text_of_a_workbook_is_text_however_it_begins(start):
    _count, book = workbook([(f"{start}1+1", -3, Decimal("-2.50"), None)])
    text, number, money, _empty = next(book.active.iter_rows(min_row=2))
    assert text.data_type == "s"
    assert (number.value, money.value, money.data_type) == (-3, -2.5, "n")


def test_a_download_carries_its_chinese_name(db):
    response = tables.download(a_table([]), "csv")
    assert (
        "filename*=utf-8''%E6%9C%88%E9%A2%84%E6%8B%A8%E8%A1%A8%202023-03.csv"
        in response["Content-Disposition"]
    )
    response.close()
