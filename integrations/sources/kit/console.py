"""Deep links into AWS's console, which has another host in each partition."""

from dataclasses import dataclass

from integrations.sources.kit.place import Place

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A page of AWS's console."""

    key: str
    title: str
    url: str


def console_links(place: Place) -> list[Link]:
    """Return the pages that accepting needs, in the order of the steps; none where the console's host is not known.

    The fragments are those that AWS's user guide and partners link to.
    """
    host = _HOSTS.get(place.partition)
    if host is None:
        return []
    home = f"https://{place.region}.{host}/events/home?region={place.region}#"
    return [
        Link("partners", "Partner event sources", f"{home}/partners"),
        Link("buses", "Event buses", f"{home}/eventbuses"),
        Link("rules", "Rules", f"{home}/rules"),
        Link("new_rule", "Create a rule", f"{home}/rules/create"),
    ]
