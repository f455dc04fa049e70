"""What a benefit trial came to, as tables: for its page and for its workbook alike."""

from collections.abc import Iterator

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from facilities.models import Level
from insured.models import Status
from monitoring.benefit_sums import AGES, FEWEST, OTHERS, UNKNOWN_AGE, Group, Sums
from monitoring.charts import Series, bar_chart
from monitoring.models import BenefitTrial
from office.admin.figure_form import row_in_words
from office.admin.panels import Panel
from office.admin.rule_words import NAMES, UNITS
from office.policy import pack_of
from policies.money import to_yuan
from policies.otherwise import entries_of
from policies.pack import parse_pack

STATUSES, LEVELS = dict(Status.choices), dict(Level.choices)


def changes(trial: BenefitTrial) -> Panel:
    """Each changed cell of the figures."""
    before, after = pack_of(trial.policy), parse_pack(trial.document)
    rows = []
    for name in trial.changes:
        was, would = (entries_of(pack.values[name], year=trial.year)[-1] for pack in (before, after))
        unit = UNITS.get(before.values[name].unit, "")
        old, new = dict(_cells_of(was.figure)), dict(_cells_of(would.figure))
        for path in dict.fromkeys([*old, *new]):
            if old.get(path) != new.get(path):
                what = " · ".join([str(NAMES.get(name, name)), *map(row_in_words, path)])
                rows.append((was.article, what, *(_told(each.get(path), unit) for each in (old, new))))
    return Panel(
        title=_("Figures tried out"),
        columns={_("Article"): "text", _("What"): "text", _("As it is"): "text", _("Tried out"): "text"},
        rows=rows,
    )


def _cells_of(figure) -> Iterator[tuple[tuple, object]]:
    if not isinstance(figure, dict):
        yield (), figure
        return
    for key, inner in figure.items():
        for path, cell in _cells_of(inner):
            yield (key, *path), cell


def _told(figure, unit: str) -> str:
    return "–" if figure is None else f"{figure} {unit}".strip()


def by_month(sums: Sums, *, year: int) -> Panel:
    months = sorted(sums.months.items())
    return Panel(
        title=_("Cost to the pool by month"),
        columns={
            _("Month"): "text",
            _("Visits"): "integer",
            _("Fund pays"): "money",
            _("Fund would pay"): "money",
            _("Difference"): "change",
        },
        rows=[
            (
                f"{year}-{number:02d}",
                month.visits,
                to_yuan(month.before),
                to_yuan(month.after),
                to_yuan(month.after - month.before),
            )
            for number, month in months
        ],
    )


def by_group(sums: Sums) -> Panel:
    return Panel(
        title=_("Who gains, who loses"),
        columns={
            _("Insured as"): "text",
            _("Age"): "text",
            _("Level"): "text",
            _("People"): "integer",
            _("Gaining"): "integer",
            _("They gain"): "money",
            _("Losing"): "integer",
            _("They lose"): "money",
            _("The same"): "integer",
            _("Difference"): "change",
        },
        rows=[(*_words(key), *_cells(group)) for key, group in sums.groups.items()],
        note=_(
            "Age at the end of the year. Who went to facilities of several levels counts in each of them."
            " Groups of fewer than %(fewest)s people are put together, or left out where still as few."
        )
        % {"fewest": FEWEST},
    )


def largest(sums: Sums) -> Panel | None:
    """The largest changes, each the average of some people."""
    rows = []
    for place in range(max(len(sums.gains), len(sums.losses))):
        gain, loss = (
            to_yuan(amounts[place]) if place < len(amounts) else None for amounts in (sums.gains, sums.losses)
        )
        rows.append((f"{place * FEWEST + 1} – {(place + 1) * FEWEST}", gain, loss))
    if not rows:
        return None
    return Panel(
        title=_("The largest changes"),
        columns={_("People by size of the change"): "text", _("They gain"): "money", _("They lose"): "money"},
        rows=rows,
        note=_("In a year, each figure the average of %(fewest)s people.") % {"fewest": FEWEST},
    )


def charts(sums: Sums) -> list[tuple[str, SafeString]]:
    """What the fund pays and would pay month by month, and what people of each age gain and lose."""
    months = sorted(sums.months.items())
    by_age: dict[int, list[int]] = {}
    for (_status, age, _level), group in sums.groups.items():
        change = by_age.setdefault(age, [0, 0])
        change[0] += group.gained
        change[1] -= group.lost
    ages = sorted(by_age)
    drawn = [
        (
            _("Cost to the pool by month"),
            [str(number) for number, _month in months],
            [
                Series(_("Fund pays"), [to_yuan(month.before) for _number, month in months]),
                Series(_("Fund would pay"), [to_yuan(month.after) for _number, month in months]),
            ],
        ),
        (
            _("Gains and losses by age"),
            [age_in_words(age) for age in ages],
            [
                Series(_("They gain"), [to_yuan(by_age[age][0]) for age in ages]),
                Series(_("They lose"), [to_yuan(by_age[age][1]) for age in ages]),
            ],
        ),
    ]
    return [
        (title, bar_chart(title=title, labels=labels, series=series))
        for title, labels, series in drawn
        if labels
    ]


def checks(sums: Sums) -> list[str]:
    """What has to be known to read the result."""
    said = []
    if sums.differing:
        said.append(
            _(
                "%(count)s visits were settled otherwise than their version's terms and the visits before"
                " them say; the fund paid %(amount)s yuan more for them than is counted here as paid."
            )
            % {"count": f"{sums.differing:,}", "amount": f"{to_yuan(sums.differing_by):+,.2f}"}
        )
    if sums.held_before or sums.held_after:
        said.append(
            _("Visits on hold for a missing figure count as not paid: %(before)s as it is, %(after)s if.")
            % {"before": f"{sums.held_before:,}", "after": f"{sums.held_after:,}"}
        )
    return said


def _words(key: tuple) -> tuple[str, str, str]:
    if key == OTHERS:
        return _("Others"), "", ""
    status, age, level = key
    return STATUSES.get(status, _("not insured")), age_in_words(age), LEVELS.get(level, "")


def age_in_words(first: int) -> str:
    if first == UNKNOWN_AGE:
        return _("unknown")
    following = next((age for age in AGES if age > first), None)
    if following is None:
        return _("from %(age)s years on") % {"age": first}
    return _("%(first)s – %(last)s years") % {"first": first, "last": following - 1}


def _cells(group: Group) -> tuple:
    return (
        group.people,
        group.gaining,
        to_yuan(group.gained),
        group.losing,
        to_yuan(group.lost),
        group.people - group.gaining - group.losing,
        to_yuan(group.after - group.before),
    )
