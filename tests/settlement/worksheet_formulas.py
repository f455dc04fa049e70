"""The formulas of a downloaded worksheet, evaluated in exact fractions by a few lines of our own."""

import io
import re
import zipfile
from fractions import Fraction
from xml.etree import ElementTree

from settlement.models import YearEnd

SPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
CELL = r"\$?([A-Z]+)\$?(\d+)"


class Sheet:
    """A sheet's formulas worked out from its given figures; of what Excel knows, the functions used there."""

    def __init__(self, xml: bytes):
        self.formulas, self.given, self.shown = {}, {}, {}
        for cell in ElementTree.fromstring(xml).iterfind(".//s:c", SPACE):
            value, formula = cell.find("s:v", SPACE), cell.find("s:f", SPACE)
            if formula is not None:
                self.formulas[cell.get("r")] = formula.text
                self.shown[cell.get("r")] = Fraction(value.text)
            elif value is not None and cell.get("t") is None:
                self.given[cell.get("r")] = Fraction(value.text)

    def cell(self, name: str) -> Fraction:
        if name not in self.formulas:
            return self.given.get(name, Fraction(0))
        known = {
            "AND": lambda *all_of: all(all_of),
            "IF": lambda condition, yes, no: yes if condition else no,
            "MAX": max,
            "MIN": min,
            "ROUND": rounded,
            "SUM": sum,
            "SUMPRODUCT": lambda one, other: sum(a * b for a, b in zip(one, other, strict=True)),
            "area": self.area,
            "cell": self.cell,
            "number": Fraction,
        }
        return eval(as_python(self.formulas[name]), {"__builtins__": {}}, known)

    def area(self, first: str, last: str) -> list[Fraction]:
        (column, top), (other, bottom) = (re.fullmatch(CELL, each).groups() for each in (first, last))
        assert column == other
        return [self.cell(f"{column}{row}") for row in range(int(top), int(bottom) + 1)]


def as_python(formula: str) -> str:
    tokens = re.compile(rf"{CELL}:{CELL}|{CELL}|\b\d+(?:\.\d+)?\b")

    def python(found) -> str:
        text = found.group().replace("$", "")
        if ":" in text:
            return 'area("{}","{}")'.format(*text.split(":"))
        return f'cell("{text}")' if text[0].isalpha() else f'number("{text}")'

    return tokens.sub(python, formula)


def rounded(value: Fraction, places: Fraction) -> Fraction:
    """As Excel rounds: half away from zero."""
    scaled = abs(value) * 10**places
    return Fraction(int(scaled + Fraction(1, 2)), 10**places) * (1 if value >= 0 else -1)


def sheets_of(content: bytes) -> list[Sheet]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        return [Sheet(book.read(f"xl/worksheets/sheet{number}.xml")) for number in range(1, len(names) + 1)]


def check_worksheets(client, run) -> None:
    """Every sheet of a year end, as downloaded: each formula gives what the sheet shows and what we paid."""
    response = client.get(f"/settlement/yearend/run/{run.pk}/worksheets.xlsx")
    assert response.status_code == 200
    lines = YearEnd.objects.filter(run=run).order_by("facility__code")
    sheets = sheets_of(b"".join(response.streaming_content))
    assert len(sheets) == len(lines)
    for line, sheet in zip(lines, sheets, strict=True):
        worked_out = {name: sheet.cell(name) for name in sheet.formulas}
        for name, figure in worked_out.items():
            assert abs(figure - sheet.shown[name]) < Fraction(1, 10**9), (line, name)
        last = max(sheet.formulas, key=lambda name: int(re.fullmatch(CELL, name).group(2)))
        assert worked_out[last] == Fraction(line.due), line
