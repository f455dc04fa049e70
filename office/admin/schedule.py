"""When recurring work is asked for: celery-beat's own tables, in the portal's manner."""

import json

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beats_own
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from office.admin.records import RecordAdmin
from office.models import DueDay, RunKindName

# Importing it registers its pages, which are then replaced by ours.
for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    if admin.site.get_model_admin(model).__module__ == beats_own.__name__:
        admin.site.unregister(model)

WORK = {
    "office.tasks.sweep": _("Ask again for what a worker lost"),
    "settlement.tasks.sweep_bank_files": _("Ask again for bank files a worker lost"),
    "office.tasks.seal_history": _("Seal the history of the day before"),
    "settlement.tasks.compare_late": _("Compare facilities' reports of the last months again"),
    "settlement.tasks.sweep_visits": _("Take up visits that wait to be settled"),
    "monitoring.tasks.sweep_benefit_trials": _("Take up benefit trials that a worker lost"),
    "monitoring.tasks.watch_recent": _("Look for alerts in the last months"),
    "operations.tasks.heartbeat": _("Sign of life of worker and schedule"),
    "operations.tasks.take_backup": _("Back up the database and the uploads"),
    "accounts.tasks.prove_books": _("Prove the books"),
    "monitoring.tasks.sum_fund": _("Sum the fund's income and expenditure"),
    "facilities.tasks.show_placements": _("Show the facilities' levels and parents of the new month"),
}


def in_words(schedule) -> str:
    """A crontab or an interval as people say it."""
    if isinstance(schedule, IntervalSchedule):
        return gettext("every %(count)s %(period)s") % {
            "count": schedule.every,
            "period": schedule.get_period_display(),
        }
    if schedule is None:
        return ""
    when = {
        "time": f"{schedule.hour:0>2}:{schedule.minute:0>2}",
        "days": schedule.day_of_month,
        "months": schedule.month_of_year,
        "weekdays": schedule.day_of_week,
    }
    words = (
        gettext("every month on %(days)s at %(time)s")
        if schedule.month_of_year == "*"
        else gettext("in month %(months)s on %(days)s at %(time)s")
    )
    if schedule.day_of_month == "*":
        words = gettext("every day at %(time)s")
    if schedule.day_of_week != "*":
        words = gettext("on weekdays %(weekdays)s at %(time)s")
    return words % when


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(RecordAdmin):
    """What is asked for is the portal's own; when, and whether at all, is the agency's to say."""

    list_display = ["what", "timing", "enabled", "last_run_at"]
    list_display_links = ["what"]
    list_select_related = ["crontab", "interval"]
    ordering = ["id"]
    sortable_by = ()
    fields = ["what", "enabled", ("crontab", "interval")]
    readonly_fields = ["what"]

    @admin.display(description=_("work"))
    def what(self, task):
        if task.task == "office.tasks.prepare_due":
            return _("Prepare: %(kind)s") % {"kind": RunKindName(json.loads(task.args)[0]).label}
        if task.task.startswith("celery."):
            return _("Celery's own cleaning up")
        return WORK.get(task.task, task.name)

    @admin.display(description=_("when"))
    def timing(self, task):
        return in_words(task.crontab or task.interval)

    def title_of(self, record):
        return self.what(record)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.label_from_instance = in_words
        return field

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Without celery-beat's help, which is written for programmers."""
        return super().formfield_for_dbfield(db_field, request, **kwargs | {"help_text": ""})

    def has_add_permission(self, request):
        return False


@admin.register(CrontabSchedule)
class CrontabAdmin(RecordAdmin):
    list_display = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]
    ordering = ["id"]
    sortable_by = ()
    fields = [("minute", "hour"), ("day_of_month", "month_of_year"), "day_of_week"]

    def title_of(self, record):
        return in_words(record)


@admin.register(IntervalSchedule)
class IntervalAdmin(RecordAdmin):
    list_display = ["every", "period"]
    ordering = ["id"]
    sortable_by = ()
    fields = [("every", "period")]

    def title_of(self, record):
        return in_words(record)


@admin.register(DueDay)
class DueDayAdmin(RecordAdmin):
    """The dates of the month's work, as the workbench holds the office to them."""

    list_display = ["step", "day"]
    ordering = ["day", "pk"]
    sortable_by = ()
    fields = ["step", "day"]
    readonly_fields = ["step"]

    def has_add_permission(self, request):
        return False
