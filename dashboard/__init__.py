"""The Django project and every page that a person sees."""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
