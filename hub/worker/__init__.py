"""The worker: what happens behind everybody's back, in one process of a site at a time."""
