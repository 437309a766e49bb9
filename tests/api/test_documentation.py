import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from integrations.events.parsing import parse_event


@pytest.fixture
def document(client: Client) -> Any:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_document_is_openapi_3_1_and_has_every_operation(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    operations = {(method, path) for path, item in document["paths"].items() for method in item}
    assert operations == {
        ("post", "/api/v1/events"),
        ("get", "/api/v1/events"),
        ("get", "/api/v1/events/{event_id}"),
        ("get", "/api/v1/changes"),
        ("get", "/api/v1/series"),
        ("get", "/api/v1/tenants"),
        ("put", "/api/v1/tenants/{tenant}"),
        ("get", "/api/v1/tenants/{tenant}"),
        ("post", "/api/v1/tenants/{tenant}/sources"),
        ("get", "/api/v1/tenants/{tenant}/sources"),
        ("get", "/api/v1/tenants/{tenant}/sources/{source}"),
        ("patch", "/api/v1/tenants/{tenant}/sources/{source}"),
        ("delete", "/api/v1/tenants/{tenant}/sources/{source}"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/reprovision"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/pause"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/resume"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/succession"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/test-event"),
        ("delete", "/api/v1/tenants/{tenant}"),
        ("get", "/api/v1/tenants/{tenant}/diagnosis"),
        ("post", "/api/v1/tenants/{tenant}/portal-sessions"),
        ("delete", "/api/v1/tenants/{tenant}/portal-sessions/{session}"),
        ("get", "/api/v1/tenants/{tenant}/sources/{source}/hand-off-links"),
        ("post", "/api/v1/tenants/{tenant}/sources/{source}/hand-off-links"),
        ("delete", "/api/v1/tenants/{tenant}/sources/{source}/hand-off-links/{link}"),
        ("post", "/api/v1/replays"),
        ("get", "/api/v1/replays"),
        ("get", "/api/v1/replays/{replay}"),
        ("post", "/api/v1/replays/{replay}/cancel"),
        ("post", "/api/v1/dead-letters/discard"),
    }


def test_posting_is_described_in_all_its_forms_and_refusals(document: Any) -> None:
    posting = document["paths"]["/api/v1/events"]["post"]
    assert posting["requestBody"]["content"].keys() == {
        "application/json",
        "application/x-ndjson",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    }
    headers = {parameter["name"] for parameter in posting["parameters"]}
    assert {"Content-Encoding", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-tenant"} <= headers
    told = {status: answer["description"] for status, answer in posting["responses"].items()}
    for status, code in (
        ("400", "gzip_invalid"),
        ("429", "rate_limited"),
        ("429", "backlog_full"),
        ("507", "store_full"),
    ):
        assert code in told[status]
    assert all("Retry-After" in posting["responses"][status]["headers"] for status in ("429", "503", "507"))


def test_every_reference_leads_somewhere(document: Any) -> None:
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references
    assert references <= document["components"]["schemas"].keys()


def test_every_operation_asks_for_the_key_and_may_answer_with_a_problem(document: Any) -> None:
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    assert all(operation["security"] == [{"ApiKey": []}] for operation in operations)
    assert all("application/problem+json" in operation["responses"]["default"]["content"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_the_document_does_not_grow_with_each_reading(client: Client, document: Any) -> None:
    assert client.get("/api/v1/openapi.json").json() == document


def test_the_page_for_people_lists_the_operations_and_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/v1/docs")
    html = page.content.decode()
    assert page.status_code == 200
    text = re.sub(r"<wbr>|</?span[^>]*>", "", html)
    for operation in ("POST /api/v1/events", "PUT /api/v1/tenants/{tenant}", "POST /api/v1/tenants/{tenant}/sources"):
        assert operation in text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", html)
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", html)


def test_the_contents_lead_to_every_operation_and_schema(client: Client, document: Any) -> None:
    html = client.get("/api/v1/docs").content.decode()
    operations = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    for name in operations | document["components"]["schemas"].keys():
        assert f'href="#{name}"' in html
        assert f'id="{name}"' in html


def test_the_example_on_the_page_is_an_event_that_is_taken(client: Client) -> None:
    example = re.search(r"-d '(.*?)'", unescape(client.get("/api/v1/docs").content.decode()), re.DOTALL)
    assert example
    assert parse_event(example[1].encode()).tenant == "alder"
