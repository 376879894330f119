"""Small copies of products' pictures, beside them in the storage: made when first asked for.

They are `thumbs/<name of the picture>.webp`, at most SIDE pixels each way.
"""

import threading
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import DEFAULT_DB_ALIAS
from django.urls import get_script_prefix
from PIL import Image, ImageOps, UnidentifiedImageError

from orders.uploads import FORMATS

FOLDER = "thumbs/"
SIDE = 480  # pixels: a card at twice its size
_making = threading.Lock()  # decoding is work: one picture at a time


def thumbnail_name(picture: str) -> str:
    """The name of the small copy of a picture with this name."""
    return f"{FOLDER}{picture}.webp"


def ensure_thumbnail(storage: Storage, name: str) -> None:
    """Make the small copy with this name, if it is missing.

    Raises FileNotFoundError where there is no picture to make it from.
    """
    picture = name.removeprefix(FOLDER).removesuffix(".webp")
    if picture.startswith(FOLDER):
        raise FileNotFoundError("a small copy of a small copy")
    if name != thumbnail_name(picture) or storage.exists(name):
        return
    with _making:
        if storage.exists(name):
            return
        with storage.open(picture) as file:
            content = _small(file)
        saved = storage.save(name, ContentFile(content))
        if saved != name:  # another process was faster
            storage.delete(saved)


def picture_path(product: int | None, using: str = DEFAULT_DB_ALIAS) -> str | None:
    """The path of a small picture of the product, below the site's root; None without one.

    None as well where pictures are on another site: events carry paths of this one only.
    """
    from orders.models import ProductImage

    image = ProductImage.objects.using(using).filter(product=product).first()
    url = image.thumbnail_url if image is not None else ""
    root = get_script_prefix().rstrip("/")
    if root and url.startswith(f"{root}/"):
        url = url.removeprefix(root)
    return url if url.startswith("/") and not url.startswith("//") else None


def _small(file: Any) -> bytes:
    try:
        with Image.open(file, formats=list(FORMATS)) as opened:
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            stored = BytesIO()
            picture.convert("RGBA" if "A" in picture.getbands() else "RGB").save(
                stored, "WEBP", quality=84
            )
    except (UnidentifiedImageError, SyntaxError, ValueError, EOFError) as error:
        raise FileNotFoundError("not a picture") from error
    return stored.getvalue()
