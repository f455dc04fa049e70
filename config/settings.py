"""All settings, each read from the environment or from `.env` (see README, "In production")."""

import base64
import tomllib
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from config.broker_options import BROKER_OPTIONS, broker_url
from config.interface import UNFOLD
from office.sealing import read_field_keys, read_key

__all__ = ["UNFOLD"]

# Shared tasks bind to the application there is when they are imported. It is imported here, not by
# `config/__init__.py`: the keepers of the embedded services live in this package and need no Celery.
from config.celery import app as app

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

# The one city this process serves, by its GB/T 2260 code; its tables live in the schema c<CITY>.
CITY = env("CITY", default="441600")

# Demo mode is on when the embedded services are used: known sign-ins, and --as on the command line.
DEMO = env.bool("DEMO", default=False)
ALLOW_COMMAND_LINE_USERS = env.bool("ALLOW_COMMAND_LINE_USERS", default=DEMO)

DEMO_SECRET_KEY = "demo-only-key-that-protects-nothing-and-is-refused-in-production-00"
SECRET_KEY = env("SECRET_KEY", default=DEMO_SECRET_KEY if DEMO else "")
if not DEMO and (not SECRET_KEY or SECRET_KEY == DEMO_SECRET_KEY):
    raise ImproperlyConfigured("Set SECRET_KEY in the environment: 50 random characters or more.")

# Identity numbers, phones and bank accounts are sealed under FIELD_KEYS (`k2:base64,k1:base64`, the first one
# seals, the others still open) and found by INDEX_KEY; each 32 random bytes in base64 (docs/keys.md).
DEMO_KEY = base64.b64encode(b"demo-only-key-protecting-nothing").decode()
FIELD_KEYS = read_field_keys(env("FIELD_KEYS", default=f"demo:{DEMO_KEY}" if DEMO else ""))
INDEX_KEY = read_key(env("INDEX_KEY", default=DEMO_KEY if DEMO else ""), name="INDEX_KEY")
if not DEMO and base64.b64decode(DEMO_KEY) in (INDEX_KEY, *FIELD_KEYS.values()):
    raise ImproperlyConfigured("FIELD_KEYS and INDEX_KEY: the demo's keys protect nothing; make your own.")

# Every sealed column, with the column that tells the row its values are bound to.
SEALED_COLUMNS = {
    "insured_person.document_sealed": "document_index",
    "insured_person.phone_sealed": "document_index",
    "insured_familylink.relative_document_sealed": "relative_document_index",
    "facilities_facility.bank_account_sealed": "code",
    "accounts_share.bank_account_sealed": "sealed_for",
    "settlement_paymentorder.account_sealed": "number",
    "settlement_claim.account_sealed": "sealed_for",
    "settlement_claim.phone_sealed": "sealed_for",
    "office_export.query_sealed": "stored_as",
}
# Whose files lie sealed under `stored_as`.
STORED_FILES = ["office.importfile", "office.export", "settlement.bankfile"]

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEMO else [])

INSTALLED_APPS = [
    "office",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "import_export",
    "django_celery_beat",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
    "facilities",
    "insured",
    "accounts",
    "settlement",
    "monitoring",
    "operations",
]

MIDDLEWARE = [
    "operations.probes.ProbesMiddleware",
    "operations.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "office.browser_rules.BrowserRulesMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # what `collectstatic` has not compressed already
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",  # what a page may load: on pages, not on each file they load
    "django.contrib.sessions.middleware.SessionMiddleware",
    "office.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "office.middleware.ActingMiddleware",
    "office.sessions.SignedInMiddleware",
    "axes.middleware.AxesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Pages are served as c<CITY>_app, which owns nothing and sees the counties of whoever asks; workers and
# commands take c<CITY>_jobs, which sees the whole city; `migrate` works as the owner. See `city_schema.py`.
SERVES_PAGES = env.bool("SERVES_PAGES", default=False)
PAGES_ROLE, JOBS_ROLE = f"c{CITY}_app", f"c{CITY}_jobs"
DATABASES = {"default": env.db("DATABASE_URL")}
if not SERVES_PAGES:
    # A worker that is frozen in mid-transaction keeps what it locked, a chunk of a run for one: after this
    # long the server ends its transaction, and another worker takes the chunk. No job of ours leaves the
    # server idle for more than seconds. (A page may: it waits for a slow upload.) The last setting is for a
    # worker that is gone while its statement runs: the server looks whether anybody still waits for it.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        f"-c role={JOBS_ROLE} -c gongji.origin=command_line"  # unless an act says otherwise
        f" -c idle_in_transaction_session_timeout={env.int('IDLE_IN_TRANSACTION_SECONDS', default=60)}s"
        " -c client_connection_check_interval=10s"
    )
