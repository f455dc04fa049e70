"""What surrounds every page: the name, the colours and the sidebar, ordered by work and cut to the role."""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazystr
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

NAME = "共济 Gongji"


def site_header(request) -> str:
    """The short name and the city, which is what tells two portals apart."""
    language = get_language()
    return f"{'共济' if language.startswith('zh') else 'Gongji'} · {city_name(language)}"


@cache
def city_name(language: str) -> str:
    """The served city in the reader's language; it does not change while we run."""
    from office.models import City

    city = City.objects.filter(code=settings.CITY).first()
    if city is None:
        return settings.CITY
    return city.name if language.startswith("zh") else city.name_en


def environment(request):
    """A label beside the title, so that nobody takes a demo for the real books."""
    return [str(_("Demo")), "warning"] if settings.DEMO else None


def without_inline_style(request) -> dict:
    """The colours stand in `portal.css`: Unfold would write them into the page, which its policy refuses."""
    return {"colors": None}


def allowed(*permissions: str):
    """Shows a sidebar entry to who holds any of the permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def entry(title, icon: str, model: str, query: str = "") -> dict:
    """A sidebar entry for the list of a model, given as "app.model", for whom its admin lets in."""
    app, name = model.split(".")

    def permission(request) -> bool:
        return admin.site.get_model_admin(apps.get_model(model)).has_view_permission(request)

    url = reverse_lazy(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": lazystr(f"{url}{query}") if query else url,
        "permission": permission,
    }


def inbox(request) -> dict:
    """What waits for the person, with its count: in red while some of it is news."""
    from office.worklist import count_for

    waiting, news = count_for(request) if request.user.is_authenticated else (0, 0)
    return {
        "title": _("Waiting for me"),
        "icon": "inbox",
        "link": reverse_lazy("waiting"),
        "permission": allowed("office.view_run"),
        "badge": str(waiting) if waiting else "",
        "badge_variant": "danger" if news else "primary",
        "badge_style": "solid" if news else "",
    }


def renewals(request) -> dict:
    """The agreements to renew, with their count."""
    from facilities.admin.agreement_pages import COUNTED, waiting_for_renewal

    count = waiting_for_renewal(request)
    return {
        "title": _("Agreements to renew"),
        "icon": "autorenew",
        "link": reverse_lazy("renewals"),
        "permission": allowed("facilities.view_agreement"),
        "badge": f"{COUNTED - 1}+" if count == COUNTED else str(count or ""),
        "badge_variant": "warning",
    }


def page(title, icon: str, name: str, permission: str = "office.view_policyversion") -> dict:
    """A sidebar entry for a page that belongs to no model."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": allowed(permission),
    }


def own_exports() -> dict:
    """The sidebar entry for lists on their way out: for whoever may export any."""
    return {
        "title": _("My exports"),
        "icon": "download",
        "link": reverse_lazy("exports"),
        "permission": allowed("office.export_lists", "office.export_history", "office.export_accessrecord"),
    }


