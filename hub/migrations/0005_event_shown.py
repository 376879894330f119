"""Whether inboxes show an event becomes a column, with an index of the shown ones."""

from django.db import migrations, models

# The hub's own types without a title, and other events with an empty one.
HIDE = """
    UPDATE hub_event SET shown = false
    WHERE type IN ('inbox.changed', 'rights.revoked', 'subscription.changed')
       OR frame LIKE '%"severity":"info","title":"","body":%'
       OR frame LIKE '%"severity":"success","title":"","body":%'
       OR frame LIKE '%"severity":"warning","title":"","body":%'
       OR frame LIKE '%"severity":"critical","title":"","body":%'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0004_pruning_and_paging"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="shown",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.RunSQL(HIDE, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("shown", True)),
                fields=["topic", "position"],
                name="hub_event_shown",
            ),
        ),
    ]
