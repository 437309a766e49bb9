"""Mails that a page sends itself: a folder of templates each, with subject, text and HTML."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

log = logging.getLogger(__name__)


def send(name: str, to: str, context: Mapping[str, Any]) -> bool:
    """Send the mail `templates/emails/<name>/` to one address; return whether the mail server took it.

    What it says when it does not is in the log, without the mail's text.
    """
    folder = f"emails/{name}"
    subject = " ".join(render_to_string(f"{folder}/subject.txt", dict(context)).split())
    mail = EmailMultiAlternatives(subject, render_to_string(f"{folder}/body.txt", dict(context)), to=[to])
    mail.attach_alternative(render_to_string(f"{folder}/body.html", dict(context)), "text/html")
    try:
        return bool(mail.send())
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("a mail was not sent: %s", error, extra={"mail": name})
        return False
