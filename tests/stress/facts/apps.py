from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "tests.stress.facts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tests.stress.facts import receivers  # noqa: F401
