"""What users have chosen, in the admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from hub.admin.rows import TypeFilter, UserRowsAdmin
from hub.models import EmailDigest, Mute, Preference, QuietHours


@admin.register(Preference)
class PreferenceAdmin(UserRowsAdmin):
    list_display = ("user", "type", "means", "wanted")
    list_filter = ("means", "wanted", TypeFilter)
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)


@admin.register(Mute)
class MuteAdmin(UserRowsAdmin):
    list_display = ("user", "named_topic", "type", "since")
    search_fields = ("=person", "topic__startswith")
    search_help_text = _("a user's key, or the beginning of a topic")
    ordering = ("-pk",)


@admin.register(QuietHours)
class QuietHoursAdmin(UserRowsAdmin):
    list_display = ("user", "begins", "ends", "zone")
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)


@admin.register(EmailDigest)
class EmailDigestAdmin(UserRowsAdmin):
    list_display = ("user", "type", "every")
    list_filter = ("every", TypeFilter)
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)
