"""The tone in which each kind of notification is shown."""

from integrations.notifications.kinds import Kind

TONES: dict[str, str] = {
    Kind.ACTIVATED: "ok",
    Kind.RECOVERED: "ok",
    Kind.REPROVISIONED: "run",
    Kind.VALIDATION: "run",
    Kind.EXPIRING: "wait",
    Kind.HELD: "wait",
    Kind.OVERDUE: "wait",
    Kind.EXPIRED: "bad",
    Kind.FAILING: "bad",
}
