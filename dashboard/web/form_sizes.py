"""How much a form may bring: refused by its length, before anything of it is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

# The largest file that is kept, with room in which one that is too large is told so by its own form.
LARGEST = 16 * 1024 * 1024
# The API judges its bodies itself: MAX_BODY_BYTES.
API = "/api/"


class FormSizes:
    """Middleware that keeps Django from writing a stranger's endless upload to the disk while it looks for the token.

    Without a length nothing is read: WSGI gives Django an empty body then.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413 to what is too long."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not request.path.startswith(API) and length.isdecimal() and int(length) > LARGEST:
            sentence = f"At most {LARGEST // 1_048_576} MiB can be sent at once. Go back and choose a smaller file.\n"
            return HttpResponse(sentence, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)
