from django.contrib import admin
from django.urls import include, path

from accounts.admin.income_page import income_page
from accounts.admin.statement_page import statement_page
from facilities.admin.agreement_pages import renewals_page
from monitoring.admin.fund_page import fund_page, refresh_fund
from monitoring.running import running_page
from office.admin.approvals import waiting_page
from office.admin.coverage import coverage_page
from office.admin.exports import export_file, my_exports_page
from office.admin.help_pages import glossary_page, help_page
from office.admin.months import months_page
from office.admin.pages import guarded
from office.admin.palette import palette
from office.admin.session_pages import reset_factor_page, sessions_page
from office.admin.sign_in_pages import code_page, own_page, password_page, setup_page, signed_in
from operations.system_page import system_page
from settlement.trial_page import trial_page

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("waiting/", guarded(waiting_page, permission="office.view_run"), name="waiting"),
    path("running/", admin.site.admin_view(running_page), name="running"),
    path("trial/", guarded(trial_page, permission="office.view_policyversion"), name="trial"),
    path("coverage/", guarded(coverage_page, permission="office.view_policyversion"), name="coverage"),
    path("months/", guarded(months_page, permission="office.view_periodevent"), name="months"),
    path("renewals/", guarded(renewals_page, permission="facilities.view_agreement"), name="renewals"),
    path("sign-in/code/", signed_in(code_page), name="second_factor_code"),
    path("sign-in/second-factor/", signed_in(setup_page), name="second_factor_setup"),
    path("password_change/", signed_in(password_page)),  # in the place of the admin's own
    path("my-sign-in/", signed_in(own_page), name="own_sign_in"),
    path("sessions/", guarded(sessions_page, permission="office.view_signin"), name="sessions"),
    path(
        "sessions/second-factor/<int:number>/",
        guarded(reset_factor_page, permission="office.change_staff"),
        name="reset_factor",
    ),
    path(
        "statement/<int:number>/",
        guarded(statement_page, permission="accounts.view_account"),
        name="account_statement",
    ),
    path(
        "statement/<int:number>/<str:extension>/",
        guarded(statement_page, permission="accounts.view_account"),
        name="account_statement_file",
    ),
    path("fund/", guarded(fund_page, permission="monitoring.view_fundsum"), name="fund"),
    path("fund/refresh/", guarded(refresh_fund, permission="monitoring.view_fundsum"), name="fund_refresh"),
    path("income/", guarded(income_page, permission="accounts.view_account"), name="income"),
    path("help/", signed_in(help_page), name="help"),
    path("help/glossary/", signed_in(glossary_page), name="glossary"),
    path("help/<slug:name>/", signed_in(help_page), name="help"),
    path("find/", admin.site.admin_view(palette), name="palette"),
    path("exports/", admin.site.admin_view(my_exports_page), name="exports"),
    path("exports/<int:number>/", admin.site.admin_view(export_file), name="export_file"),
    path("system/", guarded(system_page, permission="operations.view_backup"), name="system"),
    path("", admin.site.urls),
]
