"""A stop of the worker: what works on for seconds looks here between two steps, and ends with the step in hand."""

import threading

stop_requested = threading.Event()
