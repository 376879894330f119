"""A project with Django's own users and nothing but the hub: `make matrix` runs tests/hub in it."""
