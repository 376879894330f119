from django.db import migrations, models
from django.db.models import F


def confirm_existing(apps, schema_editor):
    users = apps.get_model("orders", "User")._base_manager.using(schema_editor.connection.alias)
    users.update(confirmed_email=F("email"))


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_session_owner_is_the_hubs")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="confirmed_email",
            field=models.EmailField(blank=True, default="", editable=False, max_length=254),
        ),
        migrations.RunPython(confirm_existing, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="AddressPause",
            fields=[
                ("address", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={"default_permissions": ()},
        ),
    ]