# A page is one transaction (`office/acting.py`), its view a savepoint in it.
DATABASES["default"]["ATOMIC_REQUESTS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
# Statements that ask to be planned once a connection (`office.statements.prepared`) are; no others. Left to
# itself the server plans those with arrays each time anew, which takes longer than they do.
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 0)
DATABASES["default"]["OPTIONS"]["options"] = (
    f"{DATABASES['default']['OPTIONS'].get('options', '')} -c plan_cache_mode=force_generic_plan"
)
DATABASE_OWNER = env.db("DATABASE_OWNER_URL") if "DATABASE_OWNER_URL" in env else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env("REDIS_URL")},
}

AUTH_USER_MODEL = "office.Staff"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=10)
PASSWORD_CHARACTER_KINDS = env.int("PASSWORD_CHARACTER_KINDS", default=3)  # of small, capital, digit, other
PASSWORD_DAYS = env.int("PASSWORD_DAYS", default=0 if DEMO else 90)  # 0: passwords do not expire
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": "office.passwords.CharacterKinds", "OPTIONS": {"kinds": PASSWORD_CHARACTER_KINDS}},
]

# Failed sign-ins are counted by name, and by address with a limit of its own: an office shares one.
LOCK_NAME_AFTER = env.int("LOCK_NAME_AFTER", default=10)
LOCK_ADDRESS_AFTER = env.int("LOCK_ADDRESS_AFTER", default=100)
LOCK_MINUTES = env.int("LOCK_MINUTES", default=30)
AXES_HANDLER = "office.lockout.TwoLimits"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = LOCK_NAME_AFTER
AXES_COOLOFF_TIME = timedelta(minutes=LOCK_MINUTES)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or whoever keeps knocking keeps a colleague out
AXES_LOCKOUT_CALLABLE = "office.lockout.locked_page"
AXES_CLIENT_IP_CALLABLE = "office.lockout.client_address"
AXES_DISABLE_ACCESS_LOG = True  # access records say who signed in
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# One-time codes for whoever moves money (`second_factor.py`); a demo's printed passwords do without.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=not DEMO)
OTP_TOTP_ISSUER = f"Gongji {CITY}"

# Cookies do not tell ports apart: two cities on one host need names of their own.
SESSION_COOKIE_NAME = f"gongji_{CITY}"
CSRF_COOKIE_NAME = f"gongji_csrf_{CITY}"
LANGUAGE_COOKIE_NAME = f"gongji_language_{CITY}"
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=8 * 3600)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

HTTPS = env.bool("HTTPS", default=not DEMO)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
X_FRAME_OPTIONS = "DENY"
# What a page may load: its own files, no inline script or style. Pages inside the frame of the admin
# evaluate Alpine's attributes besides (`browser_rules.py`); nothing else is loosened anywhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
# Our own texts, and those that the libraries leave in English; both win over the libraries'.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "borrowed"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEMO
WHITENOISE_AUTOREFRESH = False

# Uploads lie outside the checkout and the web root, under random names.
DATA_DIR = Path(env("DATA_DIR", default="/var/lib/gongji"))
MEDIA_ROOT = env.path("UPLOADS_DIR", default=DATA_DIR / f"uploads-{CITY}")
# The daily heads of the history, for keeping elsewhere, out of the reach of who keeps this server.
HISTORY_HEADS_DIR = env.path("HISTORY_HEADS_DIR", default=DATA_DIR / "heads")
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=256 * 1024 * 1024)
IMPORT_MAX_UNPACKED_BYTES = env.int("IMPORT_MAX_UNPACKED_BYTES", default=1024 * 1024 * 1024)
UPLOADS_KEPT_DAYS = env.int("UPLOADS_KEPT_DAYS", default=60)
EXPORTS_KEPT_DAYS = env.int("EXPORTS_KEPT_DAYS", default=7)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=1_100_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# django-import-export lets any staff member in unless it is told otherwise.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"

