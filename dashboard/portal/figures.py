"""What a connection did in the last day: for its tiles, its picture and its latest deliveries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from dashboard.portal.connection import Connection
from dashboard.web import looks
from dashboard.web.charts import Chart, Line
from dashboard.web.looks import Look, look_of
from integrations.events.candidates import Question
from integrations.events.listing import list_events
from integrations.events.series import series_of_sources

DAY = timedelta(days=1)
STEP = 60  # minutes
LATEST = 6


@dataclass(frozen=True, slots=True)
class Latest:
    """One of the latest deliveries."""

    event_id: UUID
    type: str
    state: str
    received_at: datetime

    @property
    def look(self) -> Look:
        """How its state looks."""
        return look_of(looks.EVENT, self.state)


@dataclass(frozen=True, slots=True)
class Figures:
    """The last 24 hours."""

    accepted: int
    delay_ms: float | None
    points: list[tuple[datetime, int]]
    latest: list[Latest]

    @property
    def stored_at(self) -> datetime | None:
        """When the latest event was stored."""
        return self.latest[0].received_at if self.latest else None

    @property
    def chart(self) -> Chart:
        """Accepted events by the hour."""
        moments = [moment for moment, _ in self.points]
        values = [value for _, value in self.points]
        return Chart(
            _("Events accepted by AWS, by the hour"), STEP, moments, [Line(_("Accepted"), "run", values, fill=True)]
        )


def figures_of(connection: Connection, now: datetime) -> Figures:
    """Return what this connection did."""
    source = connection.source
    series = series_of_sources([source.pk], since=now - DAY, until=now, step=STEP, now=now, brief=True)
    totals = series.totals
    rows = list_events(Question(tenant_ids=(source.tenant_id,), source=source), limit=LATEST).rows
    return Figures(
        accepted=totals.accepted,
        delay_ms=totals.percentile(0.5),
        points=[(moment, each.accepted) for moment, each in sorted(series.points.items())],
        latest=[Latest(row.event_id, row.type, row.state, row.received_at) for row in rows],
    )
