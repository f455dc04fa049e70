"""Makes the pictures of the help from a running demo: `make pictures` (PORT, DATA_DIR and CITY as for it)."""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parent.parent / "office" / "static" / "office" / "help"
SIZE = {"width": 1280, "height": 800}
LANGUAGES = {"zh-hans": "zh-CN", "en": "en-US"}


def main(address: str, sign_ins: Path) -> None:
    from office import guide

    passwords = dict(line.split()[:2] for line in sign_ins.read_text(encoding="utf-8").splitlines())
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language, locale in LANGUAGES.items():
            folder = STATIC / language
            folder.mkdir(parents=True, exist_ok=True)
            signed_in = {}
            for page in guide.pages(language).values():
                if page.picture is None:
                    continue
                who = page.picture.sign_in
                if who not in signed_in:
                    signed_in[who] = browser.new_context(viewport=SIZE, locale=locale, color_scheme="light")
                    sign_in(signed_in[who].new_page(), address, username=who, password=passwords[who])
                taken = signed_in[who].new_page()
                taken.goto(f"{address}{page.picture.path}", wait_until="networkidle")
                picture = Image.open(io.BytesIO(taken.screenshot()))
                picture.convert("RGB").save(folder / f"{page.name}.webp", quality=70, method=6)
                taken.close()
        browser.close()


def sign_in(page, address: str, *, username: str, password: str) -> None:
    page.goto(f"{address}/login/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.locator("[type=submit]").last.click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    # Only the help's own text is read here; database and broker are the running demo's.
    for name, value in {
        "DEMO": "1",
        "DATABASE_URL": "postgres://nowhere",
        "REDIS_URL": "redis://nowhere",
    }.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(sys.argv[1], Path(sys.argv[2]))
