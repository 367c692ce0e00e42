"""What is true of every installation. `demo`, `testing` and `production` hold the differences."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()  # so that forms, views and fields may name what they hold

env = environ.FileAwareEnv()

BASE_DIR = Path(__file__).resolve().parents[3]
LOCAL_DIR = Path(env.str("CAIGOU_LOCAL_DIR", default=str(BASE_DIR / ".local")))

DEBUG = False
DEMO = False  # demo mode offers one-click log-ins and sample data; production never sets it
ALLOWED_HOSTS: list[str] = []
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
SOURCE_URL = env.str("SOURCE_URL", default="https://github.com/caigou/caigou")

INSTALLED_APPS = [
    "procurement.common",
    "procurement.accounts",
    "procurement.organization",
    "procurement.catalog",
    "workflows.engine",
    "workflows.approvals",
    "suppliers.registry",
    "procurement.requisitions",
    "procurement.rfqs",
    "procurement.bids",
    "procurement.evaluation",
    "contracts.agreements",
    "contracts.orders",
    "procurement.analytics",
    "workflows.flows",
    "workflows.rules",
    "workflows.inbox",
    "workflows.notices",
    "workflows.operations",
    "procurement.office",
    "suppliers.portal",
    "procurement.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "procurement.config.static_files.CollectedFiles",
    "django.forms",
    "django_htmx",
    "guardian",
    "pgtrigger",
    "viewflow",
    "viewflow.workflow",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_zxcvbn_password_validator",  # for its Chinese only
    "procurement.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "procurement.accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "procurement.config.urls"
WSGI_APPLICATION = "procurement.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "procurement.common.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "procurement.common.templatetags.ui"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

PROCESS = env.str("CAIGOU_PROCESS", default="")  # web, worker, heavy, opener or beat; empty for a command
DATABASE_URL = env.str(
    "DATABASE_URL", default="postgres:///caigou"
)  # manage.py sets it to the embedded server
FORM_RENDERER = "procurement.common.forms.Renderer"

DATABASES: dict[str, Any] = {
    "default": {
        **env.db_url_config(DATABASE_URL),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])  # the folder of a socket: %2Fvar%2Frun
if PROCESS == "web":  # threads share a few connections instead of keeping one each
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL", default=8),
        "timeout": 10,
    }
# PostgreSQL plans a statement once per connection, from this use of it on, which saves a third of all time. A pooler that
# cannot keep prepared statements (PgBouncer before 1.21) needs 0.
if prepare_after := env.int("DATABASE_PREPARE_AFTER", default=2):
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        server_side_binding=True, prepare_threshold=prepare_after
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: strangers have no row
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django_zxcvbn_password_validator.ZxcvbnPasswordValidator"},
]
PASSWORD_MINIMAL_STRENGTH = 3
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "procurement.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"check_document": "20/m/ip"}  # beside allauth's own: checks of printed documents
ACCOUNT_CHANGE_EMAIL = True  # one address per person
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Caigou"
USERSESSIONS_TRACK_ACTIVITY = False  # five statements and a write on every page otherwise

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "frame-src": [SELF],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"  # how times are shown to people who chose none; the database holds UTC

STATIC_URL = "/static/"
STATIC_ROOT = LOCAL_DIR / "static"
MEDIA_ROOT = LOCAL_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a price grid of 2,000 lines has that many inputs

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Caigou <no-reply@localhost>")

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

# An empty CELERY_BROKER_URL means: messages wait in the same PostgreSQL (pgmq). See config/celery.py.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "bids.open": {"queue": "opener"},
    "documents.*": {"queue": "heavy"},
    "jobs.*": {"queue": "heavy"},
}
CELERY_TIMEZONE = "UTC"

# Without approval rules in force documents are not approved by nobody: sending them is refused, unless this says that
# this installation needs none.
APPROVALS_WITHOUT_RULES = env.bool("APPROVALS_WITHOUT_RULES", default=False)

# Requests below these amounts, net, may be approved several at once; in other currencies each on its own card.
BULK_APPROVAL_BELOW = {"CNY": 50_000, "EUR": 6_000, "USD": 7_000}

# Keys. Each process is given only the files it may read; see SECURITY.md.
OPENER_KEY_FILE = env.str("OPENER_KEY_FILE", default="")  # private; the opener process only
OPENER_PUBLIC_KEY_FILE = env.str("OPENER_PUBLIC_KEY_FILE", default="")  # the web wraps bid keys to it
DRAFT_KEY_FILE = env.str("DRAFT_KEY_FILE", default="")
RECEIPT_KEY_FILE = env.str("RECEIPT_KEY_FILE", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "celery": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
    },  # not a line for every sweep
}
WAKE_WORKERS = True  # tell workers at once; tests drive deliveries themselves
