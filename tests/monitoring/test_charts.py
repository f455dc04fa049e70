"""Charts draw what they are given within their frame, whatever it is."""

import re
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring.charts import (
    HEIGHT,
    WIDTH,
    Burn,
    Series,
    bar_chart,
    burn_chart,
    line_chart,
    share_chart,
    short,
)

amounts = st.one_of(st.none(), st.decimals(min_value=-(10**9), max_value=10**9, places=2))
NUMBERS = re.compile(r'(?:x|y|x1|x2|y1|y2|cx|cy)="(-?[\d.]+)"')


@given(st.lists(amounts, min_size=1, max_size=24))
def test_nothing_leaves_the_frame(values):
    given = {
        "title": "月度",
        "labels": [str(n) for n in range(len(values))],
        "series": [Series("支出", values)],
    }
    for drawn in (line_chart(**given), bar_chart(**given)):
        assert all(-1 <= float(number) <= WIDTH + 1 for number in NUMBERS.findall(drawn))
        told = [value for value in values if value is not None]
        assert drawn.count("<title>") == 1 + len(told)
    heights = [float(number) for number in re.findall(r'(?:y|cy|y1)="(-?[\d.]+)"', line_chart(**given))]
    assert all(0 <= height <= HEIGHT for height in heights)


def test_a_higher_value_stands_higher():
    drawn = line_chart(title="t", labels=["a", "b"], series=[Series("s", [Decimal(1), Decimal(9)])])
    low, high = (float(y) for y in re.findall(r'cy="([\d.]+)"', drawn))
    assert high < low


def test_shares_sum_to_the_whole_and_nothing_has_none():
    drawn = share_chart(title="t", parts=[("a", Decimal(1)), ("b", Decimal(3)), ("c", Decimal(0))])
    widths = [float(width) for width in re.findall(r'rect[^>]* width="([\d.]+)"', drawn)]
    assert widths == [WIDTH / 4, WIDTH * 3 / 4]
    assert "25.0%" in drawn and "75.0%" in drawn
    assert "rect" not in share_chart(title="t", parts=[])


def test_a_budget_overrun_shows():
    row = {"label": "门诊", "spent": Decimal(50), "expected": Decimal(120)}
    assert "chart-over" in burn_chart(title="t", rows=[Burn(**row, budget=Decimal(100))])
    assert "chart-over" not in burn_chart(title="t", rows=[Burn(**row, budget=None)])
    assert "chart-over" not in burn_chart(title="t", rows=[])


@pytest.mark.parametrize(
    "language, said",
    [
        ("zh-hans", ["1.2亿", "2000万", "35万", "5000", "12"]),
        ("en", ["120M", "20M", "350k", "5k", "12"]),
    ],
)
def test_axes_speak_the_language(language, said):

    with translation.override(language):
        values = (120_000_000, 20_000_000, 350_000, 5_000, 12)
        assert [short(Decimal(value)) for value in values] == said
