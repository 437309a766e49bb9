"""The WSGI application, for gunicorn or any other server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

application = get_wsgi_application()

# What was loaded until here stays: the collector need not walk it again, nor come after every few hundred events.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
