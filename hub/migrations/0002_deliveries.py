from typing import Any

from django.db import migrations, models


def begin_at_the_head(apps: Any, schema_editor: Any) -> None:
    """What a log held before there was a worker is not mailed."""
    alias = schema_editor.connection.alias
    log = apps.get_model("hub", "Log").objects.using(alias).filter(pk=1).first()
    if log is not None:
        apps.get_model("hub", "Worker").objects.using(alias).create(pk=1, position=log.head)


class Migration(migrations.Migration):
    dependencies = [("hub", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder", models.CharField(default="", max_length=64)),
                ("until", models.DateTimeField(null=True)),
                ("position", models.BigIntegerField(default=0)),
                ("page", models.BigIntegerField(default=0)),
                ("cleared", models.BigIntegerField(default=0)),
                ("clearing", models.BigIntegerField(default=0)),
                ("clearing_at", models.DateTimeField(null=True)),
                ("pruned_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="hub_worker_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.BigIntegerField(null=True)),
                ("type", models.CharField(max_length=64)),
                ("person", models.CharField(blank=True, max_length=64)),
                ("means", models.CharField(max_length=16)),
                ("address", models.CharField(blank=True, default="", max_length=254)),
                ("frame", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sending", "being handed over"),
                            ("sent", "sent"),
                            ("skipped", "not needed"),
                            ("failed", "given up"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="not before this time")),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "repeats",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="attempts whose outcome is unknown: the person may have it "
                        "already",
                    ),
                ),
                ("error", models.TextField(blank=True, default="")),
                (
                    "reference",
                    models.CharField(
                        help_text="the same in each attempt; for e-mail, part of the Message-ID",
                        max_length=64,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="hub_delivery_due"),
                    models.Index(fields=["person"], name="hub_delivery_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("position", "person", "means"), name="hub_delivery_once"
                    )
                ],
            },
        ),
        migrations.RunPython(begin_at_the_head, migrations.RunPython.noop, elidable=True),
    ]
