"""Every article of the five documents is accounted for in coverage.yaml, and the packs agree with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policies.gates import GATES
from policies.pack import available_packs, load_pack
from policies.yamltext import read_yaml

ROOT = Path(__file__).parents[2]
COVERAGE = read_yaml((ROOT / "policies" / "coverage.yaml").read_text(encoding="utf-8"))
LAST_ARTICLE = {"heyuan": 22, "honghe": 36, "shaoguan": 16, "shijiazhuang": 38, "nanchang": 47}
ROOMS = ("policies", "office", "facilities", "insured", "accounts", "settlement", "monitoring")
KINDS = {"computed", "feature", "not_computed"}


def test_every_pack_is_covered():
    assert sorted(COVERAGE) == sorted(LAST_ARTICLE) == available_packs()


@pytest.mark.parametrize("city", available_packs())
def test_every_article_once_in_order(city):
    assert list(COVERAGE[city]) == [str(number) for number in range(1, LAST_ARTICLE[city] + 1)]


@pytest.mark.parametrize("city", available_packs())
def test_every_article_is_of_one_kind_and_says_so_in_two_languages(city):
    names = set(load_pack(city).values) | set(GATES)
    for number, entry in COVERAGE[city].items():
        [kind] = KINDS & set(entry)
        assert set(entry) == {kind, "zh", "en"}, number
        assert entry["zh"] and entry["en"], number
        if kind == "computed":
            assert set(entry["computed"]) <= names, number
        if kind == "feature":
            assert entry["feature"] in ROOMS, number


@pytest.mark.parametrize("city", available_packs())
def test_every_value_of_a_pack_is_claimed_by_its_article(city):
    """No value nobody reads about, and none under another article than its own."""
    pack = load_pack(city)
    for name, value in pack.values.items():
        claimed = {n for n, entry in COVERAGE[city].items() if name in entry.get("computed", ())}
        stated = {n for entry in value.entries for n in re.findall(r"(?:^|, )(\d+)", entry.article)}
        assert claimed & stated, (name, claimed, stated)


@pytest.mark.parametrize("city", available_packs())
def test_every_article_cited_exists(city):
    text = (ROOT / "policies" / "packs" / f"{city}.yaml").read_text(encoding="utf-8")
    for cited in re.findall(r'article: "?([^",}\n]+)', text):
        assert 1 <= int(re.match(r"\d+", cited)[0]) <= LAST_ARTICLE[city], cited


def test_no_city_is_named_in_code():
    names = [*LAST_ARTICLE, "河源", "红河", "韶关", "石家庄", "南昌"]
    for path in (ROOT / "policies").glob("*.py"):
        code = "\n".join(
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if not line.lstrip().startswith("#")
        )
        bare = re.sub(r'""".*?"""', "", code, flags=re.S)
        assert not [name for name in names if name.lower() in bare.lower()], path.name
