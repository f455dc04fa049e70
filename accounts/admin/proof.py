"""The nightly proofs of the books: what each check found, how long it took, and how the last nights went."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BooksCheck
from office.admin.panels import Panel
from office.admin.records import ReadOnlyAdmin


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("The books are proved every night; each proof stands here.")
    list_display = ["number", "started_at", "result", "took", "origin"]
    list_display_links = ["number"]
    exported = (
        "number",
        "started_at",
        "finished_at",
        "wrong",
        "origin",
        "run_seal",
        "voucher_seal",
        "account_seal",
    )
    ordering = ["-id"]
    sortable_by = ()
    fields = [("number", "result"), ("started_at", "finished_at"), "run_seal", "voucher_seal", "account_seal"]
    panels = []

    @admin.display(description=gettext_lazy("check of the books"))
    def number(self, check):
        return f"#{check.pk}"

    @admin.display(description=gettext_lazy("Result"))
    def result(self, check):
        if not check.wrong:
            return badge("posted", _("All checks hold"))
        return badge("failed", _("%(count)s checks found something wrong") % {"count": check.wrong})

    @admin.display(description=gettext_lazy("Took"))
    def took(self, check):
        return _("%(seconds)s s") % {"seconds": check.seconds}


def findings(request, check) -> Panel:
    """Each check with the first thing that is wrong."""
    return Panel(
        title=_("Checks"),
        columns={
            _("Check"): "text",
            _("Result"): "text",
            _("First thing wrong"): "text",
            _("Seconds"): "text",
        },
        rows=[
            (
                _(found["check"]),
                badge("failed", _("wrong")) if found["wrong"] else badge("posted", _("in order")),
                found["wrong"] or "–",
                f"{found['seconds']:.1f}",
            )
            for found in check.findings
        ],
        note=_(
            "Vouchers are sealed, then everything is computed again from the transfers. A seal noted here"
            " that is not there any more is found by every later check."
        ),
    )


def badge(colour: str, label: str) -> str:
    return format_html('<span class="state state-{}">{}</span>', colour, label)


BooksCheckAdmin.panels.append(findings)
