"""What a clerk enters for a trial: the rules, the person, the visit or several, figures the rules lack."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from office.admin.figure_words import in_language
from office.admin.rule_words import CATEGORIES, WORDS
from office.fields import MonthFormField
from office.models import PolicyVersion
from office.policy import newest_version, pack_of, schemes_here, shipped_packs
from policies.gates import GATES
from policies.labels import GATE_LABELS
from policies.node import PackError
from policies.pack import Pack
from policies.parameters import read_parameters, with_parameters
from policies.values import LEVELS

MOST_LINES = 500
LOCALITIES = {
    "local": gettext_lazy("in the city"),
    "filed": gettext_lazy("elsewhere, filed"),
    "unfiled": gettext_lazy("elsewhere, not filed"),
}
STATUSES = {
    "active": WORDS["active"],
    "retired": WORDS["retired"],
    "flexible": WORDS["flexible"],
    "resident": gettext_lazy("resident"),
}
FLAGS = {
    "selected": gettext_lazy("Selected facility"),
    "referred": gettext_lazy("Referred"),
    "emergency": gettext_lazy("Emergency"),
    "admitted": gettext_lazy("Admitted afterwards"),
    "newborn": gettext_lazy("Newborn"),
}


def _select(label, choices) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=UnfoldAdminSelectWidget)


def _text(label, **attrs) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=60, widget=UnfoldAdminTextInputWidget(attrs=attrs)
    )


def _day(label, **kwargs) -> forms.DateField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD"})
    return forms.DateField(label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget, **kwargs)


def _money(label) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )


def _area(label, *, rows: int, placeholder: str, help_text="") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        help_text=help_text,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": rows, "placeholder": placeholder, "spellcheck": "false"}
        ),
    )


class TrialForm(forms.Form):
    rules = forms.ChoiceField(label=gettext_lazy("City and version"), widget=UnfoldAdminSelectWidget)
    status = _select(pgettext_lazy("insured person", "Status"), STATUSES.items())
    birth_date = _day(gettext_lazy("Date of birth"))
    disease = _text(gettext_lazy("Disease treated"))
    diseases = _text(gettext_lazy("Diseases on record"), placeholder="D1, D2")

    category = _select(gettext_lazy("Category"), CATEGORIES.items())
    date = _day(gettext_lazy("Day of the visit"), initial=timezone.localdate)
    level = _select(gettext_lazy("Level of the facility"), [(level, WORDS[level]) for level in LEVELS])
    facility_kind = _select(
        gettext_lazy("Kind of facility"),
        [("", gettext_lazy("other")), ("village_station", WORDS["village_station"])],
    )
    locality = _select(gettext_lazy("Place"), LOCALITIES.items())
    selected_from = MonthFormField(
        label=gettext_lazy("Selected since"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM"}),
    )
    drug = _text(gettext_lazy("Drug code"))
    gate = _select(gettext_lazy("Not payable because"), ())

    total = _money(gettext_lazy("Total"))
    eligible = _money(gettext_lazy("Eligible"))
    diagnosis_fee = _money(gettext_lazy("Diagnosis fee within it"))
    consultation_fee = _money(gettext_lazy("Consultation fee within it"))

    lines = _area(
        gettext_lazy("Several visits"),
        rows=6,
        placeholder='{"id": "1", "person": "A", "date": "2023-05-10", …}',
        help_text=gettext_lazy(
            "One JSON object a line, as of manage.py adjudicate; they take the place of the visit above."
        ),
    )
    parameters = _area(
        gettext_lazy("Figures for this trial only"),
        rows=4,
        placeholder="inpatient_limit: 60000.00",
        help_text=gettext_lazy("YAML, a name and a figure a line: what the document leaves out."),
    )
    compare = forms.BooleanField(required=False, widget=forms.HiddenInput)

    PERSON = ("status", "birth_date", "disease", "diseases")
    VISIT = (
        "category",
        "date",
        "level",
        "facility_kind",
        "locality",
        "selected_from",
        "drug",
        "gate",
    )
    COST = ("total", "eligible", "diagnosis_fee", "consultation_fee")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = rules_to_choose()
        self.fields["gate"].choices = [("", "–"), *((code, in_language(GATE_LABELS[code])) for code in GATES)]
        for name, label in FLAGS.items():
            self.fields[name] = forms.BooleanField(label=label, required=False, widget=UnfoldBooleanWidget)

    @property
    def parts(self) -> list:
        """The fields of the visit by heading."""
        headings = ((_("Person"), self.PERSON), (_("Visit"), self.VISIT), (_("Cost (yuan)"), self.COST))
        return [(heading, [self[name] for name in names]) for heading, names in headings]

    @property
    def flags(self) -> list:
        return [self[name] for name in FLAGS]

    @property
    def pasted(self) -> list[str]:
        return [line for line in self.cleaned_data["lines"].splitlines() if line.strip()]

    def clean_lines(self):
        lines = self.cleaned_data["lines"]
        if len(lines.splitlines()) > MOST_LINES:
            raise forms.ValidationError(_("At most %(most)s lines.") % {"most": MOST_LINES})
        return lines

    def clean_parameters(self):
        text = self.cleaned_data["parameters"]
        try:
            self.figures = read_parameters(text)
            with_parameters(next(iter(shipped_packs().values())), self.figures)
        except PackError as error:
            raise forms.ValidationError(
                _("These figures cannot be used: %(error)s") % {"error": error}
            ) from None
        return text

    def clean(self):
        data = super().clean()
        if not data.get("lines") and "lines" not in self.errors:
            for name in ("date", "total", "eligible"):
                if name not in self.errors and data.get(name) is None:
                    self.add_error(name, _("Enter this, or paste several visits."))
        return data

    def pack(self) -> Pack:
        return pack_chosen(self.cleaned_data["rules"])

    def visit(self) -> dict:
        """The visit in the trial format; what was left empty is absent."""
        given = {name: self.cleaned_data[name] for name in (*self.PERSON, *self.VISIT)}
        visit = {"id": "1", "person": "1"} | {name: str(value) for name, value in given.items() if value}
        if given["diseases"]:
            codes = given["diseases"].replace("，", ",").replace("、", ",").split(",")
            visit["diseases"] = [code.strip() for code in codes if code.strip()]
        visit |= {name: True for name in FLAGS if self.cleaned_data[name]}
        amounts = {name: self.cleaned_data[name] for name in self.COST}
        return visit | {name: f"{amount:.2f}" for name, amount in amounts.items() if amount is not None}


def rules_to_choose() -> list:
    """The versions stored here, newest first, then every shipped pack by its city."""
    stored = [
        (f"version-{version.pk}", f"{in_language(pack_of(version).title)} {_version_label(version)}")
        for version in PolicyVersion.objects.order_by("scheme", "-number")
    ]
    shipped = [(name, in_language(pack.title)) for name, pack in shipped_packs().items()]
    return [(_("Stored here"), stored), (_("As published"), shipped)]


def _version_label(version: PolicyVersion) -> str:
    label = _("Version %(number)s") % {"number": version.number}
    return f"{label} ({version.get_state_display()})"


def first_choice() -> str:
    """The newest approved version of the city's first scheme."""
    return f"version-{newest_version(scheme=schemes_here()[0]).pk}"


def pack_chosen(rules: str) -> Pack:
    prefix, dash, number = rules.partition("-")
    if prefix == "version" and dash:
        return pack_of(PolicyVersion.objects.get(pk=number))
    return shipped_packs()[rules]
