"""The formats of banks: what a file of payments looks like, as data (`bank_formats.yaml`)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

COLUMNS = ("sequence", "number", "account", "name", "bank", "amount", "amount_fen", "currency", "purpose")
FILLED_IN = ("count", "sum", "sum_fen", "date", "number", "sha256")
ENCODINGS = ("gbk", "gb18030", "utf-8")


class FormatError(Exception):
    """A bank's format that cannot be used, or something that cannot be written in it; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One line of a file: what a bank is told of an order."""

    number: str
    account: str
    name: str
    bank: str
    amount: Decimal
    purpose: str


@dataclass(frozen=True, kw_only=True)
class BankFormat:
    title: str
    encoding: str
    delimiter: str
    line_end: str
    extension: str
    header: str
    columns: tuple[str, ...]
    trailer: str


@cache
def bank_formats() -> dict[str, BankFormat]:
    """The formats there are, by name; raises FormatError, naming the one at fault."""
    text = Path(settings.BANK_FORMATS).read_text(encoding="utf-8")
    return {name: read_format(name, given) for name, given in yaml.safe_load(text).items()}


def read_format(name: str, given: dict) -> BankFormat:
    """A format from its description; raises FormatError."""
    wanted = {field.name for field in fields(BankFormat)}
    if set(given) != wanted:
        raise FormatError(f"{name}: missing or unknown: {', '.join(sorted(set(given) ^ wanted))}")
    if given["encoding"] not in ENCODINGS:
        raise FormatError(f"{name}: encoding {given['encoding']} is none of {', '.join(ENCODINGS)}")
    unknown = [column for column in given["columns"] if column not in COLUMNS and column[:1] != "="]
    unknown += set(re.findall(r"{(.*?)}", given["header"] + given["trailer"])) - set(FILLED_IN)
    if "{sha256}" in given["header"]:
        unknown.append("{sha256} before the payments")
    if unknown:
        raise FormatError(f"{name}: unknown: {', '.join(unknown)}")
    missing = {"number", "account", "name"} - set(given["columns"])
    if missing or not {"amount", "amount_fen"} & set(given["columns"]):
        raise FormatError(f"{name}: a payment needs number, account, name and amount")
    return BankFormat(**given | {"columns": tuple(given["columns"])})


def write_payments(payments: Sequence[Payment], *, bank_format: BankFormat, number: str, day: date) -> bytes:
    """The file; raises FormatError for a value that the bank's encoding lacks or that would break a line."""
    lines = [
        bank_format.delimiter.join(_cells(payment, sequence=sequence, bank_format=bank_format))
        for sequence, payment in enumerate(payments, start=1)
    ]
    body = "".join(line + bank_format.line_end for line in lines)
    total = sum((payment.amount for payment in payments), Decimal(0))
    control = {
        "count": len(lines),
        "sum": f"{total:.2f}",
        "sum_fen": int(total * 100),
        "date": f"{day:%Y%m%d}",
        "number": number,
        "sha256": hashlib.sha256(_encoded(body, bank_format)).hexdigest(),
    }
    text = _line(bank_format.header, control, bank_format) + body
    return _encoded(text + _line(bank_format.trailer, control, bank_format), bank_format)


def _line(pattern: str, control: dict, bank_format: BankFormat) -> str:
    return pattern.format(**control) + bank_format.line_end if pattern else ""


def _cells(payment: Payment, *, sequence: int, bank_format: BankFormat) -> list[str]:
    values = {
        "sequence": str(sequence),
        "number": payment.number,
        "account": payment.account,
        "name": payment.name,
        "bank": payment.bank,
        "amount": f"{payment.amount:.2f}",
        "amount_fen": str(int(payment.amount * 100)),
        "currency": "CNY",
        "purpose": payment.purpose,
    }
    cells = [column[1:] if column[0] == "=" else values[column] for column in bank_format.columns]
    broken = [cell for cell in cells if bank_format.delimiter in cell or "\n" in cell or "\r" in cell]
    if broken:
        raise FormatError(
            _("%(order)s: “%(text)s” would break the bank's format.")
            % {"order": payment.number, "text": broken[0]}
        )
    return cells


def _encoded(text: str, bank_format: BankFormat) -> bytes:
    try:
        return text.encode(bank_format.encoding)
    except UnicodeEncodeError as error:
        raise FormatError(
            _("“%(text)s” cannot be written in the bank's encoding (%(encoding)s).")
            % {"text": error.object[error.start : error.end], "encoding": bank_format.encoding}
        ) from None
