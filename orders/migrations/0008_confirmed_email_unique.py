import django.db.models.functions.text
from django.db import migrations, models


def keep_one_of_each(apps, schema_editor):
    """An address that two have confirmed stays with the account that shows it."""
    users = apps.get_model("orders", "User")._base_manager.using(schema_editor.connection.alias)
    holders = {}
    for pk, email, confirmed in (
        users.exclude(confirmed_email="")
        .order_by("pk")
        .values_list("pk", "email", "confirmed_email")
    ):
        holders.setdefault(confirmed.lower(), []).append((email.lower() == confirmed.lower(), pk))
    for rows in holders.values():
        *others, _ = sorted(rows)
        users.filter(pk__in=[pk for _, pk in others]).update(confirmed_email="")


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_confirmed_email")]

    operations = [
        migrations.RemoveConstraint(model_name="user", name="orders_user_email_unique"),
        migrations.RunPython(keep_one_of_each, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("confirmed_email"),
                condition=models.Q(("confirmed_email", ""), _negated=True),
                name="orders_user_confirmed_email_unique",
                violation_error_message="Another account uses this e-mail address.",
            ),
        ),
    ]
