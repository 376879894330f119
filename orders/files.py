"""Removes the picture files that no product needs any more, once that is certain.

Files do not roll back with a transaction. So a file goes only after the commit that let go of it,
and only when no other row names it. A file that is missing counts as removed.
"""

from collections.abc import Collection

from django.db import transaction

from orders.models import ProductImage
from orders.rows import lock_row, writes
from orders.thumbnails import thumbnail_name


def release_replaced(
    image: ProductImage, using: str, update_fields: Collection[str] | None
) -> None:
    """Before a row is saved: let go of the file that it named until now."""
    if not writes(update_fields, ("image",)):
        return
    before = lock_row(image, ("image",), using)
    if before is not None and before["image"] != image.image.name:
        release(before["image"], using)
    if image.image and image.image._committed:
        _hold(image.image.name, using)


def release_stored(image: ProductImage, using: str) -> None:
    """Before a row is deleted: let go of its file. The instance may name another one."""
    stored = lock_row(image, ("image",), using)
    if stored is not None:
        release(stored["image"], using)


def release(name: str, using: str) -> None:
    """Remove the file after the commit, unless a row still names it then."""
    storage = ProductImage._meta.get_field("image").storage

    def remove() -> None:
        if name and not ProductImage.objects.using(using).filter(image=name).exists():
            storage.delete(name)
            storage.delete(thumbnail_name(name))

    # Robust: a disk that fails is logged, and the other hooks of the commit still run.
    transaction.on_commit(remove, using=using, robust=True)


def _hold(name: str, using: str) -> None:
    """Lock the rows that name a file which one more row is about to name.

    A transaction that removes one of them waits for that row, and then sees it.
    """
    rows = ProductImage.objects.using(using).select_for_update(no_key=True).filter(image=name)
    list(rows.order_by("pk").values_list("pk", flat=True))
