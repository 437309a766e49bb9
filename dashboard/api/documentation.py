"""The OpenAPI document of the whole API, and a page of it for people that needs nothing from another host."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema

from dashboard.api import events_description
from dashboard.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable and made for programs, `detail` says what to do.",
    "required": ["type", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["tenant_unknown"]},
        "detail": {"type": "string"},
    },
    "additionalProperties": True,
}
ANY_PROBLEM = {
    "description": "Every refusal and failure",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class DocumentedApi(NinjaAPI):
    """Adds to the generated document what the framework does not know: the event path, and refusals."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI 3.1 document."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        root = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        document["paths"] |= {f"/{root.strip('/')}{path}": item for path, item in events_description.PATHS.items()}
        document["components"]["schemas"] |= events_description.SCHEMAS | {"Problem": PROBLEM}
        for item in document["paths"].values():
            for operation in item.values():
                operation["responses"]["default"] = ANY_PROBLEM
        return document


class OwnPage(DocsBase):
    """Lists the operations as plain HTML: the usual viewers load scripts from a CDN, or need inline styles."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Answer `/api/v1/docs`."""
        document = api.get_openapi_schema()
        context = {
            "info": document["info"],
            "openapi_url": self.get_openapi_url(api, kwargs),
            "operations": _operations(document),
            "schemas": sorted(document["components"]["schemas"].items()),
        }
        return render(request, "api/documentation.html", context)


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "operation": operation,
            "parameters": operation.get("parameters", []),
            "explains": any(each.get("description") for each in operation.get("parameters", [])),
            "bodies": _schemas(operation.get("requestBody", {})),
            "answers": [
                {"status": status, "description": answer["description"], "schemas": _schemas(answer)}
                for status, answer in sorted(operation["responses"].items(), key=lambda pair: str(pair[0]))
            ],
        }
        for path, item in sorted(document["paths"].items())
        for method, operation in item.items()
    ]


def _schemas(holder: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the media types of a body with the names of the schemas that each refers to."""
    return [(media, _names(content.get("schema", {}))) for media, content in holder.get("content", {}).items()]


def _names(schema: dict[str, Any]) -> list[str]:
    alternatives = [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]
    return [each["$ref"].rpartition("/")[2] for each in alternatives if "$ref" in each]
