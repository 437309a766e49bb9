"""Pages go out compressed: most are long lists, which shrink to a tenth."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """Compresses HTML alone: answers of the API are short, and storing events has no processor time to give away.

    Django's own adds bytes at random, so that the length tells nobody who puts text into a page what else is on it
    (BREACH); tokens against forged requests are masked anew on every page besides.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Answer as it is, or compressed where the browser takes it."""
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
