"""Yearly assessments: the items and results of a year, the points of each facility, signing off."""

from django import forms
from django.contrib import admin
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.admin.acts import ActsAdmin, RecordAct
from facilities.admin.filters import Year
from facilities.assessments import enter_points, items_of, points_of, sign_off
from facilities.models import Assessment, AssessmentGrade, AssessmentItem
from office.admin.panels import Panel
from office.admin.records import RecordAdmin
from office.templatetags.figures import badge


class Signed(DropdownFilter):
    title = gettext_lazy("signed off")
    parameter_name = "signed"

    def lookups(self, request, model_admin):
        return [("yes", _("Signed off")), ("no", _("not signed off"))]

    def queryset(self, request, queryset):
        wanted = {"yes": False, "no": True}.get(self.value())
        return queryset if wanted is None else queryset.filter(signed_at__isnull=wanted)


class SchemeAdmin(RecordAdmin):
    """What the assessments of a year go by: open to change until the first of them is signed off."""

    list_filter = [Year]
    sortable_by = ()

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and _in_use(obj.year))

    def has_delete_permission(self, request, obj=None):
        return ModelAdmin.has_delete_permission(self, request, obj) and not (obj and _in_use(obj.year))


def _in_use(year: int) -> bool:
    return Assessment.objects.filter(year=year, signed_at__isnull=False).exists()


@admin.register(AssessmentItem)
class AssessmentItemAdmin(SchemeAdmin):
    list_display = ["year", "number", "title", "most"]
    list_display_links = ["title"]
    ordering = ["-year", "number"]
    fields = [("year", "number"), ("title", "most")]
    add_label = gettext_lazy("Add an item")


@admin.register(AssessmentGrade)
class AssessmentGradeAdmin(SchemeAdmin):
    list_display = ["year", "least", "title"]
    list_display_links = ["title"]
    ordering = ["-year", "-least"]
    fields = ["year", ("least", "title")]
    add_label = gettext_lazy("Add a result")


def points_form(assessment: Assessment) -> type[forms.Form]:
    """A form with a field for each item of the year."""
    return type(
        "PointsForm",
        (forms.Form,),
        {
            str(item.number): forms.DecimalField(
                label=f"{item.number}. {item.title}",
                help_text=_("at most %(most)s") % {"most": item.most},
                required=False,
                min_value=0,
                max_value=item.most,
                max_digits=5,
                decimal_places=2,
                widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
            )
            for item in items_of(assessment)
        },
    )


def enter(assessment: Assessment, *, by, **points) -> None:
    enter_points(assessment, by=by, points={int(number): score for number, score in points.items()})


def points(request, assessment) -> Panel:
    """The items of the year and what the facility got for each."""
    entered = {score.item_id: score for score in assessment.scores.select_related("entered_by")}
    items = items_of(assessment)
    rows = []
    for item in items:
        score = entered.get(item.pk)
        rows.append(
            (f"{item.number}. {item.title}", item.most, score and score.score, score and score.entered_by)
        )
    return Panel(
        title=_("Points"),
        figures=[
            (_("points in all"), sum(score.score for score in entered.values())),
            (_("out of"), sum(item.most for item in items)),
        ],
        columns={
            _("Item"): "text",
            _("Most points"): "money",
            _("Points"): "money",
            _("Entered by"): "text",
        },
        rows=rows,
        empty=_("The year has no items yet: the policy officer enters them."),
    )


ACTS = (
    RecordAct(
        name="points",
        label=gettext_lazy("Enter points"),
        explained=gettext_lazy("Points may be changed until the assessment is signed off."),
        done=gettext_lazy("The points were entered."),
        form=forms.Form,
        do=enter,
        open_to=lambda assessment: assessment.signed_at is None and items_of(assessment),
    ),
    RecordAct(
        name="sign",
        label=gettext_lazy("Sign off"),
        explained=gettext_lazy(
            "Sign for exactly these points? Nobody changes them after that; deposits and renewals go by them."
        ),
        done=gettext_lazy("The assessment is signed off."),
        form=forms.Form,
        do=sign_off,
        permission="facilities.sign_assessment",
        open_to=lambda assessment: assessment.signed_at is None and items_of(assessment),
        consequences=lambda request, assessment: [points(request, assessment)],
    ),
)


@admin.register(Assessment)
class AssessmentAdmin(ActsAdmin, RecordAdmin):
    empty_note = gettext_lazy("A facility's year is assessed here, item by item.")
    list_display = ["facility", "year", "total", "shown_result", "shown_state", "signed_by"]
    list_display_links = ["facility"]
    list_select_related = ["facility", "signed_by"]
    list_filter = [
        Year,
        Signed,
        ("facility__county", RelatedDropdownFilter),
        ("facility__level", ChoicesDropdownFilter),
    ]
    ordering = ["-year", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = [("facility", "year"), "remark"]
    add_label = gettext_lazy("Assess a facility")
    acts = ACTS
    panels = [points]
    history_along = ("scores",)

    def get_queryset(self, request):
        return super().get_queryset(request).scored()

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["facility", "year"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.signed_at)

    def response_post_save_add(self, request, assessment):
        """On to its page, where the points are entered."""
        return redirect("admin:facilities_assessment_change", assessment.pk)

    def form_of(self, act, assessment):
        return points_form(assessment) if act.name == "points" else super().form_of(act, assessment)

    def initial_of(self, act, assessment):
        return {str(number): score for number, score in points_of(assessment).items()}

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, assessment):
        facts = [str(assessment.facility), str(assessment.year)]
        if assessment.signed_by:
            facts.append(f"{assessment.total} · {assessment.result}")
            facts.append(_("signed off by %(who)s") % {"who": assessment.signed_by})
        return {"state": _state_of(assessment), "facts": facts}

    @admin.display(description=gettext_lazy("points"))
    def total(self, assessment):
        return assessment.total

    @admin.display(description=gettext_lazy("result"))
    def shown_result(self, assessment):
        return assessment.result if assessment.signed_by else "–"

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, assessment):
        return badge(*_state_of(assessment))


def _state_of(assessment: Assessment) -> tuple[str, str]:
    return ("approved", _("Signed off")) if assessment.signed_at else ("held", _("not signed off"))
