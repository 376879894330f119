from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self):
        from django.contrib.auth import get_user_model
        from django.contrib.auth.models import Group

        import hub
        from desk import receivers  # noqa: F401

        hub.atomic(Group)
        hub.atomic(get_user_model())
