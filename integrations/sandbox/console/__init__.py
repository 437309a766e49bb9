"""The console at /_sandbox/: a person plays the tenant's AWS admin, moves the clock and breaks things."""
