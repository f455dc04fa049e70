"""Numbers that pages mask: opened on purpose, for one answer, and on record; changed by typing them anew."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from office.access import note
from office.admin.panels import Panel
from office.models import Act

NONE = "-"


class ProtectedNumbers:
    """For the admin of records with masked numbers: a panel with them, and a button that opens them."""

    show_permission: str
    # Label, number and mask of each number of a record.
    protected_numbers: Callable[..., list[tuple[str, str, Callable[[str], str]]]]

    def get_urls(self):
        view = self.admin_site.admin_view(self.show)
        return [path("<int:number>/show/", view, name=self._show_url), *super().get_urls()]

    def panels_of(self, request, record):
        return [self.numbers_panel(request, record), *super().panels_of(request, record)]

    def numbers_panel(self, request, record, *, opened: bool = False) -> Panel:
        numbers = self.protected_numbers(record)
        may_open = any(number for _label, number, _mask in numbers) and self._may_show(request)
        return Panel(
            title=_("Protected numbers"),
            columns={label: "text" for label, _number, _mask in numbers},
            rows=[tuple(number if opened else mask(number) for _label, number, mask in numbers)],
            note=_("Opened for you just now, and recorded.") if opened else "",
            act=None
            if opened or not may_open
            else (_("Show"), reverse(f"admin:{self._show_url}", args=[record.pk])),
        )

    @method_decorator([require_POST, never_cache])
    def show(self, request, number):
        """The panel with the numbers in the clear; who opened them is noted."""
        record = get_object_or_404(self.get_queryset(request), pk=number)
        if not self._may_show(request):
            raise PermissionDenied
        labels = [label for label, found, _mask in self.protected_numbers(record) if found]
        note(request, Act.SHOW, subject=record, detail=", ".join(map(str, labels)))
        return render(
            request, "office/panel.html", {"panel": self.numbers_panel(request, record, opened=True)}
        )

    def _may_show(self, request) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(self.show_permission)

    @property
    def _show_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_show"


def keep_unless_typed(field, masked: str) -> None:
    """Make the form field of a sealed number one that stays as it is when left empty."""
    field.required = False
    field.widget.attrs |= {"placeholder": masked, "autocomplete": "off"}
    if masked:
        field.help_text = _("Empty: stays as it is. “-”: none.")


def typed_or_kept(typed: str, number: str) -> str:
    """The number after the form: as typed, none for a dash, as it was when nothing was typed."""
    return number if not typed else "" if typed == NONE else typed
