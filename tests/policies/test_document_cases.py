"""The documents' own figures: every file under tests/cases/<city>, one test per case.

A case of ``visits`` is a trial of its own: each item has the fields of its line under ``give`` (the file's
``defaults`` first, ids and total filled in) and the fields of its result under ``get``. The other kinds call
one function with ``give``.
"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from policies import capitation
from policies.credit import MissingBase, credit, credit_terms
from policies.month import Month
from policies.pack import load_pack
from policies.parameters import with_parameters
from policies.trial import run_trial
from policies.values import MissingParameter
from policies.yamltext import read_yaml

CASES = Path(__file__).parent.parent / "cases"


def _all_cases():
    for path in sorted(CASES.glob("*/*.yaml")):
        content = read_yaml(path.read_text(encoding="utf-8"))
        for case in content["cases"]:
            label = f"{path.parent.name}/{path.stem}: {case['name']}"
            yield pytest.param(path.parent.name, content, case, id=label)


def _plain(value):
    """Amounts are written as numbers in the case files; the trial format wants their text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


@pytest.mark.parametrize(("city", "content", "case"), list(_all_cases()))
def test_case(city, content, case):
    pack = load_pack(city)
    {"visits": _visits, "credit": _credit, "capitation": _capitation}[content["kind"]](pack, content, case)


def _visits(pack, content, case):
    lines = []
    for number, item in enumerate(case["visits"], start=1):
        given = _plain(item["give"])
        if "reverses" not in given:
            given = _plain(content.get("defaults", {}) | case.get("defaults", {})) | given
            given.setdefault("total", given.get("eligible", "0.00"))
        lines.append(json.dumps({"id": f"v{number}", "person": "p"} | given))
    results = list(run_trial(pack=pack, visits=lines, parameters=case.get("parameters")))
    for number, (item, result) in enumerate(zip(case["visits"], results, strict=True), start=1):
        wanted = {"state": "paid"} | _plain(item["get"])
        parameter, steps = wanted.pop("parameter", None), wanted.pop("steps", None)
        assert {key: result[key] for key in wanted} == wanted, f"visit {number}: {result}"
        if parameter is not None:
            assert [step["rule"] for step in result["steps"]] == parameter
        if steps is not None:
            assert [[step["article"], step["rule"], step["amount"]] for step in result["steps"]] == steps


def _credit(pack, content, case):
    terms = credit_terms(with_parameters(pack, case.get("parameters", {})), Month.parse(case["month"]))
    [term] = [t for t in terms if t.status == case["status"] and t.group == case.get("group")]
    base, get = case.get("base"), case["get"]
    if get == "no base":
        with pytest.raises(MissingBase):
            credit(term, base)
    elif isinstance(get, str):
        with pytest.raises(MissingParameter) as raised:
            credit(term, base)
        assert raised.value.name == get
        assert raised.value.article == case["article"]
    else:
        assert credit(term, base) == get
        assert credit(term, base).as_tuple().exponent == -2
    assert term.article == case["article"]


def _capitation(pack, content, case):
    pack = with_parameters(pack, case.get("parameters", {}))
    terms = capitation.capitation_terms(pack, Month.parse(case.get("month", content["month"])))
    given = case["give"]
    if case["call"] in ("year_end", "deposit_release"):
        given = given | {"terms": terms}
    elif case["call"] == "prepayment":
        given = {"rate": terms.quota_rate, "share": terms.prepay_share} | given
    elif case["call"] == "annual_quota":
        given = {"rate": terms.quota_rate} | given
    elif case["call"] == "monthly_clearing":
        given = {"deposit_rate": terms.deposit_rate} | given
    function = getattr(capitation, case["call"])
    if isinstance(case["get"], str):
        with pytest.raises(MissingParameter) as raised:
            function(**given)
        assert raised.value.name == case["get"]
        return
    result = function(**given)
    if isinstance(case["get"], dict):
        wanted = case["get"]
        if wanted.get("usage") is not None:
            wanted = wanted | {"usage": Fraction(wanted["usage"])}
        if "flags" in wanted:
            wanted = wanted | {"flags": tuple(wanted["flags"])}
        assert {key: getattr(result, key) for key in wanted} == wanted
    else:
        assert result == case["get"]
