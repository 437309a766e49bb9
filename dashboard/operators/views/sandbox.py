"""The way from our pages to the console of the AWS simulator, where one plays the tenant's admin."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.web.doors import staff_page
from dashboard.web.simulator import console_address


@staff_page
def sandbox(request: HttpRequest) -> HttpResponse:
    """Lead to the console, as long as the simulator plays AWS."""
    address = console_address()
    if not address:
        raise Http404
    return redirect(address)
