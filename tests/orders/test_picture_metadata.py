"""What a camera writes into a picture does not reach the shop's visitors."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from orders.uploads import PictureField

ORIENTATION, GPS = 0x0112, 0x8825


def upload(kind, **saved):
    content = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(content, kind, **saved)
    return SimpleUploadedFile(f"a.{kind.lower()}", content.getvalue(), f"image/{kind.lower()}")


def exif():
    made = Image.Exif()
    made[ORIENTATION] = 6  # the camera was held upright
    made.get_ifd(GPS)[1] = "N"
    made[0x010F] = "A camera"
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_place_and_device_are_removed_and_the_picture_stands_upright(kind):
    cleaned = PictureField().to_python(upload(kind, exif=exif()))
    cleaned.seek(0)
    with Image.open(cleaned) as picture:
        assert picture.size == (20, 40)
        assert not dict(picture.getexif()) and "exif" not in picture.info
    assert b"A camera" not in cleaned.read()


def test_a_comment_is_removed():
    assert b"at home" not in PictureField().to_python(upload("JPEG", comment=b"at home")).read()


def test_a_picture_without_metadata_stays_byte_for_byte():
    file = upload("PNG")
    content = file.read()
    file.seek(0)
    cleaned = PictureField().to_python(file)
    cleaned.seek(0)
    assert cleaned.read() == content


def test_an_animation_stays_one():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    content = BytesIO()
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:], exif=exif())
    file = SimpleUploadedFile("a.webp", content.getvalue(), "image/webp")
    cleaned = PictureField().to_python(file)
    cleaned.seek(0)
    with Image.open(cleaned) as picture:
        assert picture.n_frames == 2 and not dict(picture.getexif())
