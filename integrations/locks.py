"""The numbers of PostgreSQL's advisory locks: all of them here, because two uses of one number stop each other."""

# With a second number: (LANE, source), (SLOT, publisher), and (.., 0) for the others.
LANE_LOCK = 77  # a publisher works on the lane; whoever takes rows out of its queue holds it too
SLOT_LOCK = 78  # a publisher is at work
SWEEP_LOCK = 79  # the one sweep of sources
REPLAY_LOCK = 80  # the one worker of replays
RECONCILE_LOCK = 82  # the one worker of surveys, adoptions and bulk renewals
EXPORT_LOCK = 83  # (.., a tenant's place): one of its downloads is running
PACE_LOCK = 81  # shared: a publisher takes its share of AWS's quota

# Single numbers.
STORAGE_LOCK = 7_700_001  # the one maker of partitions
ROLLUP_LOCK = 7_700_002  # the one minute job
REFERENCES_LOCK = 7_700_003  # shared: old events are being queued again; alone: events are being deleted
PRUNE_LOCK = 7_700_004  # the one prune
CHANGES_LOCK = 7_700_005  # the one who gives changes of sources their positions
