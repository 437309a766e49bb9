"""A Django app: events are written into your database by your own transaction, and a relay sends them afterwards.

Put `partnerbus_client.outbox` into INSTALLED_APPS, migrate, call `enqueue` beside your changes, and keep
`partnerbus_relay` running.
"""

from partnerbus_client.outbox.enqueueing import OutsideTransaction, enqueue, enqueue_many

__all__ = ["OutsideTransaction", "enqueue", "enqueue_many"]
