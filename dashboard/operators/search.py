"""Search over everything staff look for: pages, tenants, sources, keys, events by any id, and AWS's ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from dashboard.web.looks import EVENT, look_of
from dashboard.web.navigation import places_of
from integrations.events.candidates import Question
from integrations.events.search import find_anything
from integrations.registration.models import ApiKey
from integrations.sources.models import Source
from tenants.models import Tenant, User

MOST = 6  # of each kind
SHORTEST = 2  # characters; less would find everything
LONGEST = 256


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found, and the page that shows it."""

    url: str
    icon: str
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind."""

    heading: str
    hits: list[Hit]


def search(words: str, person: User) -> list[Hits]:
    """Return what these words may mean, most telling kinds first; pages alone while there are too few letters."""
    term = words.replace("\x00", "").strip()[:LONGEST]
    kinds = [Hits("Pages", list(_pages(term, person)))]
    if len(term) >= SHORTEST:
        kinds = [
            Hits("Events", list(_events(term))),
            Hits("Tenants", list(_tenants(term))),
            Hits("Sources", list(_sources(term))),
            Hits("API keys", list(_keys(term))),
            *kinds,
        ]
    return [kind for kind in kinds if kind.hits]


def _pages(term: str, person: User) -> Iterator[Hit]:
    for label, url, icon in places_of(person):
        if term.casefold() in label.casefold():
            yield Hit(url, icon, label, "")


def _tenants(term: str) -> Iterator[Hit]:
    by_words = Q(name__icontains=term) | Q(external_id__istartswith=term) | Q(slug__istartswith=term.lower())
    found = Tenant.objects.filter(by_words | _by_id(term)).select_related("directory").order_by("name", "pk")
    for tenant in found[:MOST]:
        closed = ", closed" if tenant.closed_at else ""
        url = reverse("operator_tenant", args=[tenant.public_id])
        yield Hit(url, "building-community", tenant.name, f"{tenant.external_id} in {tenant.directory.name}{closed}")


def _sources(term: str) -> Iterator[Hit]:
    digits = term.replace("-", "")
    asked = Q(name__icontains=term) | Q(arn=term) | _by_id(term)
    if digits.isdecimal() and len(digits) == 12:
        asked |= Q(account=digits)
    found = Source.objects.filter(asked, account__isnull=False).select_related("tenant").order_by("name", "region")
    for source in found[:MOST]:
        note = f"{source.tenant.name}, {source.region}, account {source.account}"
        yield Hit(reverse("operator_source", args=[source.public_id]), "plug-connected", source.name, note)


def _keys(term: str) -> Iterator[Hit]:
    prefix = term.removeprefix("pb_test_").removeprefix("pb_live_").split("_")[0]
    found = ApiKey.objects.filter(Q(name__icontains=term) | Q(prefix=prefix)).select_related("environment__integration")
    for key in found.order_by("name", "pk")[:MOST]:
        yield Hit(f"{reverse('operator_keys')}?q={key.prefix}", "key", key.name, f"{key.prefix}…, {key.environment}")


def _events(term: str) -> Iterator[Hit]:
    for row in find_anything(term, Question())[:MOST]:
        word = look_of(EVENT, row.state).word
        yield Hit(
            reverse("operator_event", args=[row.event_id]), "list-search", str(row.event_id), f"{row.type}, {word}"
        )


def _by_id(term: str) -> Q:
    try:
        return Q(public_id=UUID(term))
    except ValueError:
        return Q()
