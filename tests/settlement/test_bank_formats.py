"""The banks' formats as data: what a file holds, its control totals and digests, and what is refused."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from settlement.bank_formats import FormatError, Payment, bank_formats, read_format, write_payments

PAYMENTS = [
    Payment(
        number=f"ZF000000000{n}",
        account=f"622202000000000{n}",
        name="源城区人民医院",
        bank="中国工商银行河源分行",
        amount=Decimal(amount),
        purpose="2023-03 预拨",
    )
    for n, amount in ((1, "1234.50"), (2, "0.05"))
]


def written(bank_format, payments=PAYMENTS) -> list[str]:
    content = write_payments(payments, bank_format=bank_format, number="YH0000000007", day=date(2023, 4, 3))
    text = content.decode(bank_format.encoding)
    assert text.endswith(bank_format.line_end)
    return text.split(bank_format.line_end)[:-1]


@pytest.mark.parametrize("name", bank_formats())
def test_a_file_reads_back_as_the_orders_it_was_made_of(name):
    bank_format = bank_formats()[name]
    _header, *lines, trailer = written(bank_format)
    assert trailer
    for payment, line in zip(PAYMENTS, lines, strict=True):
        cells = dict(zip(bank_format.columns, line.split(bank_format.delimiter), strict=True))
        amount = Decimal(cells["amount"]) if "amount" in cells else Decimal(cells["amount_fen"]) / 100
        assert amount == payment.amount
        assert (cells["number"], cells["account"], cells["name"]) == (
            payment.number,
            payment.account,
            payment.name,
        )


def test_the_control_totals_and_the_digest_are_those_of_the_lines():
    bank_format = bank_formats()["icbc"]
    header, *lines, trailer = written(bank_format)
    assert header == "#YH0000000007|20230403|2|123455"
    assert (
        lines[1]
        == "2|ZF0000000002|6222020000000002|源城区人民医院|中国工商银行河源分行|RMB|5|2023-03 预拨".strip()
    )
    body = "".join(f"{line}\r\n" for line in lines).encode("gbk")
    assert trailer == f"#END|2|123455|{hashlib.sha256(body).hexdigest()}"


@pytest.mark.parametrize("name", ["有|竖线", "生僻字𠮷", "换\n行"])
def test_what_would_break_a_line_or_is_not_in_the_encoding_is_refused(name):
    payment = Payment(number="ZF1", account="1", name=name, bank="", amount=Decimal(1), purpose="")
    with pytest.raises(FormatError):
        written(bank_formats()["icbc"], [payment])


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": "big5"},
        {"columns": ["number", "account", "name"]},
        {"columns": ["number", "account", "name", "amount", "phone"]},
        {"header": "{sha256}"},
        {"trailer": "{total}"},
        {"unheard": "of"},
    ],
)
def test_a_format_with_a_fault_is_refused(change):
    given = {
        "title": "银行",
        "encoding": "gbk",
        "delimiter": "|",
        "line_end": "\n",
        "extension": "txt",
        "header": "",
        "columns": ["number", "account", "name", "amount"],
        "trailer": "{count}|{sum}",
    }
    assert read_format("bank", given).columns[-1] == "amount"
    with pytest.raises(FormatError, match="bank"):
        read_format("bank", given | change)