def sidebar(request) -> list[dict]:
    """The rooms of work, top to bottom as a clerk's month goes."""
    return [
        {
            "items": [
                {"title": _("Workbench"), "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
                inbox(request),
                own_exports(),
                {"title": _("Help"), "icon": "help", "link": reverse_lazy("help")},
            ],
        },
        {
            "title": _("Enrolment"),
            "items": [
                entry(_("Insured people"), "groups", "insured.person"),
                entry(_("Facility selections"), "how_to_vote", "insured.selection"),
                entry(_("Family links"), "family_restroom", "insured.familylink"),
                entry(_("Filings out of the area"), "travel_explore", "insured.filing"),
                entry(_("Certified diseases"), "clinical_notes", "insured.certifieddisease"),
                entry(_("Referrals"), "swap_calls", "insured.referral"),
                entry(_("Employers"), "apartment", "insured.employer"),
                entry(_("Imports"), "upload_file", "office.importfile"),
            ],
        },
        {
            "title": _("Facilities"),
            "items": [
                entry(_("Designated facilities"), "local_hospital", "facilities.facility"),
                entry(_("Agreements"), "contract", "facilities.agreement"),
                renewals(request),
                entry(_("Assessments"), "grading", "facilities.assessment"),
                entry(_("Actual usage"), "monitoring", "settlement.facilityusage"),
                entry(_("Year-end deductions"), "money_off", "settlement.yearenddeduction"),
            ],
        },
        {
            "title": _("Monthly work"),
            "items": [
                entry(_("Visits"), "stethoscope", "settlement.visit"),
                entry(_("Batches of visits"), "dynamic_feed", "settlement.visitbatch"),
                entry(_("Reconciliation"), "balance", "settlement.reconciliation"),
                entry(_("Manual reimbursements"), "receipt_long", "settlement.claim"),
                entry(_("Runs"), "event_repeat", "office.run"),
                entry(_("Credits at once"), "playlist_add", "accounts.lumpcredit", "?stands__exact=waiting"),
                entry(_("Frozen headcounts"), "groups_2", "settlement.headcount"),
                entry(_("Year ends"), "event_available", "settlement.yearend"),
                page(_("Month close"), "lock_clock", "months", "office.view_periodevent"),
                entry(_("Delegations"), "supervisor_account", "office.delegation"),
            ],
        },
        {
            "title": _("Accounts"),
            "items": [
                entry(_("Accounts"), "account_balance_wallet", "accounts.account"),
                entry(_("Uses of accounts"), "shopping_bag", "accounts.accountuse"),
                entry(_("Receivables"), "assignment_return", "accounts.receivable"),
                entry(_("Transfers"), "swap_horiz", "accounts.transfer"),
                entry(_("Payouts and moves"), "move_up", "accounts.application"),
                entry(_("Receipts of the fund"), "add_card", "accounts.fundreceipt"),
                page(_("Income and expenditure"), "finance_mode", "income", "accounts.view_account"),
                entry(_("Proof of the books"), "verified", "accounts.bookscheck"),
            ],
        },
        {
            "title": _("Payments"),
            "items": [
                entry(_("Statements"), "request_quote", "settlement.statement"),
                entry(_("Recoveries of visits"), "currency_exchange", "settlement.visitrecovery"),
                entry(_("Payment orders"), "payments", "settlement.paymentorder"),
                entry(_("Bank files"), "account_balance", "settlement.bankfile"),
                entry(_("Verify documents"), "verified_user", "office.document"),
            ],
        },
        {
            "title": _("Monitoring"),
            "items": [
                page(_("Fund operation"), "monitoring", "fund", "monitoring.view_fundsum"),
                entry(_("Budgets of the fund"), "savings", "monitoring.fundbudget"),
                entry(_("Alerts"), "notification_important", "monitoring.alert"),
                entry(_("Indicators"), "query_stats", "monitoring.indicatorvalue"),
                entry(_("Limits of indicators"), "vertical_align_top", "monitoring.indicatorlimit"),
                entry(_("Monitoring rules"), "rule", "monitoring.rulesetting"),
            ],
        },
        {
            "title": _("Rules"),
            "items": [
                page(_("Trial calculation"), "calculate", "trial"),
                entry(_("Benefit trials"), "science", "monitoring.benefittrial"),
                entry(_("Policy versions"), "gavel", "office.policyversion"),
                entry(_("Comparison thresholds"), "compare_arrows", "office.threshold"),
                entry(_("Assessment items"), "list_alt", "facilities.assessmentitem"),
                entry(_("Assessment results"), "military_tech", "facilities.assessmentgrade"),
                page(_("Coverage of the documents"), "checklist", "coverage"),
            ],
        },
        {
            "title": _("Audit"),
            "items": [
                entry(_("Changes of records"), "history", "office.history"),
                entry(_("Access records"), "visibility", "office.accessrecord"),
                entry(_("Daily seals"), "lock_clock", "office.historyhead"),
            ],
        },
        {
            "title": _("System"),
            "items": [
                entry(_("Staff"), "badge", "office.staff"),
                {
                    "title": _("Sessions"),
                    "icon": "devices",
                    "link": reverse_lazy("sessions"),
                    "permission": allowed("office.view_signin"),
                },
                entry(_("Roles"), "shield_person", "auth.group"),
                entry(_("Approval chains"), "approval", "office.approvalchain"),
                entry(_("Steps of manual reimbursements"), "approval_delegation", "settlement.claimstep"),
                entry(_("Schedule"), "schedule", "django_celery_beat.periodictask"),
                entry(_("Working days"), "calendar_month", "office.workingday"),
                entry(_("Due days"), "event_upcoming", "office.dueday"),
                page(_("State of the system"), "monitor_heart", "system", "operations.view_backup"),
            ],
        },
    ]


UNFOLD = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": "config.interface.site_header",
    "SITE_SYMBOL": "handshake",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("office/favicon.svg")}
    ],
    "ENVIRONMENT": "config.interface.environment",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("office/portal.css")],
    "SCRIPTS": [
        lambda request: static("office/htmx-settings.js"),
        lambda request: static("office/keyboard.js"),
        lambda request: static("office/names.js"),
        lambda request: static("office/filters.js"),
    ],
    "GLOBAL_CALLBACK": "config.interface.without_inline_style",
    "ACCOUNT": {"navigation": [{"title": _("My sign-in"), "link": reverse_lazy("own_sign_in")}]},
    "DASHBOARD_CALLBACK": "monitoring.dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": sidebar},
}
