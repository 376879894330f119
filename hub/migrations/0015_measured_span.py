"""The rows behind the dashboard's charts of an hour and of a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0014_event_request"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuredSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seconds", models.PositiveSmallIntegerField()),
                ("begins", models.BigIntegerField()),
                ("process", models.CharField(blank=True, default="", max_length=64)),
                ("figures", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seconds", "begins", "process"), name="hub_measured_span"
                    )
                ],
            },
        ),
    ]
