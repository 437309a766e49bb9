"""The kit of a connection: what its AWS admin runs or deploys, with the connection's own values."""

from dashboard.portal.connection import Connection
from integrations.sources.kit.contents import Kit, kit_of
from integrations.sources.kit.place import place_of


def kit_for(connection: Connection) -> Kit:
    """Write the kit."""
    return kit_of(place_of(connection.source))
