"""Adds the demo shop's users and products to the database."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.files.base import ContentFile
from django.db import transaction

from orders.demo.pictures import draw
from orders.models import Inventory, Product, ProductImage, User

PASSWORD = "demo"
CUSTOMERS = ("ana", "ben")
STAFF = "admin"


@dataclass(frozen=True)
class Article:
    slug: str
    name: str
    price: str  # EUR
    pieces: int
    text: str
    alt: str
    watched_by: str = ""


ARTICLES = (
    Article(
        "teapot",
        "Teapot",
        "29.00",
        40,
        "Stoneware with a celadon glaze and a lid that stays on to the last cup. Holds 1.1 litres.",
        "A round green teapot with a brass knob",
        watched_by="ana",
    ),
    Article(
        "lamp",
        "Table lamp",
        "89.50",
        3,
        "A linen shade on a slim brass stem. Warm light for the corner where you read.",
        "A brass table lamp with a glowing linen shade",
    ),
    Article(
        "chair",
        "Ladder-back chair",
        "149.00",
        0,
        "Solid ash, steam-bent by hand, with an upholstered seat. It gets better with every year.",
        "A wooden ladder-back chair with a red seat",
        watched_by="ben",
    ),
    Article(
        "mug",
        "Coffee mug",
        "14.50",
        120,
        "Thick enough to keep the coffee hot, with a handle for the whole hand. 350 ml.",
        "A steaming orange mug with a pale stripe",
    ),
    Article(
        "vase",
        "Bud vase",
        "24.00",
        35,
        "A narrow neck for three stems, a heavy foot so that it stands.",
        "A blue vase with three flowers",
    ),
    Article(
        "clock",
        "Mantel clock",
        "64.00",
        18,
        "A walnut case and a movement that makes no sound. One battery lasts two years.",
        "A round wooden clock at ten past ten",
    ),
    Article(
        "plant",
        "Rubber plant",
        "32.00",
        22,
        "Forgives a forgotten watering. Comes in a terracotta pot, about 50 cm tall.",
        "A leafy plant in a terracotta pot",
    ),
    Article(
        "cushion",
        "Striped cushion",
        "27.90",
        60,
        "Washed cotton, filled with kapok. The cover comes off and goes into the machine.",
        "A mustard cushion with pale stripes",
    ),
    Article(
        "notebook",
        "Notebook",
        "12.00",
        200,
        "Thread-bound, 192 dotted pages that lie flat, in a cloth cover with a band.",
        "A dark red notebook held by a band",
    ),
    Article(
        "candle",
        "Beeswax candle",
        "18.00",
        75,
        "Pure beeswax on a brass plate. Burns for forty hours and smells of summer.",
        "A burning candle on a brass plate",
    ),
    Article(
        "bowl",
        "Fruit bowl",
        "38.00",
        15,
        "Hand-thrown porcelain with a blue line around the rim. 28 cm across.",
        "A white bowl with apples",
    ),
    Article(
        "umbrella",
        "Umbrella",
        "45.00",
        28,
        "Eight fibreglass ribs and a chestnut handle. It bends in the wind and does not break.",
        "An open umbrella in blue and yellow",
    ),
)


def seed() -> list[str]:
    """Add what is missing and change nothing else. Returns the names of what was added."""
    added = []
    with transaction.atomic():
        for name in (*CUSTOMERS, STAFF):
            if not User.objects.filter(username=name).exists():
                create = (
                    User.objects.create_superuser if name == STAFF else User.objects.create_user
                )
                create(name, f"{name}@example.com", PASSWORD)
                added.append(name)
    for article in ARTICLES:
        if not Product.objects.filter(slug=article.slug).exists():
            _add(article)
            added.append(article.slug)
    return added


def _add(article: Article) -> None:
    """Add a product with all that belongs to it, or nothing.

    The picture's file comes first, because files do not roll back: one that is left over does no
    harm.
    """
    picture = ProductImage(alt=article.alt)
    picture.image.save(f"{article.slug}.webp", ContentFile(draw(article.slug)), save=False)
    with transaction.atomic():
        product = Product.objects.create(
            name=article.name,
            slug=article.slug,
            price=Decimal(article.price),
            description=article.text,
        )
        Inventory.objects.create(
            product=product, item_code=f"KC-{article.slug.upper()}", quantity=article.pieces
        )
        picture.product = product
        picture.save()
        if article.watched_by:
            product.watchers.add(User.objects.get(username=article.watched_by))
