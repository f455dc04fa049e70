"""Reads a clerk's file in a process of its own, told what to do by one JSON line on stdin.

A file from outside may be anything, so this process holds no connection, no settings and no secrets, imports
nothing of the portal, and the kernel limits its memory and time. What it says:

    stdout  the header as one JSON line, then the rows
    stderr  when the file is refused: one JSON line with the fault and its values

A row to be staged is its apart cells between U+001F, a tab, and text for `COPY … FROM STDIN`: row number in
Excel, cells, places of numbers too long for Excel, places cleaned (0 is a hidden row, -3 a formula in the
third place). Apart are the cells that no table may hold: the portal, which has the keys, protects them.
Cells of columns that nobody asked for stay empty. Asked for rows by their numbers it gives the name of the
sheet and the headers as they are, and all cells of the rows, as JSON.
"""

import codecs
import csv
import itertools
import json
import os
import re
import resource
import sys
import zipfile
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from multiprocessing.pool import ThreadPool

from python_calamine import CalamineError, load_workbook

EXCEL_DIGITS = 10**15
HEADERS_WITHIN = 10
BLOCK = 1 << 20

INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
SPACES = "\u00a0\u2002\u2003\u2009\u202f\u3000"
UNSEEN = dict.fromkeys(map(ord, INVISIBLE)) | dict.fromkeys(map(ord, SPACES), " ")
WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | UNSEEN
CONTROL = dict.fromkeys(range(32), " ")
PROSE_TO_CLEAN = re.compile(f"^ | $|[\x00-\x1f{INVISIBLE}{SPACES}]").search
TOKEN_TO_CLEAN = re.compile(f"[\x00-\x20{INVISIBLE}{SPACES}\uff01-\uff5e]").search
SPECIAL = re.compile(r'[\\"\x00-\x1f]')
NOT_PLAIN = re.compile(f'[\\\\"\x00-\x20{INVISIBLE}{SPACES}\uff01-\uff5e]').search
ESCAPES = {"\\": r"\\\\", '"': r'\\"', "\n": r"\n", "\r": r"\r", "\t": r"\t", "\0": ""}

NOT_OURS = [
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#!", "program"),
    (b"%PDF", "not_a_table"),
    (b"\x89PNG", "not_a_table"),
    (b"\xff\xd8\xff", "not_a_table"),
    (b"Rar!", "not_a_table"),
    (b"7z\xbc\xaf", "not_a_table"),
]


class Refused(Exception):
    def __init__(self, fault, **values):
        super().__init__(fault)
        self.fault, self.values = fault, values


