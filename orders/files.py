"""Picture files that no product needs any more are removed, once that is certain.

Files do not roll back with a transaction. So a file goes only after the commit that let go of it,
and only when no other row names it; a file that is not there is as good as removed.
"""

from collections.abc import Collection

from django.db import transaction

from orders.models import ProductImage
from orders.rows import lock_row, writes


def release_replaced(
    image: ProductImage, using: str, update_fields: Collection[str] | None
) -> None:
    """To be called before a row is saved: lets go of the file that it held until now."""
    if not writes(update_fields, ("image",)):
        return
    before = lock_row(image, ("image",), using)
    if before is not None and before["image"] != image.image.name:
        release(before["image"], using)
    if image.image and image.image._committed:
        _hold(image.image.name, using)


def release_stored(image: ProductImage, using: str) -> None:
    """To be called before a row is deleted: the instance may name another file than the row."""
    stored = lock_row(image, ("image",), using)
    if stored is not None:
        release(stored["image"], using)


def release(name: str, using: str) -> None:
    """Remove the file after the commit, unless a row still names it then."""
    storage = ProductImage._meta.get_field("image").storage

    def remove() -> None:
        if name and not ProductImage.objects.using(using).filter(image=name).exists():
            storage.delete(name)

    # Robust: a disk that fails is logged, and keeps nobody else from being told of the commit.
    transaction.on_commit(remove, using=using, robust=True)


def _hold(name: str, using: str) -> None:
    """Lock the rows that name a file which one more row is about to name.

    Whoever removes one of them waits for that row, and then sees it.
    """
    rows = ProductImage.objects.using(using).select_for_update(no_key=True).filter(image=name)
    list(rows.order_by("pk").values_list("pk", flat=True))
