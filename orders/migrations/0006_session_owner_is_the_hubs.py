from django.db import migrations


class Migration(migrations.Migration):
    """The table stays as it is, with its rows: it is the hub's from now on."""

    dependencies = [("orders", "0005_names_without_controls")]
    run_before = [("hub", "0009_session_owner")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="SessionOwner")]
        )
    ]
