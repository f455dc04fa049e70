"""A production server refuses to start on a demo's secrets, and passes every check of Django's for one."""

import os
import subprocess
import sys

import pytest

from config.embedded import BASE_DIR
from config.settings import DEMO_SECRET_KEY

KEY = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"
FIELD_KEYS, INDEX_KEY = "k1:" + "A" * 43 + "=", "B" * 43 + "="


PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DEMO": "0",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "portal.example.org",
    "FIELD_KEYS": FIELD_KEYS,
    "INDEX_KEY": INDEX_KEY,
    "DATABASE_URL": "postgres://nobody@localhost/nothing",
    "REDIS_URL": "redis://localhost:1/0",
}


def manage(*words: str, **given: str) -> subprocess.CompletedProcess:
    """A command with a production server's environment; no database is asked."""
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=BASE_DIR, env=PRODUCTION | given, capture_output=True, text=True)


def test_the_settings_of_production_pass_every_check_of_deployment():
    checked = manage("check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("key", ["", DEMO_SECRET_KEY])
def test_without_a_secret_of_its_own_it_does_not_start(key):
    refused = manage("check", SECRET_KEY=key)
    assert refused.returncode != 0
    assert "Set SECRET_KEY in the environment" in refused.stderr


@pytest.mark.parametrize(
    ("given", "demanded"),
    [({}, "True"), ({"DEMO": "1"}, "False"), ({"DEMO": "1", "REQUIRE_SECOND_FACTOR": "1"}, "True")],
)
def test_production_demands_the_second_factor_and_a_demo_can(given, demanded):
    asked = "from django.conf import settings; print(settings.REQUIRE_SECOND_FACTOR)"
    assert manage("shell", "-v", "0", "-c", asked, **given).stdout.strip() == demanded
