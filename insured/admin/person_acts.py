"""What a clerk may do with a person: the buttons of the page, the form behind each, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from insured import endings, merging, recording, spells
from insured.models import (
    ENDINGS,
    Employer,
    Enrolment,
    Person,
    PersonChange,
    PersonChangeKind,
    RetirementGroup,
    Status,
)
from insured.search import find_people
from office.admin.records import MONTH_INPUT
from office.fields import MonthFormField
from office.models import County, Staff
from office.scope import in_scope
from policies.month import Month

BASE = gettext_lazy("monthly base")
AT_WORK = (Status.ACTIVE, Status.FLEXIBLE, Status.UNEMPLOYED_PAID, Status.INJURY_PAID, Status.INPATIENT_ONLY)


@dataclass(frozen=True)
class Standing:
    """How a person stands this month: the spell there is, and whether any other month is insured."""

    person: Person
    now: Enrolment | None
    ever: bool
    later: bool

    @classmethod
    def of(cls, person: Person) -> "Standing":
        month = Month.of(timezone.localdate())
        spells_there = list(person.enrolments.select_related("county", "employer"))
        covering = (s for s in spells_there if s.first_month <= month <= (s.last_month or month))
        return cls(
            person=person,
            now=next(covering, None),
            ever=bool(spells_there),
            later=any(s.last_month is None or s.last_month > month for s in spells_there),
        )

    @property
    def alive(self) -> bool:
        return self.person.died_on is None

    @property
    def retired(self) -> bool:
        return self.now is not None and self.now.status in spells.RETIRED


def month_field(label, **options) -> MonthFormField:
    return MonthFormField(label=label, widget=UnfoldAdminTextInputWidget(attrs=MONTH_INPUT), **options)


def base_field(label, **options) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=14,
        decimal_places=2,
        min_value=0,
        widget=UnfoldAdminDecimalFieldWidget,
        **options,
    )


def choice_field(label, choices, **options) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget, **options)


class EmployerField(forms.CharField):
    """An employer by its code; nothing when left empty."""

    def __init__(self):
        super().__init__(
            label=gettext_lazy("employer code"), required=False, widget=UnfoldAdminTextInputWidget
        )

    def clean(self, value):
        code = super().clean(value).strip()
        employer = Employer.objects.filter(code=code).first()
        if code and employer is None:
            raise ValidationError(_("There is no employer with this code."))
        return employer


class ActForm(forms.Form):
    """Every change says why; fields are named as the parameters of what the act does."""

    def __init__(self, *args, person: Person, staff: Staff, **kwargs):
        super().__init__(*args, **kwargs)
        self.person, self.staff = person, staff
        self.fields["reason"] = forms.CharField(
            label=gettext_lazy("Reason"),
            max_length=200,
            widget=UnfoldAdminTextInputWidget,
            help_text=gettext_lazy("What it rests on: the document and its number."),
        )


class RetireForm(ActForm):
    completed = month_field(
        gettext_lazy("retirement completed in"),
        help_text=gettext_lazy("Insured as retired from the month after."),
    )
    group = choice_field(gettext_lazy("retired from"), RetirementGroup.choices)
    base = base_field(
        gettext_lazy("pension"),
        required=False,
        help_text=gettext_lazy("Where the credit goes by it; else empty."),
    )


class ReturnForm(ActForm):
    month = month_field(gettext_lazy("from month"))
    status = choice_field(gettext_lazy("status"), [(s.value, s.label) for s in AT_WORK])
    base = base_field(BASE)
    employer = EmployerField()


class SuspendForm(ActForm):
    month = month_field(gettext_lazy("from month"))
    last = month_field(
        gettext_lazy("last month"), required=False, help_text=gettext_lazy("Empty: until resumed.")
    )


class ResumeForm(ActForm):
    month = month_field(gettext_lazy("from month"))
    base = base_field(BASE, required=False, help_text=gettext_lazy("Empty: as before."))


class ChangeForm(ActForm):
    month = month_field(gettext_lazy("from month"))
    last = month_field(
        gettext_lazy("last month"), required=False, help_text=gettext_lazy("Empty: all later months, too.")
    )
    base = base_field(BASE, required=False)
    status = choice_field(
        gettext_lazy("status"), [("", "—"), *((s.value, s.label) for s in AT_WORK)], required=False
    )
    employer = EmployerField()
    county = forms.ModelChoiceField(
        County.objects.none(),
        label=gettext_lazy("county"),
        required=False,
        empty_label="—",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["county"].queryset = in_scope(County.objects.all(), staff=self.staff, by=("pk",))

    def clean(self):
        data = super().clean()
        named = ("base", "status", "employer", "county")
        if not self.errors and all(data.get(name) in (None, "") for name in named):
            raise ValidationError(_("Say what changes; what is left empty stays as it is."))
        return data


class EndForm(ActForm):
    kind = choice_field(
        gettext_lazy("kind of ending"), [(kind.value, kind.label) for kind in ENDINGS], initial="died"
    )
    day = forms.DateField(
        label=gettext_lazy("day"),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD"}),
        help_text=gettext_lazy("The month of this day is the last one insured."),
    )


class MergeForm(ActForm):
    dropped = forms.CharField(
        label=gettext_lazy("the other record"),
        max_length=30,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its whole document number, or its person number."),
    )

    def clean_dropped(self):
        text = self.cleaned_data["dropped"].strip()
        found = list(find_people(Person.objects.exclude(pk=self.person.pk), text)[:2])
        if len(found) != 1:
            raise ValidationError(_("There is no one other record with this number."))
        return found[0]


class UndoForm(ActForm):
    """Which change is meant comes from the link that led here."""

    kinds = tuple(kind for kind in PersonChangeKind if kind != PersonChangeKind.MERGED)
    change = forms.ModelChoiceField(PersonChange.objects.none(), widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["change"].queryset = self.person.changes.filter(kind__in=self.kinds)


class UnmergeForm(UndoForm):
    kinds = (PersonChangeKind.MERGED,)


def _undo(person: Person, *, change: PersonChange, **told) -> None:
    recording.undo(change, **told)


def _merge(person: Person, *, dropped: Person, **told) -> None:
    merging.merge(kept=person, dropped=dropped, **told)


@dataclass(frozen=True, kw_only=True)
class PersonAct:
    """One button: for whom it is and when, what it asks, and what it does; `explained` says it in a sentence.

    do: takes the person, what the form gives, and who acts; raises ValidationError.
    """

    name: str
    label: str
    explained: str
    form: type[ActForm]
    do: Callable[..., None]
    fits: Callable[[Standing], bool] = lambda standing: False
    permission: str = "insured.change_enrolment"
    danger: bool = False

    def open_to(self, standing: Standing, staff: Staff) -> bool:
        return not standing.person.merged_into_id and staff.has_perm(self.permission) and self.fits(standing)


ACTS = {
    act.name: act
    for act in (
        PersonAct(
            name="retire",
            label=gettext_lazy("Retire"),
            explained=gettext_lazy("Insured as retired from the month after retirement was completed."),
            form=RetireForm,
            do=spells.retire,
            fits=lambda s: s.alive and s.now is not None and s.now.scheme == "310" and not s.retired,
        ),
        PersonAct(
            name="return",
            label=gettext_lazy("Return to work"),
            explained=gettext_lazy("Insured as working again from a month on."),
            form=ReturnForm,
            do=spells.return_to_work,
            fits=lambda s: s.alive and s.retired,
        ),
        PersonAct(
            name="change",
            label=gettext_lazy("Change terms"),
            explained=gettext_lazy(
                "Another base, status, employer or county from a month on, past or to come."
            ),
            form=ChangeForm,
            do=spells.change,
            fits=lambda s: s.ever,
        ),
        PersonAct(
            name="suspend",
            label=pgettext_lazy("insurance", "Suspend"),
            explained=gettext_lazy("Not insured from a month on, or for some months."),
            form=SuspendForm,
            do=spells.suspend,
            fits=lambda s: s.later,
        ),
        PersonAct(
            name="resume",
            label=gettext_lazy("Resume"),
            explained=gettext_lazy(
                "Insured again from a month on, on the terms of the last spell before it."
            ),
            form=ResumeForm,
            do=spells.resume,
            fits=lambda s: s.alive and s.ever and s.now is None,
        ),
        PersonAct(
            name="end",
            label=gettext_lazy("Record an ending"),
            explained=gettext_lazy(
                "A death, emigration, conscription or move ends every spell and selection after its month."
            ),
            form=EndForm,
            do=endings.end,
            fits=lambda s: s.alive,
            danger=True,
        ),
        PersonAct(
            name="merge",
            label=gettext_lazy("Merge records"),
            explained=gettext_lazy(
                "The same human being is on record twice: what belongs to the other record moves to this one."
            ),
            form=MergeForm,
            do=_merge,
            fits=lambda s: True,
            permission="insured.merge_person",
            danger=True,
        ),
        PersonAct(
            name="undo",
            label=gettext_lazy("Undo the change"),
            explained=gettext_lazy("Everything the change replaced is put back exactly as it was."),
            form=UndoForm,
            do=_undo,
            danger=True,
        ),
        PersonAct(
            name="unmerge",
            label=gettext_lazy("Undo the merge"),
            explained=gettext_lazy("What was moved goes back to the other record, which is listed again."),
            form=UnmergeForm,
            do=_undo,
            permission="insured.merge_person",
            danger=True,
        ),
    )
}


def acts_open_to(standing: Standing, staff: Staff) -> list[PersonAct]:
    """The buttons of the page; undoing is offered beside what can be undone."""
    return [act for act in ACTS.values() if act.open_to(standing, staff)]
