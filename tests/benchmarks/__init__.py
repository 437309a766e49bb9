"""The benchmarks of `make bench`: Partnerbus beside what one would write without it, in one run on one machine."""
