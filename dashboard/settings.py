"""Settings, read from the environment (and `.env`). Every variable is listed in `docs/configuration.md`."""

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import environ
import structlog

from dashboard.secret_addresses import hide_tokens

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

try:
    VERSION = installed_version("partnerbus")
except PackageNotFoundError:
    VERSION = "0.1.0"

DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # The plain app configs of these two: their automatic ones overwrite each other's template loaders.
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_structlog",
    "ninja",
    "tenants",
    "integrations.registration",
    "integrations.sources",
    "integrations.events",
    "integrations.reconciliation",
    "integrations.onboarding",
    "integrations.notifications",
    "dashboard",
    "dashboard.web",
]

MIDDLEWARE = [
    "dashboard.events_first.EventsFirst",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.web.compression.Compression",
    "dashboard.web.security_headers.SecurityHeaders",
    "dashboard.web.form_sizes.FormSizes",
    "dashboard.web.zone.TimeZone",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dashboard.web.form_texts.FormTexts",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.web.context.page",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "template_partials.templatetags.partials"],
        },
    }
]
COTTON_DIR = "components"

# A statement of a page or an API call must not hold an old snapshot: it would keep vacuum off the queue tables.
STATEMENT_TIMEOUT_MS = env.int("STATEMENT_TIMEOUT_MS", default=10_000)
DATABASES = {"default": env.db("DATABASE_URL", engine="django.db.backends.postgresql")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": 5,
        "prepare_threshold": 5,  # only for server-side cursors: the ingest statement
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000",
    },
}
# Advisory locks and LISTEN do not survive a transaction pooler: the publisher connects here.
DATABASE_URL_DIRECT = env.str("DATABASE_URL_DIRECT", default=env.str("DATABASE_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "tenants.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the e-mail is unique: by its lower case, which the check does not see
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "dashboard.web.accounts.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
LOGIN_REDIRECT_URL = "/"
# A new address counts once somebody has opened the link that was sent there.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {"reset_password": "dashboard.web.password_reset.OwnAddressForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # people are invited, their address was the one that the invitation went to
MFA_TOTP_ISSUER = "Partnerbus"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # http://localhost while somebody tries it
LOGIN_URL = "account_login"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "partnerbus_session"
CSRF_COOKIE_NAME = "partnerbus_csrf"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # seconds; without one a mail server that says nothing would hold a worker for ever
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="partnerbus@localhost")

# Valkey carries kicks and nothing else: rows in PostgreSQL are the queue.
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    }
}

# --- the product
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SANDBOX = env.bool("PARTNERBUS_SANDBOX", default=True)
DEMO_TRAFFIC = env.bool("PARTNERBUS_DEMO_TRAFFIC", default=True)
# Where a browser finds the simulator, which may be elsewhere than where we do.
SANDBOX_URL = env.str("PARTNERBUS_SANDBOX_URL", default="")
IDEMPOTENCY_DAYS = env.int("IDEMPOTENCY_DAYS", default=7)
ACTIVATION_PAUSE_SECONDS = env.int("ACTIVATION_PAUSE_SECONDS", default=10)
SOURCE_EXPIRY_DAYS = env.int("SOURCE_EXPIRY_DAYS", default=6)
NOTIFICATION_GATHER_SECONDS = env.int("NOTIFICATION_GATHER_SECONDS", default=60)
HAND_OFF_DAYS = env.int("HAND_OFF_DAYS", default=7)
EXPIRY_REMINDER_HOURS = [int(hours) for hours in env.list("EXPIRY_REMINDER_HOURS", default=["72", "24", "6"])]
SURVEY_HOURS = env.float("SURVEY_HOURS", default=6.0)
CONTROL_CALLS_PER_SECOND = env.float("CONTROL_CALLS_PER_SECOND", default=5.0)
ROLLUP_DAYS = env.int("ROLLUP_DAYS", default=400)
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=10 * 1024 * 1024)
MAX_WAITING_EVENTS = env.int("MAX_WAITING_EVENTS", default=5_000_000)
MAX_STORE_BYTES = env.int("MAX_STORE_BYTES", default=0)
PUBLISHERS = env.int("PUBLISHERS", default=2)
RETRY_MAX_TRIES = env.int("RETRY_MAX_TRIES", default=100)
RETRY_MAX_HOURS = env.float("RETRY_MAX_HOURS", default=24.0)
AWS_CALL_TIMEOUT_SECONDS = env.float("AWS_CALL_TIMEOUT_SECONDS", default=10.0)
CALLS_AT_ONCE = env.int("CALLS_AT_ONCE", default=64)
PARTNER_CALLS_PER_SECOND = env.float("PARTNER_CALLS_PER_SECOND", default=1400.0)
PARTNER_CALLS_BURST = env.float("PARTNER_CALLS_BURST", default=3600.0)

# Looking up the person for a log line would ask the database for a session on every API call.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
# Guessing it from headers costs more than the rest of the middleware; the proxy's log has it.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide_tokens,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django_structlog": {"level": "WARNING"},
        # A line for every sweep would bury the rest.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
