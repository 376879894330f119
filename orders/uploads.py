"""Checks uploaded pictures by their content: a name proves nothing.

The size is checked before anything is parsed and the dimensions before anything is decoded: a
few kilobytes can unpack to gigabytes.
"""

from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.fields.files import FieldFile
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000  # of all frames: a browser needs 160 MB to show as many in one
MAX_FRAMES = 1_000
FORMATS = {"AVIF": ".avif", "GIF": ".gif", "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}

TOO_LARGE = f"The picture is larger than {MAX_BYTES // 1024**2} MB. Choose a smaller one."
TOO_MANY_PIXELS = (
    f"The picture has more than {MAX_PIXELS // 10**6} megapixels. Scale it down, then try again."
)
TOO_MANY_FRAMES = (
    f"The picture moves for too long: it has more than {MAX_FRAMES:,} frames, or more than "
    f"{MAX_PIXELS // 10**6} megapixels in all of them."
)
NO_PICTURE = "This is not a picture we can show. Choose a JPEG, PNG, WebP, AVIF or GIF file."


def check_picture(file: Any) -> None:
    """A validator for uploads; raises ValidationError. A file in the storage has been checked."""
    if not (isinstance(file, FieldFile) and file._committed):
        format_of(file)


def format_of(file: Any) -> str:
    """The picture's format, one of FORMATS. Raises ValidationError for any other file."""
    if file.size > MAX_BYTES:
        raise ValidationError(TOO_LARGE, code="too_large")
    file.seek(0)
    try:
        # Only these parsers: Pillow has many more, for formats that no browser shows.
        with Image.open(file, formats=list(FORMATS)) as picture:
            kind, (width, height) = picture.format or "", picture.size
            if width * height > MAX_PIXELS:
                raise ValidationError(TOO_MANY_PIXELS, code="too_many_pixels")
            # Counting does not decode them; what removes metadata does, one after the other.
            frames = getattr(picture, "n_frames", 1)
            if frames > MAX_FRAMES or frames * width * height > MAX_PIXELS:
                raise ValidationError(TOO_MANY_FRAMES, code="too_many_frames")
            picture.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_MANY_PIXELS, code="too_many_pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValidationError(NO_PICTURE, code="no_picture") from error
    finally:
        file.seek(0)
    return kind


def without_metadata(file: Any, kind: str) -> Any:
    """The upload without what a camera wrote into it: place, time, device. It is turned upright.

    A file that has none of it stays as it is. Colour profiles stay. Raises ValidationError for a
    file that cannot be decoded.
    """
    try:
        return _without_metadata(file, kind)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValidationError(NO_PICTURE, code="no_picture") from error


def _without_metadata(file: Any, kind: str) -> Any:
    file.seek(0)
    with Image.open(file, formats=[kind]) as picture:
        private = {"exif", "xmp", "comment", "XML:com.adobe.xmp", "photoshop"} & set(picture.info)
        if not private and not picture.getexif():
            file.seek(0)
            return file
        upright = ImageOps.exif_transpose(picture)
        kept = {"icc_profile": picture.info.get("icc_profile")}
        if kind == "JPEG":
            kept["quality"] = "keep" if upright is picture else 90
        frames = {"save_all": True} if getattr(picture, "n_frames", 1) > 1 else {}
        source = picture if frames else upright
        for name in private:
            source.info.pop(name, None)
        stripped = BytesIO()
        source.save(stripped, kind, exif=b"", **kept, **frames)
    return SimpleUploadedFile(file.name, stripped.getvalue(), file.content_type)


class PictureField(forms.ImageField):
    """A form field for pictures. The stored name gets the ending that fits the content."""

    def to_python(self, data: Any) -> Any:
        if data in self.empty_values or not getattr(data, "size", 0):
            return super().to_python(data)  # which says what is missing
        kind = format_of(data)
        data = without_metadata(data, kind)
        data.name = PurePosixPath(data.name or "picture").stem[:80] + FORMATS[kind]
        return super().to_python(data)
