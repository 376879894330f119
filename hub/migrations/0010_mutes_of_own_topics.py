from typing import Any

from django.db import migrations

from hub.inbox.preferences import defaults, security_types
from hub.topics import user_topic


def mute_by_type(apps: Any, schema_editor: Any) -> None:
    """Whoever muted their own topic muted each kind of event on it, but not what protects them."""
    mutes = apps.get_model("hub", "Mute").objects.using(schema_editor.connection.alias)
    types = sorted(set(defaults()) - security_types())
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
