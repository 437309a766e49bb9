"""Who: people, tenants, memberships and the audit log. Knows nothing of AWS."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, Upper

from tenants.identifiers import uuid7


class StaffRole(models.TextChoices):
    NONE = "", "No staff member"
    OPERATIONS = "operations", "Operations"
    MANAGER = "manager", "Partner manager"
    SUPPORT = "support", "Support"


class UserManager(BaseUserManager["User"]):
    """Looks people up by e-mail without regard to case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a person; a password of None makes one who can only sign in by link."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Staff by `staff_role`; a tenant's person by memberships."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    staff_role = models.CharField(max_length=20, choices=StaffRole, blank=True, default=StaffRole.NONE)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=models.Q(staff_role__in=StaffRole.values), name="user_staff_role_known"),
        ]

    def __str__(self) -> str:
        return self.email


class Directory(models.Model):
    """The space in which the SaaS's own tenant ids are unique."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "directories"

    def __str__(self) -> str:
        return self.name


class Tenant(models.Model):
    """A customer of the SaaS. `slug` never changes, because names of sources are made of it."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    directory = models.ForeignKey(Directory, on_delete=models.PROTECT, related_name="tenants")
    external_id = models.CharField(max_length=128)
    name = models.CharField(max_length=200)
    slug = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # An id that the SaaS uses again after closing is another tenant and inherits nothing.
            models.UniqueConstraint(
                "directory", "external_id", condition=models.Q(closed_at=None), name="tenant_external_id_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's right to see a tenant, and as admin to act for it."""

    class Role(models.TextChoices):
        ADMIN = "admin", "Admin"
        VIEWER = "viewer", "Viewer"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "tenant", name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=["admin", "viewer"]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}: {self.role}"


class Invitation(models.Model):
    """An offer to somebody to become a member. Only the hash of the link's token is stored."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Membership.Role)
    token_hash = models.BinaryField(max_length=32, unique=True)  # how a presented link is found
    invited_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # when the mail with the newest link was handed over
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=["admin", "viewer"]), name="invitation_role_known"),
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.tenant}"


class PortalSession(models.Model):
    """A visit to a tenant's portal for which the SaaS vouches: a link that opens once, then a session by cookie.

    Only the hashes of the link's token and of the cookie are stored.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="portal_sessions", db_index=False)
    role = models.CharField(max_length=10, choices=Membership.Role)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    link_hash = models.BinaryField(max_length=32, unique=True)  # how a presented link is found
    cookie_hash = models.BinaryField(max_length=32, unique=True, null=True)  # how a presented cookie is found
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    link_expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=["admin", "viewer"]), name="portal_session_role_known"),
        ]
        indexes = [
            # A tenant's page: who is in? And which rows are long over?
            models.Index(fields=["tenant", "created_at"], name="portal_session_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.email or self.name or 'somebody'} in {self.tenant}"


class AuditEntry(models.Model):
    """One line of who did what to which object. Append-only: a trigger refuses UPDATE and DELETE."""

    class ActorKind(models.TextChoices):
        PERSON = "person", "Person"
        KEY = "key", "API key"
        SYSTEM = "system", "System"

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    # No foreign key: the log outlives what it speaks of.
    tenant_id = models.BigIntegerField(null=True)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),  # the audit log, newest first
            models.Index(fields=["tenant_id", "-at"], name="audit_of_tenant"),  # a tenant's own history
            models.Index(
                fields=["object_type", "object_id", "-at"], name="audit_of_object"
            ),  # history on an object's page
            models.Index(fields=["object_type", "-at", "-id"], name="audit_of_type"),  # the log of one kind of object
            models.Index(
                OpClass(Upper("actor_label"), "text_pattern_ops"), F("at").desc(), name="audit_of_actor"
            ),  # the log of one person, by how the address begins
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action} {self.object_type} {self.object_id}"
