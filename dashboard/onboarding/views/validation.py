"""The validation of stage 4: its date with the calendar file, its runs, and expiry rehearsed in time."""

from datetime import datetime

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import attempted, integration_named
from dashboard.onboarding.views.questionnaire import download
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from integrations.kick import kick
from integrations.onboarding.appointment import appointment_of, call_off, set_appointment, spoken
from integrations.onboarding.calendar_file import calendar_file
from integrations.onboarding.expiry_evidence import latest_expiry, rehearse_expiry, waiting_offer
from integrations.onboarding.models import Appointment, ValidationRun
from integrations.onboarding.run_actions import start_run
from integrations.onboarding.tasks import advance_validation_runs
from integrations.onboarding.wall_clock import moment_of, zone_names, zone_of
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from integrations.sources.tasks import advance_sources
from tenants.audit import Actor

OPEN = (ValidationRun.State.RUNNING, ValidationRun.State.PAUSED)


class WallClockField(forms.Field):
    """A wall clock's date and time: in the zone that is chosen beside it, and not in ours."""

    def to_python(self, value: object) -> datetime | None:
        for written in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"):
            try:
                return datetime.strptime(str(value or ""), written)  # noqa: DTZ007
            except ValueError:
                continue
        raise forms.ValidationError("Write date and time like 2027-03-31T14:00.")


WALL_CLOCK = forms.TextInput(attrs={"type": "datetime-local"})


class DateForm(forms.Form):
    """The date as people agree on it."""

    local = WallClockField(label="Date and time", widget=WALL_CLOCK)
    time_zone = forms.ChoiceField(label="Time zone")
    which = forms.ChoiceField(
        label="If the clocks are put back over it",
        choices=[("", "It comes once"), ("first", "The first of the two"), ("second", "The second of the two")],
        required=False,
    )
    minutes = forms.IntegerField(label="Minutes", initial=60)
    place = forms.CharField(label="Place or link", required=False, max_length=500)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["time_zone"].choices = [(name, name) for name in zone_names()]  # type: ignore[attr-defined]


