from django.contrib import admin
from django.urls import include, path

from office.admin.approvals import waiting_page
from office.admin.coverage import coverage_page
from office.admin.pages import guarded
from settlement.trial_page import trial_page

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("waiting/", guarded(waiting_page, permission="office.view_run"), name="waiting"),
    path("trial/", guarded(trial_page, permission="office.view_policyversion"), name="trial"),
    path("coverage/", guarded(coverage_page, permission="office.view_policyversion"), name="coverage"),
    path("", admin.site.urls),
]
