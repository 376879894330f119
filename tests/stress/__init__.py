"""Invariants under load, faults and hostile input, against real processes: `make stress`."""
