import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class CreateModelUnlessThere(migrations.CreateModel):
    """The demo shop's migrations made this table, and filled it, before the hub had it.

    Going back leaves the table, which may be the shop's again.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        if table not in schema_editor.connection.introspection.table_names():
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0008_receiver_failure"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModelUnlessThere(
            name="SessionOwner",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="owner",
                        serialize=False,
                        to="sessions.session",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="session_owners",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "orders_sessionowner", "default_permissions": ()},
        ),
    ]
