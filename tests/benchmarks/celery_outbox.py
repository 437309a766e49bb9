"""The rows of the Celery baseline, and the task that sends one of them."""

from functools import cache
from typing import Any

import boto3
from django.db import models
from django.utils import timezone

from tests.benchmarks.celery_per_event import app


class Outbox(models.Model):
    """An event to be sent."""

    tenant = models.IntegerField()
    type = models.TextField()
    detail = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True)
    aws_id = models.TextField(null=True)  # noqa: DJ001 - null: not sent yet

    class Meta:
        app_label = "benchmarks"
        managed = False
        db_table = "benchmark_outbox"

    def __str__(self) -> str:
        return str(self.pk)


@cache
def events_client() -> Any:
    """Return the client of this process."""
    return boto3.client("events")


@app.task(name="benchmark.send")
def send(pk: int) -> None:
    """Send one event and note that AWS took it."""
    row = Outbox.objects.get(pk=pk)
    entry = {
        "Source": f"aws.partner/benchmark.example.com.test/t{row.tenant}/events",
        "Time": row.created_at,
        "Resources": [f"urn:benchmark:{row.pk}"],
        "DetailType": row.type,
        "Detail": row.detail,
    }
    reply = events_client().put_partner_events(Entries=[entry])
    Outbox.objects.filter(pk=pk).update(accepted_at=timezone.now(), aws_id=reply["Entries"][0]["EventId"])
