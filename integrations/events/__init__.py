"""The event path: ingest, the publisher, outcomes and the story of each event."""
