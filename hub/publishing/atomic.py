"""Writes that cannot be separated from their events.

In autocommit Django sends `pre_save` and `post_save` outside any transaction: a process that
dies in a receiver leaves the row without its event. `AtomicSave` puts both into one transaction.
Bulk writes send no signals at all: `AtomicQuerySet` sends them row by row, or refuses.
"""

import functools
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.core.serializers.base import DeserializedObject
from django.db import DatabaseError, models, router, transaction

from hub.errors import BulkRefused, RowGone

M = TypeVar("M", bound=models.Model)


class AtomicQuerySet(models.QuerySet[M]):
    """Bulk writes that send the same signals as `save()`, all in one transaction.

    They cost a few statements per row. A variant whose signals cannot be sent raises BulkRefused.
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


if TYPE_CHECKING:
    _Row = models.Model
else:  # `atomic` puts the class before a model's own bases
    _Row = object


class AtomicWrites(_Row):
    """The writes of one row of a model, each in one transaction with what its receivers write.

    An instance that was loaded or saved before is only updated. Where its row is gone, `save()`
    raises RowGone instead of inserting it again. To make a copy, set `pk` to None.
    """

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        state = self._state
        key, was_adding, database = self.pk, state.adding, state.db
        is_stored = not was_adding and database == using and key is not None
        if is_stored and not force_insert and update_fields is None:
            force_update = True
        try:
            with transaction.atomic(using=using):
                super().save_base(raw, force_insert, force_update, using, update_fields)
        except BaseException:
            # The row was rolled back, so the next save() must insert it.
            self.pk, state.adding, state.db = key, was_adding, database
            raise

    def _save_table(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._save_table(*args, **kwargs)  # type: ignore[misc]
        except DatabaseError as error:
            # Django 6 has a type for this. Before, it is a bare DatabaseError of Django's own,
            # and the database's errors have a cause.
            not_updated = getattr(self, "NotUpdated", DatabaseError)
            if type(error) is not not_updated or error.__cause__ is not None:
                raise
            raise RowGone(
                f"{self._meta.label} {self.pk} was deleted after this instance was loaded, so it "
                "is not saved"
            ) from error

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            return super().delete(*args, **kwargs)


class AtomicSave(AtomicWrites, models.Model):
    """A model whose writes commit together with what their receivers write; see AtomicWrites.

    Inherit from it first: then Django's own writes, such as `parent.children.add(child)` and
    `on_delete=SET_NULL`, go through `objects` and send signals too. A model whose `objects` hides
    rows needs another `base_manager_name`.
    """

    objects = AtomicQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


def atomic(model: type[models.Model]) -> None:
    """Make a model of another package as atomic as an AtomicSave, its managers included.

    Call it in `AppConfig.ready`, where all models are known; raises AppRegistryNotReady before.
    Calling it again changes nothing. A manager that makes query sets of its own, past
    `_queryset_class`, keeps them, and `manage.py check` names it.
    """
    apps.check_models_ready()
    if not is_atomic(model):
        model.__bases__ = (AtomicWrites, *model.__bases__)
    managers: list[Any] = [*model._meta.managers, model._base_manager]
    for manager in managers:
        if not issubclass(manager._queryset_class, AtomicQuerySet):
            _make_atomic(manager)


def is_atomic(model: type) -> bool:
    """Whether a change of this model, or of its many-to-many table, is one transaction."""
    meta = getattr(model, "_meta", None)
    return issubclass(getattr(meta, "auto_created", None) or model, AtomicWrites)


def _make_atomic(manager: Any) -> None:
    """Give one model's manager atomic bulk writes.

    Its class is replaced by one of the same name, from which Django derives the managers of related
    objects, and under which migrations find the original.
    """
    kind = type(manager)

    def equals(one: Any, other: object) -> bool:  # so that makemigrations sees no change
        return isinstance(other, kind) and one._constructor_args == other._constructor_args

    names = {
        "__module__": kind.__module__,
        "__eq__": equals,
        "__hash__": kind.__hash__,
        "_queryset_class": _atomic_version(manager._queryset_class),
    }
    manager.__class__ = type(kind.__name__, (kind,), names)


def _atomic_version(rows: type[models.QuerySet[Any]]) -> type[models.QuerySet[Any]]:
    """This query set with atomic bulk writes, as a name of this module: query sets are pickled."""
    if rows is models.QuerySet:
        return AtomicQuerySet
    name = f"Atomic_{rows.__module__}_{rows.__qualname__}".replace(".", "_")
    made = type(name, (AtomicQuerySet, rows), {"__module__": __name__})
    return globals().setdefault(name, made)  # type: ignore[no-any-return]


def _atomic_if_needed(save: Any) -> Any:
    """`DeserializedObject.save`, atomic for models that ask for it.

    It calls `Model.save_base` past any override, and sends the same signals around it.
    """

    @functools.wraps(save)
    def wrapper(
        self: DeserializedObject, save_m2m: bool = True, using: str | None = None, **kwargs: Any
    ) -> None:
        if not isinstance(self.object, AtomicWrites):
            save(self, save_m2m, using, **kwargs)
            return
        using = using or router.db_for_write(type(self.object), instance=self.object)
        with transaction.atomic(using=using):
            save(self, save_m2m, using, **kwargs)

    return wrapper


DeserializedObject.save = _atomic_if_needed(DeserializedObject.save)  # type: ignore[method-assign]
