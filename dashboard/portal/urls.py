"""The pages of tenants: below `portal/<tenant>/` for their people, and those that are opened by a link alone."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
