"""Stage 2 on the integration's own test tenant: four steps, each lit by facts, with what can be done from here."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import acted, actor_of, address_of
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from dashboard.web.kit import KitTabs, kit_file
from dashboard.web.live import page_or_region
from dashboard.web.looks import SOURCE, look_of
from integrations.events.tasks import publish
from integrations.kick import kick
from integrations.onboarding.development import (
    accept_for_receiver,
    create_own_source,
    four_steps,
    own_sources,
    send_test_events,
)
from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.profiles import integration_of
from integrations.registration.models import Environment, Integration
from integrations.sources.kit.contents import Kit, kit_of
from integrations.sources.kit.place import place_of
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from integrations.sources.tasks import advance_sources


@require_safe
@staff_page
def development(request: HttpRequest, integration: str) -> HttpResponse:
    """Show the four steps and the kit for the receiver; the steps refresh by themselves."""
    found = integration_of(integration)
    here = address_of(found, "onboarding_development")
    steps, sources = four_steps(found), own_sources(found)
    environment = found.environments.filter(kind=Environment.Kind.TEST).first()
    kit = _kit(sources[0]) if sources else None
    rule = ChecklistItem.objects.filter(stage__integration=found, key="rule-delivered").first()
    taken = {source.region for source in sources}
    context = {
        "integration": found,
        "steps": steps,
        "sources": [(source, look_of(SOURCE, shown_state(source))) for source in sources],
        "environment": environment,
        "regions": [region for region in environment.regions if region not in taken] if environment else [],
        "kit": KitTabs(kit, f"{here}/kit/") if kit else None,
        "rule": rule,
        "may_act": may(person_of(request), TAKE_TO_AWS),
        "here": here,
    }
    facts = ([(step.state, step.says, step.at) for step in steps], [source.observed for source in sources])
    asked = [source.observed_at for source in sources if source.observed_at]
    return page_or_region(request, "onboarding/development.html", facts, context, asked)


@require_safe
@staff_page
def development_file(request: HttpRequest, integration: str, key: str) -> HttpResponse:
    """Send one text of the kit as a file."""
    sources = own_sources(integration_of(integration))
    if not sources:
        raise Http404
    return kit_file(_kit(sources[0]), key)


@require_POST
@staff_action(TAKE_TO_AWS)
def develop(request: HttpRequest, integration: str, verb: str) -> HttpResponse:
    """Create the source, publish a test event, or do the receiver's part with its role."""
    found = integration_of(integration)
    if verb not in VERBS:
        raise Http404
    act, done = VERBS[verb]
    return acted(request, lambda: act(request, found), done, address_of(found, "onboarding_development"))


def _create(request: HttpRequest, found: Integration) -> None:
    region = request.POST.get("region", "")
    create_own_source(integration=found, region=region, actor=actor_of(request), now=timezone.now())
    kick(advance_sources)


def _publish(request: HttpRequest, found: Integration) -> None:
    send_test_events(integration=found, actor=actor_of(request), now=timezone.now())
    kick(publish)


def _accept(request: HttpRequest, found: Integration) -> None:
    accept_for_receiver(integration=found, actor=actor_of(request), now=timezone.now())
    Source.objects.filter(pk__in=[source.pk for source in own_sources(found)]).update(due_at=timezone.now())
    kick(advance_sources)


def _kit(source: Source) -> Kit:
    return kit_of(place_of(source))


VERBS: dict[str, tuple[Callable[[HttpRequest, Integration], None], str]] = {
    "create": (_create, "The source is asked for. AWS answers in seconds."),
    "publish": (_publish, "A test event is stored and on its way."),
    "accept": (_accept, "Bus and rule are made in the receiver account."),
}
