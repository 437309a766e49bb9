"""The outbox in Django's admin: to look, and to send dead events again."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import HttpRequest

from partnerbus_client.outbox.models import OutboxEvent, OutboxEvents

if TYPE_CHECKING:
    Admin = admin.ModelAdmin[OutboxEvent]
else:
    Admin = admin.ModelAdmin  # knows no brackets when it runs


@admin.register(OutboxEvent)
class OutboxEventAdmin(Admin):
    list_display = ("id", "event_id", "tenant", "type", "created_at", "sent_at", "dead_at", "attempts", "code")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), ("dead_at", admin.EmptyFieldListFilter), "code")
    search_fields = ("event_id", "tenant", "type")
    actions = ("send_again",)

    @admin.action(description="Send dead events again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: OutboxEvents) -> None:
        self.message_user(request, f"{queryset.revive()} events wait to be sent again.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: OutboxEvent | None = None) -> list[str]:
        return [field.name for field in OutboxEvent._meta.fields]
