"""The made-up city is a city: valid, the same for the same seed, and taken in without one rejected row."""

from itertools import groupby

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from facilities.models import Agreement, Facility
from insured.demo import Place, enrolments
from insured.models import Enrolment, Person, Selection
from office.models import ImportFile, Staff

pytestmark = pytest.mark.django_db


def test_the_same_seed_gives_the_same_city():
    counties = [Place(code="441602", name="源城区"), Place(code="441621", name="紫金县")]
    first, again, other = (list(enrolments(people=50, seed=s, counties=counties)) for s in (1, 1, 2))
    assert first == again != other


def test_the_city_comes_in_through_the_clerks_files(tmp_path, capsys):
    settings_root, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "uploads"
    try:
        call_command("load_demo", "--people", "300", "--months", "0")
        call_command("load_demo", "--people", "300", "--months", "0")
    finally:
        settings.MEDIA_ROOT = settings_root
    assert "nothing was done" in capsys.readouterr().out
    assert (Person.objects.count(), Facility.objects.count()) == (300, 40)
    assert ImportFile.objects.filter(state="applied").count() == 4
    assert all(file.counts["rejected"] == 0 for file in ImportFile.objects.all())
    assert len(list((tmp_path / "demo-files").glob("*.xlsx"))) == 4
    assert {2022, 2023} <= set(Agreement.objects.values_list("first_day__year", flat=True))
    assert str(Selection.objects.order_by("first_month")[0].first_month) == "2022-08"
    assert Enrolment.objects.filter(status="retired").exclude(retirement_group="").exists()
    sign_ins = (tmp_path / f"sign-ins-{settings.CITY}.txt").read_text().splitlines()
    for line in sign_ins:
        username, password, _role = line.split(maxsplit=2)
        assert Staff.objects.get(username=username).check_password(password)
    assert len(sign_ins) == Staff.objects.count() == 11


def test_every_person_chooses_one_facility_at_a_time():
    counties = [Place(code="441602", name="源城区")]
    rows = list(enrolments(people=200, seed=3, counties=counties))
    months = sorted((row["证件号码"], row["生效年月"]) for row in rows)
    assert all(len(list(group)) == 1 for _key, group in groupby(months))


def test_made_up_people_stay_out_of_production(monkeypatch):
    monkeypatch.setattr(settings, "DEMO", False)
    with pytest.raises(CommandError, match="no demo"):
        call_command("load_demo")
