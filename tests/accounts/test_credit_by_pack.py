"""A month's credit of every status under every city's rules: the pack alone decides."""

from decimal import Decimal

import pytest

from accounts.models import Account, RunLine
from insured.models import Status
from office import versions
from office.kinds import kinds_of
from office.refusal import RunRefused
from policies.month import Month
from policies.pack import FOLDER
from policies.yamltext import read_yaml
from tests.accounts.test_credit_run import prepared
from tests.cities import rules_of
from tests.population import insure, member

MAY = Month(2024, 5)


@pytest.fixture
def clerk(db):
    return member("clerk")


def people():
    """One person of each status; retirees of either group."""
    found = {}
    for status in Status.values:
        if status == Status.RETIRED:
            found["enterprise"] = insure(status=status, base="3210.00", group="enterprise")
            found["institution"] = insure(status=status, base="3210.00", group="institution")
        elif status != Status.RESIDENT:
            found[status] = insure(status=status, base="3210.00")
    return found


def credited(run, people) -> dict[str, str]:
    """By status: the amount, or the missing figure and its article."""
    names = {person.pk: name for name, person in people.items()}
    accounts = {account.pk: names[account.person_id] for account in Account.objects.filter(kind="person")}
    lines = RunLine.objects.filter(run_id=run.pk).values_list("credit", "amount")
    with_amount = {accounts[account]: str(amount) for account, amount in lines}
    lacking = {names[e.person_id]: f"{e.code} {e.detail} {e.article}" for e in run.exceptions.all()}
    return with_amount | lacking


BY_BASE = {"active": "64.20", "flexible": "64.20", "unemployed_paid": "64.20", "injury_paid": "64.20"}


def both(text: str) -> dict[str, str]:
    return {"enterprise": text, "institution": text}


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("heyuan", BY_BASE | both("102.79")),
        ("honghe", BY_BASE | both("parameter_missing retired_credit_rate 16")),
        ("nanchang", BY_BASE | both("parameter_missing retired_monthly_credit 19, 20")),
        (
            "shijiazhuang",
            {status: amount for status, amount in BY_BASE.items() if status != "flexible"}
            | both("parameter_missing retired_monthly_credit 5"),
        ),
    ],
)
def test_every_status_is_credited_or_held_by_the_citys_pack(clerk, city, expected):
    insured = people()
    rules_of(city)
    found = credited(prepared(clerk, period=MAY), insured)
    assert found == expected


def test_groups_of_retirees_have_their_own_figures_once_entered(clerk):
    insured = people()
    rules_of("shijiazhuang")
    officer, reviewer = member("policy_officer"), member("reviewer")
    version = versions.enter_figure(
        scheme="310",
        value="retired_monthly_credit",
        first_month=MAY,
        article="5",
        figure={"enterprise": Decimal("84.50"), "institution": Decimal("101.25")},
        source="notice",
        by=officer,
    )
    versions.submit(version, by=officer)
    versions.approve(version, by=reviewer)
    found = credited(prepared(clerk, period=MAY), insured)
    assert (found["enterprise"], found["institution"]) == ("84.50", "101.25")
    assert "parameter_missing" in credited(prepared(clerk, period=MAY - 1), insured)["enterprise"]


def test_residents_have_no_accounts(clerk):
    rules_of("shaoguan")
    insure(status="resident", base=None, scheme="390")
    with pytest.raises(RunRefused):
        prepared(clerk, period=MAY, scheme="390")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_runs_a_scheme_needs_follow_from_its_pack(db, path):
    version = rules_of(path.stem)
    pack = read_yaml(path.read_text(encoding="utf-8"))
    kinds = kinds_of(scheme=version.scheme)
    assert ("prepayment" in kinds) == ("year_end" in kinds) == ("capitation" in pack)
    assert ("credit" in kinds) == (pack["scheme"] == "310")
