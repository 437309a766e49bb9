"""The door of every page for people."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Send anonymous people to the sign-in page; a live region sends the whole page there, not itself."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(reverse("account_login"))
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    return guarded