def main():
    order = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_AS, (order["max_memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (order["max_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read(order)
    except Refused as refused:
        end(refused.fault, **refused.values)
    except MemoryError:
        end("too_much_memory")
    except (CalamineError, zipfile.BadZipFile, csv.Error) as error:
        end("damaged", detail=str(error)[:200])
    except (EOFError, KeyError, ValueError) as error:  # their texts may quote a cell
        end("damaged", detail=type(error).__name__)


def end(fault, **values):
    """Say why the file is refused, and be gone: calamine may still be reading what is refused."""
    sys.stderr.write(json.dumps({"fault": fault, "values": values}))
    sys.stderr.flush()
    os._exit(1)


def read(order):
    rows = numbered_rows(order)
    head_row, titles = first_titles(rows)
    header = list(map(clean_header, titles))
    while not header[-1]:
        header.pop()
    if len(header) > order["max_columns"]:
        raise Refused("too_many_columns", limit=order["max_columns"])
    look_at_header(order, header, head_row, rows)
    out = sys.stdout
    out.write(
        json.dumps([order.get("sheet", ""), titles[: len(header)]] if "rows" in order else header) + "\n"
    )
    out.flush()
    # A kind for each column of the file: None keeps the cell as it is.
    kinds = [order["kinds"].get(name) for name in header]
    lines, count = [], 0
    line_of = asked_for(order["rows"]) if "rows" in order else staged(order, header)
    for number, cells, remarks in rows:
        row = tidied(cells, kinds)
        if row is None:
            continue
        if remarks:
            row = (*row[:2], [*row[2], *remarks])
        count += 1
        if count > order["max_rows"]:
            raise Refused("too_many_rows", limit=order["max_rows"])
        lines.append(line_of(number, *row))
        if len(lines) == 2000:
            out.write("".join(lines))
            lines.clear()
    out.write("".join(lines))
    out.flush()
    if not count:
        raise Refused("no_rows")


def first_titles(rows):
    """The first row that is not empty, and its number."""
    for number, cells, _remarks in rows:
        titles = list(map(text_of, cells))
        if any(map(clean_header, titles)):
            return number, titles
    raise Refused("empty")


def look_at_header(order, header, head_row, rows):
    """Refuse headers that stand further down, merged ones, and what is not the workbook it says it is."""
    if not set(order.get("required", ())) <= set(header):
        for number, cells, _remarks in itertools.islice(rows, HEADERS_WITHIN):
            if set(order["required"]) <= {clean_header(text_of(cell)) for cell in cells}:
                raise Refused("header_below", row=number)
        if order.get("is_text") and order["named_workbook"]:
            raise Refused("text_named_workbook")
    for (top, left), (bottom, right) in order.get("merged", ()):
        if top < head_row <= bottom + 1:
            cells = f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
            raise Refused("merged_header", cells=cells)


def staged(order, header):
    """Writes rows for COPY."""
    apart = [header.index(name) if name in header else None for name in order["apart"]]
    blank = [place for place, name in enumerate(header) if name not in order["kinds"]]
    hidden = [*blank, *(header.index(name) for name in order["hidden"] if name in header)]

    def line_of(number, texts, imprecise, cleaned):
        kept = "\x1f".join(["" if place is None else texts[place] for place in apart])
        for place in hidden:
            texts[place] = ""
        joined = '","'.join(texts)
        if SPECIAL.search("".join(texts)):
            joined = '","'.join([SPECIAL.sub(escape, text) for text in texts])
        return f'{kept}\t{number}\t{{"{joined}"}}\t{places(imprecise)}\t{places(cleaned)}\n'

    return line_of


def asked_for(numbers):
    """Writes all cells of some rows."""
    wanted = set(numbers)
    return lambda number, texts, *_places: json.dumps([number, texts]) + "\n" if number in wanted else ""


def tidied(cells, kinds):
    """Texts, places of numbers too long for Excel, and places cleaned; nothing for an empty row."""
    width = len(kinds)
    if len(cells) == width and set(map(type, cells)) == {str}:
        text = "".join(cells)
        if text and not NOT_PLAIN(text):  # most rows: nothing to clean
            return cells, (), ()
    texts, imprecise, cleaned = [], [], []
    for place, cell in enumerate(cells[:width] if len(cells) > width else cells):
        kind = kinds[place]
        if type(cell) is str:
            text = cell
        else:
            text = text_of(cell, month=kind == "month")
            if type(cell) is float and abs(cell) >= EXCEL_DIGITS:
                imprecise.append(place + 1)
        if kind is not None and (PROSE_TO_CLEAN if kind == "text" else TOKEN_TO_CLEAN)(text):
            tidy = clean(text, kind)
            if tidy != text.strip(" "):
                cleaned.append(place + 1)
            text = tidy
        texts.append(text)
    if not any(texts):
        return None
    texts.extend([""] * (width - len(texts)))
    return texts, imprecise, cleaned


def escape(match):
    return ESCAPES.get(match[0], " ")


def places(numbers):
    """As an array of PostgreSQL."""
    return "{" + ",".join(map(str, numbers)) + "}"


def clean(text, kind):
    """Text as it was meant: no invisible characters, and half-width without spaces where it is not prose."""
    if kind == "text":
        return text.translate(UNSEEN | CONTROL).strip()
    return "".join(text.translate(WIDE).split())


def clean_header(text):
    return "".join(text.translate(UNSEEN).split()).rstrip("*＊")


def text_of(cell, *, month=False):
    """A cell as the clerk sees it; a number by its fifteen digits, as Excel shows it."""
    if cell is None:
        return ""
    kind = type(cell)
    if kind is str:
        return cell
    if kind is bool:
        return "TRUE" if cell else "FALSE"
    if kind is float or kind is int:
        if cell == int(cell):
            return str(int(cell))
        return format(cell, ".15g")
    if kind is datetime:
        if month:
            return cell.strftime("%Y-%m")
        return str(cell.date()) if cell.time() == time() else str(cell)
    if kind is date:
        return f"{cell.year:04d}-{cell.month:02d}" if month else str(cell)
    if kind is timedelta:
        return str(cell)
    return str(cell)


def numbered_rows(order):
    """The rows of the first sheet or of the text, numbered as Excel numbers them, with remarks on each."""
    with open(order["path"], "rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise Refused("empty")
    for magic, fault in NOT_OURS:
        if start.startswith(magic):
            raise Refused(fault)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        with open(order["path"], "rb") as file:
            encrypted = "EncryptedPackage".encode("utf-16-le") in file.read()
        raise Refused("encrypted" if encrypted else "old_excel")
    if start.startswith(b"PK"):
        return workbook_rows(order)
    if re.match(rb"(\xef\xbb\xbf)?\s*<", start):
        declares = b"<!ENTITY" in start or (b"<!DOCTYPE" in start and b"html" not in start.lower())
        raise Refused("declares_entities" if declares else "not_a_table")
    order["is_text"] = True
    return text_rows(order["path"])


def workbook_rows(order):
    with zipfile.ZipFile(order["path"]) as package:
        look_at_package(package, order)
        # Calamine works beside us and is not waited for when we refuse.
        sheet_read = ThreadPool(1).apply_async(sheet_of, [order["path"]])
        seen = inspect_parts(package, order)
    sheet = sheet_read.get()
    if sheet.start is None:
        return
    order["sheet"], order["merged"] = sheet.name, sheet.merged_cell_ranges or ()
    first_column = sheet.start[1]
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        remarks = ()
        if number in seen:
            errors, formulas, hidden = seen[number]
            for column in errors:
                if 0 <= column - first_column < len(cells):
                    cells[column - first_column] = "#N/A"
            remarks = [0] * hidden + [first_column - column - 1 for column in sorted(formulas)]
        yield number, cells, remarks


def sheet_of(path):
    return load_workbook(path).get_sheet_by_index(0)


class Seen:
    """What calamine does not tell of a row: cells with errors and with formulas, whether it is hidden."""

    def __init__(self):
        self.errors, self.formulas, self.hidden = set(), set(), False

    def __iter__(self):
        return iter((self.errors, self.formulas, self.hidden))


ERROR_CELL = re.compile(rb'<c (?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]+)"')
FORMULA_CELL = re.compile(rb'<c [^>]*\br="([A-Z]{1,3})([0-9]+)"[^>]*><f[ />]')
HIDDEN_ROW = re.compile(rb'<row (?=[^>]*\bhidden="(?:1|true)")[^>]*\br="([0-9]+)"')


def look_at_package(package, order):
    """Refuse what is no plain workbook or says that it unpacks beyond the limit."""
    names = set(package.namelist())
    if any(entry.flag_bits & 1 for entry in package.infolist()):
        raise Refused("encrypted")
    if "xl/workbook.bin" in names:
        raise Refused("old_excel")
    if "xl/workbook.xml" not in names:
        raise Refused("not_a_table")
    if "xl/vbaProject.bin" in names or b"macroEnabled" in package.read("[Content_Types].xml")[:BLOCK]:
        raise Refused("macros")
    limit = order["max_unpacked"]
    if len(names) > 2000 or sum(entry.file_size for entry in package.infolist()) > limit:
        raise Refused("unpacks_too_large", limit=limit // 1024**2)


def inspect_parts(package, order):
    """Refuse what unpacks beyond the limit or declares entities; find what calamine does not tell."""
    limit, found = order["max_unpacked"], {}
    for name in sorted(set(package.namelist())):
        limit -= inspect_part(package, name, limit, order, found)
    return found.get(first_sheet(package), {})


def inspect_part(package, name, limit, order, found):
    """Unpack one part for real, whatever size it declares, and return that size."""
    size, tail = 0, b""
    with package.open(name) as part:
        while block := part.read(BLOCK):
            size += len(block)
            if size > limit:
                raise Refused("unpacks_too_large", limit=order["max_unpacked"] // 1024**2)
            if not name.endswith((".xml", ".rels", ".vml")):
                continue
            seen = tail + block
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen or "<!DOCTYPE".encode("utf-16-le")[:-1] in seen:
                raise Refused("declares_entities")
            if b't="e"' in seen or b"<f" in seen or b" hidden=" in seen:
                look_at_cells(seen, found.setdefault(name, defaultdict(Seen)))
            tail = seen[-200:]
    return size


def look_at_cells(xml, rows):
    for match in ERROR_CELL.finditer(xml):
        rows[int(match[2])].errors.add(column_index(match[1]))
    for match in FORMULA_CELL.finditer(xml):
        rows[int(match[2])].formulas.add(column_index(match[1]))
    for match in HIDDEN_ROW.finditer(xml):
        rows[int(match[1])].hidden = True


def column_letters(index):
    letters = ""
    while index >= 0:
        letters = chr(65 + index % 26) + letters
        index = index // 26 - 1
    return letters


def column_index(letters):
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def first_sheet(package):
    """The part that holds the first sheet."""
    workbook = package.read("xl/workbook.xml").decode("utf-8", "replace")
    sheet = re.search(r'<(?:\w+:)?sheet\s[^>]*\b\w+:id="([^"]+)"', workbook)
    links = package.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for link in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", links):
        if sheet and f'Id="{sheet[1]}"' in link:
            target = re.search(r'Target="([^"]+)"', link)[1]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def text_rows(path):
    with open(path, encoding=encoding_of(path), newline="") as file:
        first_line = file.readline()
        file.seek(0)
        delimiter = "\t" if "\t" in first_line and "," not in first_line else ","
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter, strict=True), start=1):
            yield number, cells, ()


def encoding_of(path):
    """UTF-8 with or without a mark, or GB 18030, which contains GBK."""
    for name, result in (("utf-8", "utf-8-sig"), ("gb18030", "gb18030")):
        decoder = codecs.getincrementaldecoder(name)()
        with open(path, "rb") as file:
            try:
                while block := file.read(BLOCK):
                    if b"\0" in block:
                        raise Refused("not_a_table")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return result
    raise Refused("unknown_encoding")


if __name__ == "__main__":
    main()
