"""What the integration itself answers: the facts that a template may name as `prefill`."""

from integrations.onboarding.models import CataloguedType, Profile
from integrations.registration.models import Environment, Integration

_NAMES = ("test", "production")


def facts_of(integration: Integration) -> dict[str, str]:
    """Return the known facts by name; what is not known is left out."""
    profile = Profile.objects.filter(integration=integration).first() or Profile(integration=integration)
    sides = {environment.kind: environment for environment in integration.environments.all()}
    first = sides.get(Environment.Kind.TEST) or sides.get(Environment.Kind.PRODUCTION)
    types = CataloguedType.objects.filter(integration=integration).order_by("name").values_list("name", flat=True)
    facts = {
        "company": profile.company,
        "company_site": f"https://{profile.domain}" if profile.domain else "",
        "product": integration.name,
        "domain": profile.domain,
        "partner_email": next(iter(profile.partner_emails), ""),
        "partner_emails": ", ".join(profile.partner_emails),
        "landing_page": profile.landing_page,
        "event_types": "\n".join(types),
        "publisher_account": first.publisher_account if first else "",
        "receiver_account": next(iter(first.receiver_accounts), "") if first else "",
        "regions": ", ".join(first.regions) if first else "",
        **{f"{kind}_namespace": sides[kind].namespace for kind in _NAMES if kind in sides},
    }
    return {name: value for name, value in facts.items() if value}
