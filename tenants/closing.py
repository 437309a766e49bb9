"""What ends with a tenant: its people's rights, its invitations and its portal sessions."""

from datetime import datetime

from tenants.models import Invitation, Membership, PortalSession, Tenant


def withdraw_access(tenant: Tenant, now: datetime) -> dict[str, int]:
    """Take everybody's access and return how many of each; belongs into the transaction that closes the tenant."""
    return {
        "memberships": Membership.objects.filter(tenant=tenant).delete()[0],
        "invitations": Invitation.objects.filter(tenant=tenant, accepted_at=None, revoked_at=None).update(
            revoked_at=now
        ),
        "portal_sessions": PortalSession.objects.filter(tenant=tenant, ended_at=None).update(ended_at=now),
    }
