from django.contrib import admin
from django.urls import include, path

from office.admin.coverage import coverage_page
from office.admin.pages import guarded
from operations.system_page import system_page
from settlement.trial_page import trial_page

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("trial/", guarded(trial_page, permission="office.view_policyversion"), name="trial"),
    path("coverage/", guarded(coverage_page, permission="office.view_policyversion"), name="coverage"),
    path("system/", guarded(system_page, permission="operations.view_backup"), name="system"),
    path("", admin.site.urls),
]
