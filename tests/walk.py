"""Walks a running demo as every role and says what hinders: `make walk` (PORT, DATA_DIR and CITY as for it).

Every page of the sidebar, the first record of every list and what its buttons open, light and dark:
violations of WCAG 2.2 A and AA, errors, requests to another host, pages too wide or too heavy.
"""

import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, sync_playwright

from tests.looking import looked_at, overweight
from tests.pictures import sign_in

SIZE = {"width": 1280, "height": 900}
PAGE_LINKS = "#nav-sidebar a[href^='/']"
OPENED_FROM = "#result_list tbody tr:first-child th a, [data-list] tbody tr:first-child a, #content a.button"
NOT_A_PAGE = (".xlsx", ".csv", ".pdf", ".zip", "/logout/", "export")


def main(address: str, sign_ins: Path) -> int:
    passwords = dict(line.split()[:2] for line in sign_ins.read_text(encoding="utf-8").splitlines())
    seen, troubles = set(), []
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for who, password in passwords.items():
            context = browser.new_context(viewport=SIZE, locale="zh-CN", color_scheme="light")
            page = context.new_page()
            heard = _listen(page, address)
            sign_in(page, address, username=who, password=password)
            waiting = ["/", *_paths(page, PAGE_LINKS)]
            while waiting:
                path = waiting.pop(0)
                kind = _kind(path)
                if kind in seen:
                    continue
                seen.add(kind)
                try:
                    page.goto(f"{address}{path}")
                except Error as error:
                    if "Download is starting" in str(error):
                        continue
                    raise
                if page.locator("#nav-sidebar").count():
                    waiting += _paths(page, OPENED_FROM)
                heard += looked_at(page, f"{address}{path}")
                heard += overweight(context, f"{address}{path}")
                for each in heard:
                    print(f"{who} {path}: {each}", flush=True)
                troubles += heard
                heard.clear()
            context.close()
        browser.close()
    print(f"{len(seen)} pages, {len(troubles)} troubles")
    return 1 if troubles or not seen else 0


def _listen(page, address: str) -> list[str]:
    heard = []
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(f"console: {said.text}") if said.type == "error" else None)
    page.on(
        "request", lambda asked: asked.url.startswith((address, "data:", "blob:")) or heard.append(asked.url)
    )
    return heard


def _paths(page, selector: str) -> list[str]:
    links = page.locator(selector).evaluate_all("links => links.map(link => link.href)")
    found = [urlsplit(link) for link in dict.fromkeys(links)]
    here = urlsplit(page.url)
    return [
        f"{each.path}?{each.query}" if each.query else each.path
        for each in found
        if each.netloc == here.netloc and not any(part in each.path for part in NOT_A_PAGE)
    ]


def _kind(path: str) -> str:
    """Pages of one template are one page: records are told apart by their numbers."""
    parts = urlsplit(path)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    steps = ["#" if any(letter.isdigit() for letter in step) else step for step in parts.path.split("/")]
    return f"{'/'.join(steps)}?{'&'.join(names)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
