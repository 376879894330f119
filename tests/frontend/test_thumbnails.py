"""Small copies of products' pictures."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from orders.models import ProductImage
from orders.thumbnails import SIDE, picture_path
from tests.orders.pictures import content
from tests.orders.shop import product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def pictured(kind="PNG", size=(1000, 500)) -> ProductImage:
    image = ProductImage(product=product())
    image.image.save("pot.png", ContentFile(content(kind, size)), save=False)
    image.save()
    return image


def test_it_is_made_when_it_is_first_asked_for_and_goes_with_the_picture(client):
    image = pictured()
    path = image.thumbnail_url
    assert path == "/media/thumbs/products/pot.png.webp"
    assert not default_storage.exists("thumbs/products/pot.png.webp")
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (SIDE, SIDE // 2)
    again = client.get(path, headers={"if-modified-since": answer["Last-Modified"]})
    assert again.status_code == 304
    image.delete()
    assert client.get(path).status_code == 404
    assert default_storage.listdir("thumbs/products")[1] == []


@pytest.mark.parametrize(
    "name",
    [
        "thumbs/products/none.png.webp",
        "thumbs/products/note.txt.webp",
        "thumbs/products/note.txt",
        "thumbs/",
        "thumbs/thumbs/products/pot.png.webp.webp.webp",
        "thumbs/../../etc/passwd.webp",
    ],
)
def test_of_anything_else_there_is_none(client, name):
    pictured()
    default_storage.save("products/note.txt", ContentFile(b"no picture"))
    assert client.get(f"/media/{name}").status_code == 404


def test_a_thumbnail_has_none_of_its_own(client):
    """So the storage does not grow with each name that somebody thinks of."""
    client.get(pictured().thumbnail_url)
    assert client.get("/media/thumbs/thumbs/products/pot.png.webp.webp").status_code == 404


@pytest.mark.parametrize("url", ["https://cdn.example/media/", "//cdn.example/media/"])
def test_events_name_no_picture_of_another_site(settings, url):
    image = pictured()
    assert picture_path(image.product_id) == "/media/thumbs/products/pot.png.webp"
    settings.MEDIA_URL = url
    assert picture_path(image.product_id) is None
    assert picture_path(None) is None
