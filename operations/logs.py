"""What the logs look like, and what never gets into them.

A line is JSON in production and text in the demo (LOG_FORMAT). Everything but our own fields is masked on its
way out, whoever wrote it: messages, exceptions and their causes.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

# The request, or the request whose work a task does: on every line written meanwhile.
request_id: ContextVar[str] = ContextVar("request_id", default="")
# As many letters of it as people are shown, in the demo's logs and on pages of trouble.
READ_OUT = 8

# Identity cards (15 or 18 characters), phones (11), bank accounts (12 and more), also with gaps.
LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){10,}[XxＸｘ]?")
# PostgreSQL repeats the row it refuses: names and all.
ROW_REPEATED = re.compile(r"^(\s*(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):).*$", re.MULTILINE)


def masked(text: str) -> str:
    """The text without anything that may be somebody's number, and without rows PostgreSQL quotes."""
    return LONG_NUMBER.sub("[number]", ROW_REPEATED.sub(r"\1 [withheld]", text))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; `extra={"fields": {…}}` of a log call is added as it is."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if current := request_id.get():
            line["request"] = current
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    """The same for people: time, level, logger, message, fields, and the exception below."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = {"request": request_id.get()[:READ_OUT]} | getattr(record, "fields", {})
        told = " ".join(f"{name}={value}" for name, value in fields.items() if value not in ("", None))
        return f"{super().formatMessage(record)} {told}".rstrip()

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
