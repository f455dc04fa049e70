"""What a page must stand up to: read by everybody, whole at 1280 pixels, light to load."""

from axe_playwright_python.sync_playwright import Axe

# WCAG 2.0 to 2.2, levels A and AA.
CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What a first visit may weigh on the wire, in bytes; of a form with completions (Select2, jQuery) more.
HEAVIEST, HEAVIEST_COMPLETING = 150 * 1024, 210 * 1024


def hindrances(page) -> list[str]:
    """The violations of WCAG 2.2 A and AA that axe finds, each with where the first three stand."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": CRITERIA}}).response["violations"]
    return [
        f"{each['id']} ×{len(each['nodes'])}: {[node['html'][:160] for node in each['nodes'][:3]]}"
        f" {each['nodes'][0]['failureSummary'][:300]!r}"
        for each in found
    ]


def looked_at(page, address: str, *, themes=("dark", "light")) -> list[str]:
    """What hinders on a page in each theme, and by how many pixels it is too wide."""
    found = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        answer = page.goto(address)
        if not answer.ok:
            found.append(f"{theme}: answer {answer.status}")
        found += [f"{theme}: {each}" for each in hindrances(page)]
        if (wider := overflow(page)) > 0:
            found.append(f"{theme}: {wider} px too wide")
    return found


def overflow(page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def overweight(context, address: str) -> list[str]:
    """What is too heavy, if it is, when the page is opened with an empty cache."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    completing = page.locator("select.select2-hidden-accessible").count()
    page.close()
    weight = int(sum(sizes))
    return (
        [f"weighs {weight // 1024} KB"] if weight > (HEAVIEST_COMPLETING if completing else HEAVIEST) else []
    )
