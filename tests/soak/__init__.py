"""The soak: a steady stream for minutes, and nothing grows: no process, no table, no delay."""
