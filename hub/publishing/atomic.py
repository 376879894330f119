"""Writes that cannot be separated from their events.

In autocommit Django sends `pre_save` and `post_save` outside any transaction: a process that
dies in a receiver leaves the row without its event. `AtomicSave` puts both into one. Bulk
writes send no signals at all: `AtomicQuerySet` sends them row by row, or refuses.
"""

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from django.db import models, router, transaction

from hub.errors import BulkRefused

M = TypeVar("M", bound=models.Model)


class AtomicSave(models.Model):
    """A model whose `save()` and `delete()` commit together with what their receivers write."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            return super().delete(*args, **kwargs)


class AtomicQuerySet(models.QuerySet[M]):
    """Bulk writes that send the same signals as `save()`, all in one transaction.

    They cost a few statements a row. A variant whose signals cannot be sent raises BulkRefused.
    """

    def update(self, **values: Any) -> int:
        """Like `QuerySet.update`, one locked row and one `save()` at a time; the rows changed."""
        if self.query.is_sliced:
            raise TypeError("Cannot update a query once a slice has been taken.")
        if self.query.annotations or self.query.combinator:
            raise BulkRefused(
                "update() on an annotated or combined query cannot be done row by row; "
                "select the primary keys first and update those"
            )
        self._for_write = True
        with transaction.atomic(using=self.db):
            # Primary keys first: a row must not leave the query because its sibling changed.
            keys = list(self.order_by("pk").values_list("pk", flat=True))
            changed = sum(self._save_row(key, values, within=self) for key in keys)
        self._result_cache = None  # what was read before is stale
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(
        self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Like `QuerySet.bulk_update`, one locked row and one `save()` at a time."""
        names = list(fields)
        if not names:
            raise ValueError("Field names must be given to bulk_update().")
        given = list(objs)
        if any(one.pk is None for one in given):
            raise ValueError("All bulk_update() objects must have a primary key set.")
        self._for_write = True
        with transaction.atomic(using=self.db):
            return sum(
                self._save_row(one.pk, {name: getattr(one, name) for name in names}, within=None)
                for one in sorted(given, key=lambda one: one.pk)
            )

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def _save_row(self, key: Any, values: dict[str, Any], within: models.QuerySet[M] | None) -> int:
        rows = self.model._base_manager.using(self.db).select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=key).first()
        # The filter again, under the lock: another transaction may have changed the row since.
        if row is None or (within is not None and not within.filter(pk=key).exists()):
            return 0
        fields = []
        for name, value in values.items():
            field = self.model._meta.get_field(name)
            fields.append(field.name)
            # update(owner=7) takes a key where an instance's attribute takes an object.
            attribute = field.name
            if isinstance(field, models.ForeignKey) and not isinstance(value, models.Model):
                attribute = field.attname
            setattr(row, attribute, value)
        row.save(using=self.db, update_fields=fields)
        return 1

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[M]:
        """Like `QuerySet.bulk_create`, one `save()` at a time."""
        if ignore_conflicts or update_conflicts:
            raise BulkRefused(
                "bulk_create() with ignore_conflicts or update_conflicts cannot tell which rows "
                "were written, so their signals cannot be sent; use get_or_create or "
                "update_or_create"
            )
        created = list(objs)
        self._for_write = True
        with transaction.atomic(using=self.db):
            for instance in created:
                instance.save(using=self.db, force_insert=True)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]
