"""The portal in Chromium: a real web server and a real worker on committed data."""

import atexit
import contextlib
import functools
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest

from tests.worker import kill, wait_until, worker

# Playwright keeps an event loop in this thread; the tests' own look at the database is between its steps.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync", "--no-first-run"]
WIDTH, HEIGHT = 1280, 900
PASSWORD = "correct horse 42"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; without it the tests are skipped, or fail where a browser is required."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = "Chromium was not found: apt-get install --no-install-recommends chromium fonts-noto-cjk"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return browser_type_launch_args | {"executable_path": chromium, "args": QUIET}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    size = {"width": WIDTH, "height": HEIGHT}
    return browser_context_args | {"viewport": size, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


_running = contextlib.ExitStack()
atexit.register(_running.close)


@pytest.fixture
def portal(committed):
    """The address of a portal with one worker, on data that the test brings and that is gone after it."""
    return _started()


@functools.cache
def _started() -> str:
    """Web and worker, for as long as tests in a browser follow each other: they take seconds to start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--threads", "4", "--no-control-socket"]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    _running.callback(kill, server)
    _running.enter_context(worker())
    wait_until(lambda: _answers(address), seconds=60)
    return address


def pytest_runtest_teardown(nextitem):
    """Other tests have workers of their own, and would lose their tasks to this one."""
    if nextitem is None or "browser" not in nextitem.keywords:
        _running.close()
        _started.cache_clear()


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/login/", timeout=10).close()
    except OSError:
        return False
    return True


@pytest.fixture
def signed_in(portal, new_context) -> Callable:
    """A page of somebody who has signed in.

    Requests to other hosts, errors on the page and anything its policy refuses fail the test.
    """
    troubles = []

    def signed_in(username: str):
        page = new_context(base_url=portal).new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", _refusals)
        page.on("request", lambda request: request.url.startswith(("http", "ws")) and _at_home(request.url))
        page.goto("/login/")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_text("工作台").first.wait_for()
        return page

    def _refusals(message) -> None:
        if "Content Security Policy" in message.text:
            troubles.append(message.text)

    def _at_home(url: str) -> None:
        if not url.startswith(portal):
            troubles.append(f"outside: {url}")

    yield signed_in
    assert not troubles