# Work in the background that has not moved for so long is shown as stalled.
STALLED_AFTER_MINUTES = env.int("STALLED_AFTER_MINUTES", default=5)

REDIS_URL = env("REDIS_URL")
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = BROKER_OPTIONS | {"global_keyprefix": f"c{CITY}:"}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Beat writes down at once what it has asked for: that note is its sign of life.
CELERY_BEAT_SYNC_EVERY = 1

# What a run kind or an import layout does is written in the room it belongs to; this is where they are found.
RUN_KINDS = {
    "credit": "accounts.credit.CREDIT",
    "lump_credit": "accounts.lump.LUMP_CREDIT",
    "adjustment": "accounts.adjust.ADJUSTMENT",
    "interest": "accounts.interest.INTEREST",
    "prepayment": "settlement.prepay.PREPAYMENT",
    "clearing": "settlement.clearing.CLEARING",
    "year_end": "settlement.year_end.YEAR_END",
    "carry_over": "insured.carry_over.CARRY_OVER",
}
IMPORT_LAYOUTS = {
    "enrolments": "insured.enrolments.ENROLMENTS",
    "facilities": "facilities.facilities_file.FACILITIES",
    "agreements": "facilities.agreements_file.AGREEMENTS",
    "assessments": "facilities.assessments_file.ASSESSMENTS",
    "selections": "insured.selections.SELECTIONS",
    "endings": "insured.endings.ENDINGS",
    "usage": "settlement.usage.USAGE",
    "lump_credits": "accounts.lump_file.LUMP_CREDITS",
    "account_uses": "accounts.use_file.USES",
    "visits": "settlement.visit_file.VISITS",
    "reported_months": "settlement.report_files.MONTHS",
    "reported_days": "settlement.report_files.DAYS",
    "reported_bills": "settlement.report_files.BILLS",
    "bank_returns": "settlement.bank_returns.BANK_RETURNS",
}
# How the agency's banks want their files of payments.
BANK_FORMATS = env.path("BANK_FORMATS", default=BASE_DIR / "settlement" / "bank_formats.yaml")

# How long before its last day an agreement is on the list of those to renew.
AGREEMENT_RENEWAL_DAYS = env.int("AGREEMENT_RENEWAL_DAYS", default=60)
# What Ctrl-K finds, beside pages: records of these kinds, by the search of their lists.
PALETTE = ["insured.person", "facilities.facility", "office.run"]

# What monitors are told, and when (docs/operations.md).
HEARTBEAT_LATE = timedelta(seconds=env.int("HEARTBEAT_LATE_SECONDS", default=300))
BACKUP_LATE = timedelta(hours=env.int("BACKUP_LATE_HOURS", default=26))
DISK_FREE_MIN = env.int("DISK_FREE_MIN_MB", default=2048) * 2**20
METRICS_TOKEN = env("METRICS_TOKEN", default="")

BACKUP_DIR = env.path("BACKUP_DIR", default=DATA_DIR / f"backups-{CITY}")
BACKUP_KEEP = env.int("BACKUP_KEEP", default=14)
# 32 random bytes in base64; backups are then encrypted. Keep it elsewhere than the backups.
BACKUP_KEY = read_key(env("BACKUP_KEY"), name="BACKUP_KEY") if env("BACKUP_KEY", default="") else None

LOG_FORMAT = env("LOG_FORMAT", default="line" if DEMO else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "operations.logs.LineFormatter"},
        "json": {"()": "operations.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Said in our own line for each page and each task.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "weasyprint": {"level": "WARNING"},
        "gunicorn.error": {"handlers": [], "propagate": True},
    },
}
