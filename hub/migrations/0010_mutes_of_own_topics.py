from typing import Any

from django.db import migrations

# Of the hub's code only names that projects rely on, which stay as they are.
from hub.events import EventType, declared_types
from hub.topics import user_topic


def mute_by_type(apps: Any, schema_editor: Any) -> None:
    """Whoever muted their own topic muted each kind of event on it, but not what protects them."""
    mutes = apps.get_model("hub", "Mute").objects.using(schema_editor.connection.alias)
    kinds = list(declared_types())
    shown = {
        kind.type for kind in kinds if kind.title is not EventType.title and not kind.only_mail
    }
    types = sorted(shown - {kind.type for kind in kinds if kind.security})
    for mute in mutes.filter(type="", topic__startswith="user."):
        if mute.topic == user_topic(mute.person):
            rows = [mutes.model(person=mute.person, topic=mute.topic, type=type) for type in types]
            mutes.bulk_create(rows, ignore_conflicts=True)
            mute.delete()


class Migration(migrations.Migration):
    dependencies = [("hub", "0009_session_owner")]

    operations = [
        migrations.RunPython(mute_by_type, migrations.RunPython.noop, elidable=True),
    ]