class RunForm(forms.Form):
    """A run that is to be started."""

    kind = forms.ChoiceField(label="What it is", choices=ValidationRun.Kind.choices, widget=forms.RadioSelect)
    account = forms.ChoiceField(label="Receiver account")
    region = forms.ChoiceField(label="Region")
    stepwise = forms.BooleanField(label="Rest after every step, for talking", required=False)

    def __init__(self, environment: Environment, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["account"].choices = [(each, each) for each in environment.receiver_accounts]  # type: ignore[attr-defined]
        self.fields["region"].choices = [(each, each) for each in environment.regions]  # type: ignore[attr-defined]


@require_safe
@staff_page
def validation(request: HttpRequest, integration: str) -> HttpResponse:
    """Show the date, the runs, and what is known of expiry."""
    return _page(request, integration_named(integration))


@require_POST
@staff_action(TAKE_TO_AWS)
def appointment(request: HttpRequest, integration: str) -> HttpResponse:
    """Agree on the date, or move it."""
    found = integration_named(integration)
    form = DateForm(request.POST)
    if form.is_valid():
        try:
            _agree(found, form, Actor.person(person_of(request)))
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            return redirect("onboarding_validation", integration=integration)
    return _page(request, found, date_form=form, status=422)


@require_POST
@staff_action(TAKE_TO_AWS)
def called_off(request: HttpRequest, integration: str) -> HttpResponse:
    """Call the date off."""
    standing = appointment_of(integration_named(integration))
    if standing is not None:
        actor = Actor.person(person_of(request))
        attempted(
            request,
            lambda: call_off(appointment=standing, actor=actor, now=timezone.now()),
            "The date is called off. Its calendar file takes it out of calendars.",
        )
    return redirect("onboarding_validation", integration=integration)


@require_safe
@staff_page
def calendar(request: HttpRequest, integration: str) -> HttpResponse:
    """Download the date for calendars."""
    found = integration_named(integration)
    row = Appointment.objects.select_related("integration").filter(integration=found).first()
    if row is None:
        raise Http404
    url = request.build_absolute_uri(reverse("onboarding_validation", args=[integration]))
    return download(calendar_file(row, url), "text/calendar; charset=utf-8", f"validation-{integration}.ics")


@require_POST
@staff_action(TAKE_TO_AWS)
def start(request: HttpRequest, integration: str) -> HttpResponse:
    """Start a run."""
    found = integration_named(integration)
    environment = _test_side(found)
    if environment is None:
        raise Http404
    form = RunForm(environment, request.POST)
    if form.is_valid():
        try:
            run = start_run(
                integration=found, actor=Actor.person(person_of(request)), now=timezone.now(), **form.cleaned_data
            )
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            kick(advance_validation_runs)
            return redirect("onboarding_run", integration=integration, run=run.public_id)
    return _page(request, found, run_form=form, status=422)


@require_POST
@staff_action(TAKE_TO_AWS)
def expiry(request: HttpRequest, integration: str) -> HttpResponse:
    """Leave an offer unaccepted, so that it has expired by the time of the validation."""
    environment = _test_side(integration_named(integration))
    if environment is None:
        raise Http404
    actor = Actor.person(person_of(request))

    def rehearse() -> None:
        if not environment.receiver_accounts or not environment.regions:
            raise Problem(422, "run_invalid", "Name a receiver account and a region of the test environment first.")
        account, region = environment.receiver_accounts[0], environment.regions[0]
        rehearse_expiry(environment=environment, account=account, region=region, actor=actor, now=timezone.now())

    if attempted(request, rehearse, "The offer is made. Let nobody accept it: AWS lets it expire."):
        kick(advance_sources)
    return redirect("onboarding_validation", integration=integration)


def _agree(integration: Integration, form: DateForm, actor: Actor) -> None:
    said = form.cleaned_data
    second = {"first": False, "second": True}.get(said["which"])
    set_appointment(
        integration=integration,
        starts_at=moment_of(said["local"], said["time_zone"], second=second),
        time_zone=said["time_zone"],
        minutes=said["minutes"],
        place=said["place"],
        note=said["note"],
        actor=actor,
        now=timezone.now(),
    )


def _page(
    request: HttpRequest,
    integration: Integration,
    *,
    date_form: DateForm | None = None,
    run_form: RunForm | None = None,
    status: int = 200,
) -> HttpResponse:
    environment = _test_side(integration)
    standing = appointment_of(integration)
    runs = list(integration.validation_runs.order_by("-pk")[:20])
    expired = latest_expiry(environment) if environment else None
    context = {
        "integration": integration,
        "environment": environment,
        "appointment": standing,
        "spoken": spoken(standing) if standing else "",
        "date_form": date_form or DateForm(initial=_initial(standing)),
        "run_form": run_form or (RunForm(environment, initial={"kind": "rehearsal"}) if environment else None),
        "runs": runs,
        "going_on": next((run for run in runs if run.state in OPEN), None),
        "expired": expired,
        "noticed_at": datetime.fromisoformat(expired["noticed_at"]) if expired else None,
        "waiting": waiting_offer(environment) if environment else None,
        "acts": may(person_of(request), TAKE_TO_AWS),
    }
    return render(request, "onboarding/validation.html", context, status=status)


def _initial(standing: Appointment | None) -> dict[str, object]:
    if standing is None:
        return {"time_zone": "UTC", "minutes": 60}
    local = standing.starts_at.astimezone(zone_of(standing.time_zone)).replace(tzinfo=None)
    return {
        "local": f"{local:%Y-%m-%dT%H:%M}",
        "time_zone": standing.time_zone,
        "minutes": standing.minutes,
        "place": standing.place,
        "note": standing.note,
    }


def _test_side(integration: Integration) -> Environment | None:
    return integration.environments.filter(kind=Environment.Kind.TEST).first()
