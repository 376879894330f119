"""The project's settings as test servers have them."""

from asgi.settings import *  # noqa: F403

# Hashing demo passwords as slowly as real ones need it would be a good part of the tests' time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
