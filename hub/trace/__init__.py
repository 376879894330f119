"""What became of an event, for staff."""
