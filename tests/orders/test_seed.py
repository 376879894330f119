"""`manage.py seed_demo`."""

import functools
import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from PIL import Image

from orders.demo import seeding
from orders.models import Product, ProductImage, User
from tests.orders.shop import published, user

pytestmark = pytest.mark.django_db(transaction=True)


_drawn_once = functools.cache(seeding.draw)


@pytest.fixture(autouse=True)
def media(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(seeding, "draw", _drawn_once)


def seed(*options: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *options, stdout=out)
    return out.getvalue()


def test_the_demo_shop_is_complete_and_a_second_run_changes_nothing():
    seed()
    first = Product.objects.in_bulk(field_name="slug")
    assert len(first) == 12
    facts = [(one.slug, str(one.price), one.stock) for one in Product.objects.all()[:3]]
    assert facts == [("teapot", "29.00", 40), ("lamp", "89.50", 3), ("chair", "149.00", 0)]
    assert [one.username for one in first["teapot"].watchers.all()] == ["ana"]
    assert [one.username for one in first["chair"].watchers.all()] == ["ben"]
    assert authenticate(username="admin", password="demo").is_superuser
    before = published()
    assert "nothing was changed" in seed()
    assert published() == before


@pytest.mark.parametrize(
    "url", ["https://shop.example", "http://shop.example", "https://127.0.0.1", "http://10.0.0.1"]
)
def test_a_site_that_others_may_reach_is_seeded_only_by_force(settings, url):
    settings.SITE_URL = url
    with pytest.raises(CommandError, match=rf"SITE_URL is {url}.*--force"):
        seed()
    assert not User.objects.exists()
    seed("--force")
    assert Product.objects.count() == 12


def test_each_product_has_a_picture_of_its_own():
    seed()
    pictures = set()
    for row in ProductImage.objects.all():
        content = row.image.read()
        row.image.close()
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (1400, 1400)
        assert row.alt
        pictures.add(content)
    assert len(pictures) == 12


def test_a_database_with_other_users_is_seeded_only_by_force():
    user("zoe")
    with pytest.raises(CommandError, match="--force"):
        seed()
    assert User.objects.count() == 1
    seed("--force")
    assert Product.objects.count() == 12
