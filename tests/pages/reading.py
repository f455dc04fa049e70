"""A page as its reader sees it."""

from html.parser import HTMLParser

UNSEEN = {"script", "style", "template", "svg", "title", "kbd", "pre", "code"}
VOID = {"input", "br", "hr", "img", "link", "meta", "progress"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        icon = "material-symbols-outlined" in (given.get("class") or "")
        if tag not in VOID:
            self.open.append("icon" if icon else tag)
        for name in ("placeholder", "aria-label"):
            if given.get(name):
                self.texts.append((name, given[name]))

    def handle_endtag(self, tag):
        if tag not in VOID and self.open:
            self.open.pop()

    def handle_data(self, data):
        text = " ".join(data.split())
        if text and not UNSEEN & set(self.open) and "icon" not in self.open:
            self.texts.append((self.open[-1] if self.open else "", text))


def texts_of(response) -> list[tuple[str, str]]:
    """All texts of a page, each with the tag it stands in; icons and scripts left out."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return reader.texts
