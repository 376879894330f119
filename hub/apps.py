"""Connects the hub to Django."""

import django
from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

OLDEST = (5, 2)  # of Django

if django.VERSION < OLDEST:
    # Before the models are imported, which use what older versions do not have.
    raise ImproperlyConfigured(
        f"the notification hub needs Django {OLDEST[0]}.{OLDEST[1]} or later; this is "
        f"{django.get_version()}"
    )


class HubConfig(AppConfig):
    name = "hub"
    verbose_name = _("Notification hub")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        if self.label != HubConfig.name:
            raise ImproperlyConfigured(
                f"the notification hub's app label is {HubConfig.name!r} and cannot be "
                f"{self.label!r}: its migrations and tables carry the name. Rename the other "
                "application of that label instead"
            )
        autodiscover_modules("notices")  # an application's events and receivers
        from hub.broadcast import serverless
        from hub.deliveries import checks as delivery_checks  # noqa: F401  (registers them)
        from hub.identity import receivers  # noqa: F401  (connects them)
        from hub.models.labels import label
        from hub.operations import checks, sender_checks, template_checks  # noqa: F401  (registers)
        from hub.publishing import revocation  # noqa: F401  (registers checks and receivers)
        from hub.publishing.publisher import ephemeral

        label(self.get_models())
        ephemeral.connect(serverless.send, dispatch_uid="hub.serverless")
