"""A shop that uses the outbox, on SQLite, or on the PostgreSQL that OUTBOX_DATABASE_URL names."""

import os
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import unquote, urlsplit

SECRET_KEY = "only-for-tests"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "partnerbus_client.outbox",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "shop_urls"
STATIC_URL = "/static/"
USE_TZ = True

_address = urlsplit(os.environ.get("OUTBOX_DATABASE_URL", ""))
if _address.hostname:
    _database = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _address.hostname,
        "PORT": str(_address.port or 5432),
        "USER": unquote(_address.username or ""),
        "PASSWORD": unquote(_address.password or ""),
        "NAME": _address.path.lstrip("/"),
        "TEST": {"NAME": f"test_partnerbus_outbox_{os.getpid()}"},
    }
else:
    _file = os.environ.get("OUTBOX_DATABASE_FILE", ":memory:")
    _database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _file,
        "OPTIONS": {"timeout": 20},
        "TEST": {"NAME": str(Path(gettempdir()) / f"partnerbus-shop-{os.getpid()}.sqlite3")},
    }
DATABASES = {"default": _database}

# What a shop sets; tests that relay point them at a server of their own.
PARTNERBUS_URL = os.environ.get("PARTNERBUS_URL", "")
PARTNERBUS_KEY = os.environ.get("PARTNERBUS_KEY", "")
