"""The pages of partner managers, below `onboarding/`."""

from django.urls import URLPattern, URLResolver

from dashboard.onboarding.late_urls import LATE_STAGES

urlpatterns: list[URLPattern | URLResolver] = [*LATE_STAGES]
