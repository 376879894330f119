"""Takes the pictures of the README from the running system: `python -m tests.rig.pictures`."""

import io
import math
import random
import re
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.end_to_end.shopper import Shopper
from tests.rig import browser as rig_browser
from tests.rig.browser import Browsers
from tests.rig.server import ROOT
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template

FOLDER = ROOT / "docs" / "pictures"
LOOKS = {
    "viewport": {"width": 1280, "height": 800},
    "device_scale_factor": 1.5,
    "color_scheme": "light",
}
SMALL = {**LOOKS, "viewport": {"width": 560, "height": 620}, "device_scale_factor": 1}
GAP = 12  # pixels between the frames of the strip
LARGEST = 300_000  # bytes, of one picture
LOAD = 75.0  # seconds of requests before the dashboard is pictured
SHOPPERS = 4
SLUGS = ("teapot", "mug", "vase", "clock", "candle", "bowl", "umbrella", "no-such-thing")


def main() -> None:
    program = rig_browser.find()
    assert program is not None, "no Chromium: install the system's package, or set CHROMIUM to one"
    with sync_playwright() as playwright, embedded_stack(Template()) as stack:
        chromium = playwright.chromium.launch(**rig_browser.launch_options(program))
        take(chromium, stack)
        chromium.close()


def take(chromium: Browser, stack: Stack) -> None:
    """The pictures, into docs/pictures/."""
    browsers = Browsers(chromium)
    buyer = browsers(stack.server, "ana", **LOOKS)
    buyer.goto("/products/teapot/")
    buyer.get_by_role("button", name="Order").click()
    buyer.wait_for_url(re.compile("/orders/"))
    buyer.locator(".hub-toast").wait_for()
    buyer.wait_for_timeout(600)  # until it has slid in
    shoot(buyer, "toast")
    buyer.goto("/inbox/")
    stack.python(
        "from orders.models import Product\n"
        "for slug, price in (('teapot', '25.00'), ('teapot', '24.00'), ('mug', '12.50')):\n"
        "    Product.objects.filter(slug=slug).update(price=price)"
    )
    buyer.locator(".hub-item", has_text="€24.00").wait_for()
    buyer.locator(".hub-item").nth(1).get_by_role("button", name="Archive").click()
    buyer.get_by_role("button", name="Undo").wait_for()
    shoot(buyer, "inbox")

    shoot_strip(browsers(stack.server, "ana", **SMALL), stack)

    people = [Shopper(stack.url, ("ana", "ben")[seed % 2]) for seed in range(SHOPPERS)]
    staff = browsers(stack.server, "admin", **LOOKS)
    staff.goto("/dashboard/")
    ended = threading.Event()
    crowd = [
        threading.Thread(target=shop, args=(person, seed, ended))
        for seed, person in enumerate(people)
    ]
    for shopper in crowd:
        shopper.start()
    try:
        staff.wait_for_timeout(LOAD * 1000)
        people[1].at(stack.url).order("clock")
        staff.locator("[data-list=staff] li").first.wait_for()
        shoot(staff, "dashboard")
    finally:
        ended.set()
        for shopper in crowd:
            shopper.join()
    browsers.close()


def shoot_strip(page: Page, stack: Stack) -> None:
    """What a price drop does, in four frames: page, toast, the bell's panel, and snoozing it."""
    frames: list[Image.Image] = []

    def take() -> None:
        page.wait_for_timeout(600)  # until what moves has come to rest
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

    page.goto("/products/vase/")
    page.get_by_role("button", name="Watch").click()
    page.locator("html[data-hub-state=live]").wait_for()
    take()
    stack.python(
        "from orders.models import Product\n"
        "vase = Product.objects.get(slug='vase')\n"
        "vase.price -= 4\n"
        "vase.save()"
    )
    page.locator(".hub-toast", has_text="is now").wait_for()
    take()
    page.locator(".hub-bell").click()
    page.locator(".hub-bell-panel .hub-item").first.wait_for()
    take()
    page.locator(".hub-bell-panel [data-action=snooze] summary").first.click()
    take()
    wide, high = frames[0].size
    strip = Image.new("RGB", (len(frames) * (wide + GAP) - GAP, high), "white")
    for number, frame in enumerate(frames):
        strip.paste(frame, (number * (wide + GAP), 0))
    strip.save(FOLDER / "strip.webp", quality=88)
    check_size(FOLDER / "strip.webp")


def shop(person: Shopper, seed: int, ended: threading.Event) -> None:
    """Look at things, now more and now less often."""
    chance = random.Random(seed)
    passed = rest = 0.0
    while not ended.wait(rest):
        person.get(chance.choice(["/", "/orders/", *(f"/products/{slug}/" for slug in SLUGS)]))
        rest = chance.uniform(0.1, 0.4) * (1.4 + math.sin(passed / 6 + seed / 3))
        passed += rest


def shoot(page: Page, name: str) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    check_size(path)
    return path


def check_size(path: Path) -> None:
    size = path.stat().st_size
    assert size < LARGEST, f"{path.name} has {size:,} bytes"
    print(f"{path.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
