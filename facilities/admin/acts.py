"""Acts on a record that ask for dates and a reason: a button above its page, a page of their own, a POST."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from facilities.models import Facility
from office.admin.pages import page
from office.admin.panels import Panel
from office.line import led_on, place_of


@dataclass(frozen=True, kw_only=True)
class RecordAct:
    """One act: when its button is there, what it says and asks, and what it does.

    do: takes the record and the form's values; raises ValidationError. permission: whose act it is, where not
    everybody's who may change the record. consequences: panels that show what hangs on the record. key: on
    the keyboard, "a" to agree and "r" to refuse; of acts that decide, after which comes the next in line.
    """

    name: str
    label: str
    explained: str
    done: str
    form: type[forms.Form]
    do: Callable[..., object]
    open_to: Callable[[Model], object] = lambda record: True
    consequences: Callable[[object, Model], list[Panel]] = lambda request, record: []
    permission: str = ""
    danger: bool = False
    key: str = ""


class ActsAdmin:
    """For the admin of records with acts: each is open to who may change the record, in its county."""

    acts: ClassVar[tuple[RecordAct, ...]] = ()
    # What stands above a record's form: `state`, a pair of code and label, and `facts` in words.
    head_of: Callable[..., dict]
    change_form_outer_before_template = "facilities/head.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.act_view)
        return [path("<int:number>/act/<str:name>/", view, name=self._act_url), *super().get_urls()]

    def act_view(self, request, number, name):
        record = get_object_or_404(self.get_queryset(request), pk=number)
        act = next((act for act in self.acts if act.name == name), None)
        if act is None:
            raise Http404
        if not self.has_view_permission(request, record) or not self._may(request, act, record):
            raise PermissionDenied
        home = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])
        if not act.open_to(record):
            messages.error(request, _("This cannot be done any more: look at how things stand now."))
            return redirect(home)
        data = request.POST if request.method == "POST" else None
        form = self.form_of(act, record)(data, initial=self.initial_of(act, record))
        place = place_of(record, request.user) if act.key else None
        if form.is_valid() and _done(act, record, form, **self.given_with(request, act)):
            messages.success(request, act.done)
            return led_on(request, place, otherwise=home)
        context = {
            "title": act.label,
            "act": act,
            "record": record,
            "home": home,
            "form": form,
            "place": place,
            "panels": act.consequences(request, record),
        }
        return page(request, "facilities/act.html", context)

    def form_of(self, act: RecordAct, record) -> type[forms.Form]:
        return act.form

    def given_with(self, request, act: RecordAct) -> dict:
        """What an act is told besides the form's values."""
        return {}

    def initial_of(self, act: RecordAct, record) -> dict:
        return {}

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            buttons = [
                (act, reverse(f"admin:{self._act_url}", args=[obj.pk, act.name]))
                for act in self.acts
                if self._may(request, act, obj) and act.open_to(obj)
            ]
            place = place_of(obj, request.user) if any(act.key for act, _url in buttons) else None
            context |= {"head": {**self.head_of(request, obj), "buttons": buttons}, "place": place}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _may(self, request, act: RecordAct, record) -> bool:
        if act.permission:
            return request.user.has_perm(act.permission)
        return self.has_change_permission(request, record)

    @property
    def _act_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_act"


def _done(act: RecordAct, record, form: forms.Form, **given) -> bool:
    """Whether the act went through; otherwise the form says why not."""
    try:
        with transaction.atomic():
            act.do(record, **form.cleaned_data, **given)
    except ValidationError as refusal:
        told = refusal.message_dict if hasattr(refusal, "error_dict") else {None: refusal.messages}
        for name, said in told.items():
            form.add_error(name if name in form.fields else None, said)
        return False
    except IntegrityError:
        form.add_error(None, _("It contradicts what was saved meanwhile. Look again and repeat."))
        return False
    return True


class FacilityField(forms.CharField):
    """A facility, by its code."""

    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "H"})

    def to_python(self, value):
        if value in self.empty_values:
            return None
        facility = Facility.objects.filter(code=str(value).strip().upper()).first()
        if facility is None:
            raise ValidationError(_("There is no facility with this code."))
        return facility


def day_field(label) -> forms.DateField:
    return forms.DateField(
        label=label,
        initial=timezone.localdate,
        input_formats=["%Y-%m-%d"],
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD"}),
        error_messages={"invalid": gettext_lazy("Enter a day as YYYY-MM-DD.")},
    )


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
