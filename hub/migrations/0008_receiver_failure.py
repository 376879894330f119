from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hub", "0007_plan_failures")]

    operations = [
        migrations.CreateModel(
            name="ReceiverFailure",
            fields=[
                ("receiver", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("count", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                ("error", models.CharField(max_length=500)),
            ],
            options={"default_permissions": ()},
        ),
    ]
