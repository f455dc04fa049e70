"""A trial's results in words: states, reasons, steps, limits, and what is wrong with a line."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.admin.figure_words import in_language
from office.admin.rule_words import NAMES
from policies.labels import GATE_LABELS, PARAMETER_LABELS, STEP_LABELS
from policies.rooms import Room

STATES = {
    "paid": gettext_lazy("Settled"),
    "denied": gettext_lazy("Not paid"),
    "held": gettext_lazy("On hold"),
    "reversed": gettext_lazy("Reversed"),
    "error": gettext_lazy("Cannot be read"),
}

FIELDS = {
    "line": gettext_lazy("line"),
    "id": gettext_lazy("visit number"),
    "person": gettext_lazy("person"),
    "date": gettext_lazy("day of the visit"),
    "category": gettext_lazy("category"),
    "level": gettext_lazy("level of the facility"),
    "facility_kind": gettext_lazy("kind of facility"),
    "locality": gettext_lazy("place"),
    "status": pgettext_lazy("insured person", "status"),
    "birth_date": gettext_lazy("date of birth"),
    "selected": gettext_lazy("selected facility"),
    "selected_from": gettext_lazy("selected since"),
    "gate": gettext_lazy("not payable because"),
    "total": gettext_lazy("total"),
    "eligible": gettext_lazy("eligible amount"),
    "diagnosis_fee": gettext_lazy("diagnosis fee"),
    "consultation_fee": gettext_lazy("consultation fee"),
    "diagnosis_fee, consultation_fee": gettext_lazy("diagnosis and consultation fee"),
    "drug": gettext_lazy("drug code"),
    "disease": gettext_lazy("disease treated"),
    "diseases": gettext_lazy("diseases on record"),
    "reverses": gettext_lazy("visit to be reversed"),
}

# What visitline.py and trial.py say of a field.
CAUSES = {
    "missing": gettext_lazy("missing"),
    "unknown field": gettext_lazy("unknown field"),
    "not UTF-8": gettext_lazy("not UTF-8"),
    "not JSON": gettext_lazy("not JSON"),
    "not a JSON object": gettext_lazy("not a JSON object"),
    "a field appears twice": gettext_lazy("a field appears twice"),
    "a village station is of level primary": gettext_lazy("a village station is of level primary"),
    "above total": gettext_lazy("above the total"),
    "together above eligible": gettext_lazy("together above the eligible amount"),
    "after the visit": gettext_lazy("after the visit"),
    "not in the year of the visit": gettext_lazy("not in the year of the visit"),
    "after the month of the visit": gettext_lazy("after the month of the visit"),
    "not a string": gettext_lazy("not a text in quotation marks"),
    "empty": gettext_lazy("empty"),
    "not a list": gettext_lazy("not a list"),
    "neither true nor false": gettext_lazy("neither true nor false"),
    "not a string with exactly two decimals, zero or more": gettext_lazy(
        'not an amount in quotation marks with exactly two decimals, like "12.50"'
    ),
    "not a day written YYYY-MM-DD": gettext_lazy("not a day written YYYY-MM-DD"),
    "no such day": gettext_lazy("no such day"),
    "not a month written YYYY-MM": gettext_lazy("not a month written YYYY-MM"),
    "used before": gettext_lazy("used before"),
    "no such visit": gettext_lazy("no such visit"),
    "reversed already, or itself a reversal": gettext_lazy("reversed already, or itself a reversal"),
}
_PROBLEM = re.compile(r"(?P<field>.+?): (?P<cause>.+)", re.DOTALL)


def state_name(state: str) -> str:
    return str(STATES[state])


def reason_of(result: dict) -> str:
    """Why a visit is not paid or held, with the figure to enter."""
    if result["state"] == "denied":
        return in_language(GATE_LABELS[result["reason"]])
    if result["state"] == "held":
        return _("A figure of the rules is missing")
    return ""


def problem(text: str) -> str:
    """What is wrong with a line, in the reader's language."""
    found = _PROBLEM.fullmatch(text)
    if found is None:
        return text
    field, cause = found["field"], found["cause"]
    if cause.startswith("none of "):
        cause = _("none of %(choices)s") % {"choices": cause.removeprefix("none of ")}
    return _("%(field)s: %(cause)s") % {"field": FIELDS.get(field, field), "cause": CAUSES.get(cause, cause)}


def step_name(rule: str) -> str:
    """A step, a gate or a missing parameter by its rule."""
    for labels in (STEP_LABELS, GATE_LABELS, PARAMETER_LABELS):
        if rule in labels:
            return in_language(labels[rule])
    return str(NAMES.get(rule, rule))


def room_name(room: Room) -> str:
    """A limit or a deductible, with the drug it is for."""
    if room.kind == "limit":
        return step_name(f"{room.counter}_limit")
    _counter, colon, drug = room.counter.partition(":")
    label = step_name("deductible")
    return f"{label} ({drug})" if colon else label
