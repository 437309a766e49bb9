"""Notifications: what history and standing tell turns into messages to people. Reads every slice; nobody imports it."""
