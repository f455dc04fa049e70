"""Charts as SVG, worked out here and drawn by templates: no script, no style of their own.

A chart is looked at beside its table, which has the figures; the drawing has their shape. Colours are classes
(`series-1` …) of the portal's style sheet, so that dark mode and paper have theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 30, 12, 28
TICKS = 5
MOST_LABELS = 13
ROW = 34


@dataclass(frozen=True)
class Series:
    """One line or set of bars; None where there is nothing to show."""

    label: str
    values: Sequence[Decimal | int | None]


@dataclass(frozen=True, kw_only=True)
class Burn:
    """What was spent of a budget, and what is expected to be; yuan. `budget` is None where there is none."""

    label: str
    spent: Decimal
    expected: Decimal
    budget: Decimal | None


def line_chart(*, title: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Lines over equal steps, a dot for each value."""
    scale = _Scale.of(series)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels) - 1)
    places = [LEFT + step * place for place in range(len(labels))] if len(labels) > 1 else [WIDTH / 2]
    drawn = [
        {
            "number": number,
            "label": each.label,
            "dots": [
                {"x": _at(x), "y": _at(scale.y(value)), "said": f"{label} {each.label} {value:,}"}
                for x, label, value in zip(places, labels, each.values, strict=True)
                if value is not None
            ],
        }
        for number, each in enumerate(series, start=1)
    ]
    for line in drawn:
        line["points"] = " ".join(f"{dot['x']},{dot['y']}" for dot in line["dots"])
    return _drawn("lines", title=title, scale=scale, marks=_marks(places, labels), lines=drawn)


def bar_chart(*, title: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Bars side by side, from zero up or down."""
    scale = _Scale.of(series)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    width = step * 0.7 / max(1, len(series))
    places = [LEFT + step * (place + 0.5) for place in range(len(labels))]
    bars = []
    for number, each in enumerate(series, start=1):
        for x, label, value in zip(places, labels, each.values, strict=True):
            if value is None:
                continue
            top, bottom = sorted((scale.y(value), scale.y(0)))
            bars.append(
                {
                    "number": number,
                    "x": _at(x - step * 0.35 + width * (number - 1)),
                    "y": _at(top),
                    "width": _at(width),
                    "height": _at(bottom - top),
                    "said": f"{label} {each.label} {value:,}",
                }
            )
    legend = [{"number": number, "label": each.label} for number, each in enumerate(series, start=1)]
    return _drawn("bars", title=title, scale=scale, marks=_marks(places, labels), bars=bars, legend=legend)


def share_chart(*, title: str, parts: Sequence[tuple[str, Decimal]]) -> SafeString:
    """One bar cut into shares of the whole; what is not above zero has none."""
    shown = [(label, value) for label, value in parts if value > 0]
    whole = sum((value for _label, value in shown), Decimal(0))
    x, cuts = 0.0, []
    for number, (label, value) in enumerate(shown, start=1):
        width = float(value / whole) * WIDTH
        cuts.append(
            {
                "number": number,
                "x": _at(x),
                "width": _at(width),
                "label": label,
                "percent": f"{value * 100 / whole:.1f}%",
            }
        )
        x += width
    return _drawn("share", title=title, width=WIDTH, cuts=cuts)


def burn_chart(*, title: str, rows: Sequence[Burn]) -> SafeString:
    """For each row what was spent, behind it what is expected, and a stroke where the budget ends."""
    most = max((max(row.spent, row.expected, row.budget or 0) for row in rows), default=0) or 1
    label_width, room = 170, WIDTH - 170 - RIGHT

    def wide(value) -> str:
        return _at(max(0.0, float(value) / float(most)) * room)

    drawn = [
        {
            "label": row.label,
            "y": ROW * place,
            "spent": wide(row.spent),
            "expected": wide(row.expected),
            "budget": None if row.budget is None else _at(label_width + float(wide(row.budget))),
            "over": row.budget is not None and row.expected > row.budget,
            "said": short(row.spent),
        }
        for place, row in enumerate(rows)
    ]
    return _drawn("burn", title=title, rows=drawn, left=label_width, width=WIDTH, height=ROW * len(rows))


def short(value: Decimal | float) -> str:
    """An amount as an axis has it: 1.2亿, 35万; 120M, 350k."""
    chinese = (get_language() or "").startswith("zh")
    units = ((10**8, "亿"), (10**4, "万")) if chinese else ((10**9, "bn"), (10**6, "M"), (10**3, "k"))
    size, name = next((unit for unit in units if abs(value) >= unit[0]), (1, ""))
    shown = float(value) / size
    return f"{shown:.0f}{name}" if abs(shown) >= 100 else f"{shown:.3g}{name}"


@dataclass(frozen=True, kw_only=True)
class _Scale:
    low: float
    high: float
    step: float

    @classmethod
    def of(cls, series: Sequence[Series]) -> "_Scale":
        """From zero or below to zero or above, in round steps."""
        values = [float(value) for each in series for value in each.values if value is not None]
        low, high = min([0.0, *values]), max([0.0, *values])
        step = _round_step((high - low) / TICKS)
        return cls(low=floor(low / step) * step, high=max(ceil(high / step), 1) * step, step=step)

    def y(self, value) -> float:
        return TOP + (self.high - float(value)) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    @property
    def ticks(self) -> list[dict]:
        count = round((self.high - self.low) / self.step)
        values = [self.low + self.step * number for number in range(count + 1)]
        return [
            {"y": _at(self.y(value)), "said": short(value), "zero": abs(value) < self.step / 2}
            for value in values
        ]


def _round_step(step: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    if step <= 0:
        return 1.0
    power = 10.0 ** floor(log10(step))
    return next(power * round_ for round_ in (1, 2, 5, 10) if power * round_ >= step * (1 - 1e-9))


def _marks(places: Sequence[float], labels: Sequence[str]) -> list[dict]:
    every = ceil(len(labels) / MOST_LABELS) or 1
    return [
        {"x": _at(x), "label": label}
        for number, (x, label) in enumerate(zip(places, labels, strict=True))
        if number % every == 0
    ]


def _at(value: float) -> str:
    return f"{value:.1f}"


def _drawn(kind: str, *, title: str, scale: _Scale | None = None, **parts) -> SafeString:
    around = {"title": title, "left": LEFT, "right": WIDTH - RIGHT, "base": HEIGHT - 8}
    size = {"width": WIDTH, "height": HEIGHT} | ({"ticks": scale.ticks} if scale else {})
    return render_to_string(f"monitoring/chart_{kind}.html", around | size | parts)
