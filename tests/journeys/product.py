"""What a process of the product does in the tests of many processes: post like a web process, publish like a worker.

Processes are forked from a server that has imported this module, so that one is there within milliseconds.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()

import time_machine
from django.test import Client

from integrations.events import publisher

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Backend:
    """A web process of the SaaS: posts these bodies, one after the other. `clock` is when it believes to be."""

    api_key: str
    bodies: list[list[dict[str, Any]]]
    clock: datetime | None = None
    pause: float = 0.0  # seconds between two bodies


@contextmanager
def copied_database() -> Iterator[str]:
    """Copy the test's database with everything in it; return a connection string to the copy, which goes afterwards."""
    details = connection.settings_dict
    name = f"{details['NAME']}_copy"
    server = make_conninfo(
        host=details["HOST"], port=details["PORT"], user=details["USER"], password=details["PASSWORD"] or None
    )
    connection.close()
    with psycopg.connect(server, dbname="postgres", autocommit=True) as admin:
        drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        admin.execute(drop)
        # Sessions that earlier tests left behind would be in the way.
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [details["NAME"]])
        admin.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(details["NAME"]))
        )
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            admin.execute(drop)


def post(database: str, backend: Backend, start: Barrier | None = None, answers: "Queue[Any] | None" = None) -> None:
    """Post everything, from `start` on; put a list of (HTTP status, results) into `answers`."""
    _use(database)
    with time_machine.travel(backend.clock, tick=True) if backend.clock else nullcontext():
        client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
        _posted(client, backend, [])  # imports and connects, so that all begin with their first body at once
        if start:
            start.wait(30)
        posted = [_posted(client, backend, body) for body in backend.bodies]
        if answers:
            answers.put(posted)


def publish(database: str, aws: str, publishers: int, calls_at_once: int) -> None:
    """Publish to the AWS at this URL until killed."""
    _use(database)
    settings.PUBLISHERS, settings.CALLS_AT_ONCE = publishers, calls_at_once
    os.environ.update({f"AWS_ENDPOINT_URL_{service}": aws for service in ("EVENTS", "EVENTBRIDGE", "STS")})
    os.environ.update(AWS_ACCESS_KEY_ID="111111111111", AWS_SECRET_ACCESS_KEY="secret")
    while True:
        publisher.publish_for_a_while()
        time.sleep(0.02)


def _use(database: str) -> None:
    settings.DATABASE_URL_DIRECT = database
    connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = psycopg.conninfo.conninfo_to_dict(
        database
    )["dbname"]


def _posted(client: Client, backend: Backend, body: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    answer = client.post(
        "/api/v1/events",
        json.dumps({"events": body}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {backend.api_key}"},
    )
    time.sleep(backend.pause)
    return answer.status_code, answer.json().get("events", [])
