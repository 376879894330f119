"""Picture files are removed when no row needs them any more, and not earlier."""

from pathlib import Path

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.db import transaction

from orders import uploads
from orders.models import Product, ProductImage
from orders.uploads import PictureField
from tests.orders.pictures import content, moving, png_that_claims, upload
from tests.orders.shop import product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def image(of: Product, name: str = "a.png") -> ProductImage:
    return ProductImage.objects.create(product=of, image=upload(name))


def sharing(other: ProductImage) -> ProductImage:
    return ProductImage.objects.create(product=other.product, image=other.image.name)


def is_there(row: ProductImage) -> bool:
    return Path(row.image.path).exists()


@pytest.fixture
def teapot():
    return product()


def test_a_picture_goes_with_its_product(teapot):
    first, second = image(teapot, "a.png"), image(teapot, "b.png")
    assert is_there(first)
    teapot.delete()
    assert not is_there(first)
    assert not is_there(second)


def test_a_picture_goes_with_its_row_however_that_is_deleted(teapot):
    first, second = image(teapot), image(teapot)
    name = Path(first.image.path)
    first.delete()
    assert not name.exists()
    assert is_there(second)
    ProductImage.objects.all().delete()
    assert not is_there(second)


def by_save(row: ProductImage) -> None:
    row.image = upload("new.png")
    row.save()


def by_update_fields(row: ProductImage) -> None:
    row.image = upload("new.png")
    row.save(update_fields=["image"])


def by_update(row: ProductImage) -> None:
    name = FileSystemStorage().save("products/new.png", upload())
    ProductImage.objects.filter(pk=row.pk).update(image=name)


def by_fixture(row: ProductImage) -> None:
    name = FileSystemStorage().save("products/new.png", upload())
    text = serializers.serialize("json", [row]).replace(row.image.name, name)
    with transaction.atomic():
        for one in serializers.deserialize("json", text):
            one.save()


WAYS = [by_save, by_update_fields, by_update, by_fixture]


@pytest.mark.parametrize("way", WAYS)
def test_a_replaced_picture_goes_and_the_new_one_stays(teapot, way):
    row = image(teapot)
    old = Path(row.image.path)
    way(ProductImage.objects.get())
    assert not old.exists()
    assert is_there(ProductImage.objects.get())


def test_saving_a_picture_again_keeps_its_file(teapot):
    row = image(teapot)
    row.alt = "round"
    row.save()
    ProductImage.objects.update(position=3)
    assert is_there(row)


@pytest.mark.parametrize("way", [*WAYS, ProductImage.delete, lambda row: row.product.delete()])
def test_a_change_that_is_rolled_back_keeps_the_file(teapot, way):
    row = image(teapot)
    with pytest.raises(RuntimeError), transaction.atomic():
        way(ProductImage.objects.get())
        raise RuntimeError
    assert is_there(row)


def test_the_file_is_still_there_until_the_commit(teapot):
    row = image(teapot)
    with transaction.atomic():
        ProductImage.objects.get().delete()
        assert is_there(row)
    assert not is_there(row)


def test_a_shared_file_stays_until_the_last_row_lets_go(teapot):
    first = image(teapot)
    second = sharing(first)
    path = Path(first.image.path)
    first.delete()
    assert path.exists()
    by_save(second)
    assert not path.exists()


def test_a_file_shared_with_another_product_survives_the_first(teapot):
    row = image(teapot)
    ProductImage.objects.create(product=product("lamp"), image=row.image.name)
    teapot.delete()
    assert is_there(row)


def test_a_missing_file_does_not_prevent_a_deletion(teapot):
    row = image(teapot)
    path = Path(row.image.path)
    path.unlink()
    by_save(row)
    Path(row.image.path).unlink()
    row.delete()
    assert not ProductImage.objects.exists()


def test_a_disk_that_fails_is_logged_and_the_deletion_stands(teapot, monkeypatch, caplog):
    def fail(*args):
        raise PermissionError("disk")

    row = image(teapot)
    monkeypatch.setattr(FileSystemStorage, "delete", fail)
    row.delete()
    assert not ProductImage.objects.exists()
    assert "disk" in caplog.text


# Uploads


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("PNG", "a.png"),
        ("JPEG", "photo.jpg"),
        ("GIF", "a.gif"),
        ("WEBP", "a.webp"),
        ("AVIF", "a.avif"),
    ],
)
def test_pictures_that_browsers_show_are_taken(kind, name):
    assert PictureField().clean(upload(name, content(kind))).name == name


def test_the_stored_name_says_what_the_content_is():
    assert PictureField().clean(upload("photo.png", content("JPEG"))).name == "photo.jpg"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><script>alert(1)</script>", uploads.NO_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", uploads.NO_PICTURE),
        (b"%PDF-1.4", uploads.NO_PICTURE),
        (content("TIFF"), uploads.NO_PICTURE),
        (content("BMP"), uploads.NO_PICTURE),
        (content()[:40], uploads.NO_PICTURE),
        (content() + b"\0" * uploads.MAX_BYTES, uploads.TOO_LARGE),
        (png_that_claims(10_000, 5_000), uploads.TOO_MANY_PIXELS),
        (png_that_claims(10_000, 10_000), uploads.TOO_MANY_PIXELS),
        (png_that_claims(100_000, 100_000), uploads.TOO_MANY_PIXELS),
        (png_that_claims(4_000, 4_000), uploads.NO_PICTURE),
        (moving(frames=50, size=(1_000, 1_000)), uploads.TOO_MANY_FRAMES),
        (moving(frames=uploads.MAX_FRAMES + 1, size=(1, 1)), uploads.TOO_MANY_FRAMES),
        (b"", "The submitted file is empty."),
    ],
)  # fmt: skip
def test_an_unfit_picture_is_refused_with_the_reason(body, message):
    with pytest.raises(ValidationError) as refusal:
        PictureField().clean(upload("a.png", body))
    assert refusal.value.messages == [message]


def test_full_clean_refuses_an_unfit_picture_as_well(teapot):
    row = ProductImage(product=teapot, image=upload("a.png", b"<html>"))
    with pytest.raises(ValidationError, match=uploads.NO_PICTURE):
        row.full_clean()


def test_a_stored_picture_whose_file_is_missing_can_still_be_edited(teapot):
    row = image(teapot)
    Path(row.image.path).unlink()
    row = ProductImage.objects.get()
    row.alt = "round"
    row.full_clean()
