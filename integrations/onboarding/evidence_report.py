"""The evidence of a validation run as a report: page, JSON and PDF of one content, and the hash that joins them.

The hash is the SHA-256 of the canonical JSON: keys sorted, no spaces, UTF-8. Whoever has the JSON can compute it with
any tool, and the PDF prints it.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from integrations.onboarding.models import ValidationRun, ValidationStep
from integrations.onboarding.run_plan import STEPS
from integrations.onboarding.typesetting import typeset

FORMAT = "partnerbus-validation-report/1"


def report_of(run: ValidationRun) -> dict[str, Any]:
    """Return the report, JSON-ready: the frozen one where a result is recorded, else as the run stands."""
    if run.report is not None:
        return dict(run.report)
    environment = run.environment
    return {
        "format": FORMAT,
        "run": str(run.public_id),
        "kind": run.kind,
        "integration": {"name": run.integration.name, "slug": run.integration.slug},
        "namespace": environment.namespace,
        "publisher_account": environment.publisher_account,
        "receiver_account": run.account,
        "region": run.region,
        "source": run.source.name if run.source else "",
        "arn": run.source.arn if run.source else "",
        "started_at": _said(run.started_at),
        "started_by": run.started_by,
        "ended_at": _said(run.ended_at),
        "state": run.state,
        "result": run.result,
        "result_by": run.result_by,
        "result_at": _said(run.result_at),
        "note": run.result_note,
        "steps": [_step(step) for step in run.steps.order_by("position")],
    }


def canonical(report: dict[str, Any]) -> bytes:
    """Return the bytes of which the hash is made."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def sha256_of(report: dict[str, Any]) -> str:
    """Return the report's hash in hexadecimal digits."""
    return hashlib.sha256(canonical(report)).hexdigest()


def pdf_of_report(run: ValidationRun) -> bytes:
    """Return the report as PDF, with its hash. Raises TypesettingFailed."""
    report = report_of(run)
    steps = [{**step, "facts": flat(step["evidence"])} for step in report["steps"]]
    facts = [
        ("Product", report["integration"]["name"]),
        ("Namespace", report["namespace"]),
        ("Publisher account", report["publisher_account"]),
        ("Receiver account", report["receiver_account"]),
        ("Region", report["region"]),
        ("Source", report["source"]),
        ("Begun", f"{report['started_at']} by {report['started_by']}"),
        ("Ended", report["ended_at"]),
        ("Result", _result(report)),
    ]
    title = "Rehearsal of the validation" if report["kind"] == ValidationRun.Kind.REHEARSAL else "Validation"
    return typeset(
        "evidence",
        {
            "title": title,
            "facts": [[name, value] for name, value in facts],
            "note": report["note"],
            "steps": steps,
            "sha256": sha256_of(report),
            "is_frozen": run.report is not None,
            "canonical": canonical(report).decode("utf-8"),
        },
    )


def flat(evidence: dict[str, Any], prefix: str = "") -> list[list[str]]:
    """Return evidence as rows of name and value, for people to read."""
    rows: list[list[str]] = []
    for key, value in evidence.items():
        name = f"{prefix} {key}".strip().replace("_", " ")
        if isinstance(value, dict):
            rows += flat(value, name)
        elif isinstance(value, list):
            rows.append([name, ", ".join(str(item) for item in value)])
        elif value not in ("", None):
            rows.append([name, str(value)])
    return rows


def _step(step: ValidationStep) -> dict[str, Any]:
    return {
        "key": step.key,
        "title": STEPS[step.key].title if step.key in STEPS else step.key,
        "state": step.state,
        "proof": step.proof,
        "started_at": _said(step.started_at),
        "ended_at": _said(step.ended_at),
        "milliseconds": duration_ms(step),
        "request_id": step.request_id,
        "evidence": step.evidence,
        "takes": step.takes,
        "said": step.said,
        "note": step.note,
        "by": step.by,
    }


def duration_ms(step: ValidationStep) -> int | None:
    """Return how long a step took, in milliseconds, or None while it is not over."""
    if step.started_at is None or step.ended_at is None:
        return None
    return round((step.ended_at - step.started_at).total_seconds() * 1_000)


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _result(report: dict[str, Any]) -> str:
    if not report["result"]:
        return "not recorded"
    return f"{report['result']}, recorded {report['result_at']} by {report['result_by']}"
