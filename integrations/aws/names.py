"""The grammar of partner event source names, accounts, regions and ARNs."""

import base64
import re
import unicodedata
from functools import cache
from typing import Literal
from uuid import UUID

import botocore.session
from botocore.exceptions import UnknownRegionError

from integrations.aws.limits import LimitError

MAX_NAME_CHARACTERS = 256
MAX_SLUG_CHARACTERS = 40
MAX_LABEL_CHARACTERS = 64
FALLBACK_SLUG = "tenant"

_NAME = re.compile(r"aws\.partner(/[.\-_A-Za-z0-9]+){2,}")
_PREFIX = re.compile(r"aws\.partner/[.\-_A-Za-z0-9]+/[/.\-_A-Za-z0-9]*")
_NAMESPACE = re.compile(
    r"aws\.partner/((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
)
_LABEL = re.compile(r"[.\-_A-Za-z0-9]+")
_ACCOUNT = re.compile(r"[0-9]{12}")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"})


class InvalidName(LimitError):
    """A source name, or a prefix of names, that EventBridge's grammar excludes."""

    code = "invalid_name"


class InvalidAccount(LimitError):
    """An AWS account id that is not twelve digits."""

    code = "invalid_account"


class InvalidRegion(LimitError):
    """A region that boto3 does not know for EventBridge."""

    code = "invalid_region"


class InvalidNamespace(LimitError):
    """A namespace that AWS would not have registered for this kind of environment."""

    code = "invalid_namespace"


class InvalidLabel(LimitError):
    """A last name part that EventBridge's grammar excludes."""

    code = "invalid_label"


def source_name(namespace: str, tenant_slug: str, tenant_uuid: UUID, label: str) -> str:
    """Return `<namespace>/<slug>-<8 characters of the tenant's uuid>/<label>`, unique over all tenants.

    The eight characters are the lower-case base32 of the uuid's last 40 bits, its random end. Raises InvalidName.
    """
    fingerprint = base64.b32encode(tenant_uuid.bytes[-5:]).decode().lower()
    name = f"{namespace}/{_slug(tenant_slug)}-{fingerprint}/{label}"
    check_name(name)
    return name


def tenant_slug(text: str) -> str:
    """Return what a source name can carry of a tenant's name: lower-case ASCII of `[a-z0-9._-]`, 1 to 40 characters."""
    return _slug(text)


def source_arn(region: str, name: str) -> str:
    """Return the ARN of a source, which has no account and so reads the same for the partner and the tenant."""
    return f"arn:{partition(region)}:events:{region}::event-source/{name}"


def bus_arn(region: str, account: str, name: str) -> str:
    """Return the ARN of the partner event bus that `account` makes for the source `name`."""
    return f"arn:{partition(region)}:events:{region}:{account}:event-bus/{name}"


@cache
def partition(region: str) -> str:
    """Return `aws`, `aws-cn`, `aws-us-gov` ... from boto3's region data. Raises InvalidRegion."""
    try:
        return _botocore().get_partition_for_region(region)
    except UnknownRegionError:
        raise InvalidRegion(f"{region!r} is not an AWS region; write it like eu-west-1.") from None


@cache
def regions() -> frozenset[str]:
    """Return the regions in which this version of boto3 knows EventBridge, of all partitions."""
    partitions = _botocore().get_available_partitions()
    return frozenset(r for p in partitions for r in _botocore().get_available_regions("events", partition_name=p))


def check_name(name: str) -> None:
    """Refuse a source name outside `aws\\.partner(/[.\\-_A-Za-z0-9]+){2,}` or over 256 characters.

    Raises InvalidName.
    """
    _check_length(name)
    if not _NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} is not a partner event source name: write aws.partner/<domain>/<name>, "
            "with letters, digits, dots, dashes and underscores between the slashes."
        )


def check_prefix(prefix: str) -> None:
    """Refuse a prefix by which ListPartnerEventSources would not list: it needs the domain's closing slash.

    Raises InvalidName.
    """
    _check_length(prefix)
    if not _PREFIX.fullmatch(prefix):
        raise InvalidName(
            f"{prefix!r} cannot be listed by: write aws.partner/<domain>/ and, if wanted, more of the name."
        )


def check_account(account: str) -> None:
    """Refuse an account id that is not twelve ASCII digits. Raises InvalidAccount."""
    if not _ACCOUNT.fullmatch(account):
        raise InvalidAccount(
            f"{account!r} is not an AWS account id: it has 12 digits and no dashes; "
            "the AWS console shows it in the menu at the top right."
        )


def grouped(account: str) -> str:
    """Return an account id as people compare it: 1234-5678-9012."""
    return "-".join(account[start : start + 4] for start in range(0, len(account), 4))


def check_region(region: str) -> None:
    """Refuse a region in which this version of boto3 does not know EventBridge. Raises InvalidRegion."""
    if region not in regions():
        raise InvalidRegion(
            f"{region!r} is not a region of EventBridge; write it like eu-west-1, or update boto3 if it is new."
        )


def check_namespace(namespace: str, kind: Literal["test", "production"]) -> None:
    """Refuse a namespace that is not `aws.partner/<domain>` in lower case; a test one, and only that, ends in `.test`.

    Source: "Onboarding tasks" in the EventBridge partner onboarding guide. Raises InvalidNamespace.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise InvalidNamespace(f"{namespace!r} is not a namespace: write aws.partner/<your domain>, all in lower case.")
    if kind == "test" and not namespace.endswith(".test"):
        raise InvalidNamespace(f"A test namespace ends in .test: write {namespace}.test if AWS registered it so.")
    if kind == "production" and namespace.endswith(".test"):
        raise InvalidNamespace("A production namespace does not end in .test: take the ending away.")


def check_label(label: str) -> None:
    """Refuse a last name part that is empty, over 64 characters or holds more than `[.\\-_A-Za-z0-9]`.

    Raises InvalidLabel.
    """
    if len(label) > MAX_LABEL_CHARACTERS:
        raise InvalidLabel(f"The label has {len(label)} characters; use at most {MAX_LABEL_CHARACTERS}.")
    if not _LABEL.fullmatch(label):
        raise InvalidLabel(
            f"{label!r} is not a label: use letters, digits, dots, dashes and underscores, at least one."
        )


def _check_length(name: str) -> None:
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidName(
            f"The name has {len(name)} characters; EventBridge takes at most {MAX_NAME_CHARACTERS}: shorten it."
        )


def _slug(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = re.sub(r"[^a-z0-9._]+", "-", letters.lower()).strip("-._")
    return words[:MAX_SLUG_CHARACTERS].rstrip("-._") or FALLBACK_SLUG


@cache
def _botocore() -> botocore.session.Session:
    return botocore.session.Session()
