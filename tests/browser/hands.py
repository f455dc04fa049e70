"""What people do in the browser over and over: look, press, confirm, bring a file, wait for the worker."""


def fits(page) -> bool:
    """Whether nothing sticks out to the right; waits for a page that is still on its way."""
    return page.locator("html").evaluate("html => html.scrollWidth <= window.innerWidth")


def upload(page, name: str, content: bytes, *, layout: str = "enrolments") -> None:
    page.goto(f"/office/importfile/add/?layout={layout}")
    page.get_by_label("文件（.xlsx 或 .csv）").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name="上传并检查").click()


def bring(page, layout: str, name: str, content: bytes) -> None:
    """A file uploaded, looked at and applied."""
    upload(page, name, content, layout=layout)
    confirm(page, "确认导入")  # checked meanwhile by the worker
    page.get_by_text("已导入").first.wait_for()  # by the worker


def confirm(page, button: str) -> None:
    """Press a button and confirm it in its dialog."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


def act(page, name: str, **given: str) -> None:
    """Do with a record what its button offers."""
    page.get_by_role("link", name=name, exact=True).click()
    for label, value in given.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name=name, exact=True).click()


def choose_all(page, *, of: str, action: str) -> None:
    """Do something with all records of a list."""
    page.goto(of)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label=action)
    page.locator("#changelist-actions button[name=index]").click()


def downloaded(page, link: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def reload_until(page, there) -> None:
    """Look again until the worker has brought what the page does not show by itself."""
    for _time in range(60):
        if there.count():
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(f"it did not come: {there}")
