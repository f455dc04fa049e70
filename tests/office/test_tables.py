"""Files as Excel would read them back."""

import io
from decimal import Decimal

import openpyxl

from office import tables
from office.runs import Table


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


def test_csv_opens_in_excel_and_runs_nothing():
    file = io.BytesIO()
    rows = [
        (text, 1, Decimal("-2.50"), Decimal("0.5")) for text in ("=a", "+b", "-c", "@d", "\te", "张三,李四")
    ]
    assert tables.write_csv(a_table(rows), file) == 6
    text = file.getvalue().decode("utf-8-sig")
    assert file.getvalue().startswith(b"\xef\xbb\xbf")
    assert text.splitlines()[1] == "'=a,1,-2.50,50.0000%"
    assert [line[:2] for line in text.splitlines()[1:6]] == ["'=", "'+", "'-", "'@", "'\t"]
    assert text.splitlines()[6] == '"张三,李四",1,-2.50,50.0000%'


def test_a_download_carries_its_chinese_name():
    response = tables.download(a_table([]), "csv")
    assert (
        "filename*=utf-8''%E6%9C%88%E9%A2%84%E6%8B%A8%E8%A1%A8%202023-03.csv"
        in response["Content-Disposition"]
    )
    response.close()
