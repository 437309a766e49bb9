"""Who may open a URL: route -> (method, path, answer by role).

In a path `{alder}` stands for the public id of the tenant Alder, `{nothing}` for an id that nothing has.
"""

from tests.dashboard.cast import ROLES, STAFF

Decisions = dict[str, tuple[str, str, dict[str, int]]]


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, status)


def only(*roles: str, status: int = 200, among: tuple[str, ...] = (), refused: int = 403) -> dict[str, int]:
    """These roles get `status`, others `among` whom the page concerns `refused`, everybody else 404."""
    others = everybody(404) | {"anonymous": 302}
    return others | dict.fromkeys(among, refused) | dict.fromkeys(roles, status)


PEOPLE = everybody(200) | {"anonymous": 302}
OUTSIDERS = everybody(302) | {"anonymous": 200}
ALL_STAFF = only(*STAFF)
# People's sessions are worth nothing to the API: it asks for a key.
NEEDS_A_KEY = everybody(401)
