"""Real servers, databases and browsers for tests: on loopback, in temporary directories."""
