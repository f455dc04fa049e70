"""What the calendar of the month's work is made of: steps, each with its date, its state and its figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import pgettext

from office.models import Run, Staff, WorkStep
from policies.month import Month


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and the list behind it, which has as many rows; `state` names its colour."""

    label: str
    count: int
    url: str
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a scheme's month, or of all schemes'.

    left: whether something of it is still to be done. button: what the next thing to do is called and where
    it is done, for whoever may do it. citywide: the municipal agency does it for all counties.
    """

    step: WorkStep
    scheme: str = ""
    period: Month | int
    due: date
    state: tuple[str, str]
    left: bool
    figures: list[Figure] = field(default_factory=list)
    amount: Decimal | None = None
    amount_is: str = ""
    run: Run | None = None
    button: tuple[str, str] | None = None
    citywide: bool = False

    def days_late(self, today: date) -> int:
        return max((today - self.due).days, 0) if self.left else 0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose calendar it is, of which month, and the dates of its steps."""

    staff: Staff
    month: Month
    schemes: list[str]
    due: Mapping[str, date]

    @property
    def before(self) -> Month:
        """The month whose visits are dealt with in this one."""
        return self.month - 1


def state_of(*, left: int, done: int) -> tuple[str, str]:
    """The state of a step that is many things: none begun, some done, all done."""
    if left:
        return ("waiting", pgettext("work", "under way")) if done else ("none", pgettext("work", "not begun"))
    return ("done", pgettext("work", "finished")) if done else ("none", pgettext("work", "nothing yet"))


def figures_of(counts: Mapping[str, int], states: Iterable[tuple[str, str]], **linked) -> list[Figure]:
    """A figure for each state that there is something of; `linked` as of `listed`."""
    return [
        Figure(
            label=str(label), count=counts[state], url=listed(**linked, state__exact=state), state=str(state)
        )
        for state, label in states
        if counts.get(state)
    ]


def listed(model: str, **query) -> str:
    """The list of a model, given as "app.model", as it is filtered."""
    return reverse(f"admin:{model.replace('.', '_')}_changelist", query={k: str(v) for k, v in query.items()})


def first_button(staff: Staff, choices: Iterable[tuple[object, str, str, str]]) -> tuple[str, str] | None:
    """The first thing somebody may do, of (whether it waits, permission, what it is called, where it is)."""
    return next(
        ((label, url) for waits, permission, label, url in choices if waits and staff.has_perm(permission)),
        None,
    )
