"""What makes a SECRET_KEY one that can be guessed."""

MIN_SECRET = 32  # characters
GENERATED = "django-insecure-"  # how `startproject` begins a secret that is for development only


def can_be_guessed(secret: str) -> bool:
    return len(secret) < MIN_SECRET or secret.startswith(GENERATED)
