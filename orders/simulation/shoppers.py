"""Shoppers and staff: what each does at the site, chosen by dice of their own."""

import re
from collections.abc import Callable
from decimal import Decimal
from random import Random

from orders.simulation.browser import Answer, Browser, inputs
from orders.simulation.tally import Tally

FAR_TOO_MANY = str(10**9)
CENT = Decimal("0.01")
LOWEST = Decimal("0.60")  # share of the first price; below it, a price goes back up


class LogInRefused(Exception):
    """The demo's accounts do not exist."""


class Shopper:
    """Looks around. With a name, the shopper also watches and buys."""

    def __init__(self, browser: Browser, dice: Random, tally: Tally, name: str = "") -> None:
        self._browser = browser
        self._dice = dice
        self._tally = tally
        self._name = name

    def come(self, password: str) -> None:
        """Log in, if there is a name. Raises LogInRefused."""
        if self._name:
            log_in(self._browser, self._name, password)

    def leave(self) -> None:
        self._browser.close()

    def errand(self) -> None:
        """Look at the shop and at a product, and sometimes do more than that."""
        shop = self._browser.get("/")
        paths = sorted(set(re.findall(r'href="(/products/[\w-]+/)"', shop.text)))
        if not paths:
            return
        page = self._browser.get(self._dice.choice(paths))
        if not self._name:
            return
        actions: list[tuple[int, Callable[[Answer], None]]] = [
            (20, lambda page: None),
            (40, self._buy),
            (10, self._ask_too_much),
            (20, self._watch),
            (10, self._read_orders),
        ]
        weights, choices = zip(*actions, strict=True)
        [act] = self._dice.choices(choices, weights)
        act(page)

    def _buy(self, page: Answer) -> None:
        self._order(page, str(self._dice.choice((1, 1, 1, 2, 3))))

    def _ask_too_much(self, page: Answer) -> None:
        self._order(page, self._dice.choice(("0", "-1", "two", FAR_TOO_MANY)))

    def _order(self, page: Answer, quantity: str) -> None:
        answer = self._browser.post(page, f"{page.path}order", {"quantity": quantity})
        if answer.status == 200 and answer.path.startswith("/orders/"):
            self._tally.did("orders")

    def _watch(self, page: Answer) -> None:
        watched = 'name="on" value="0"' in page.text
        self._browser.post(page, f"{page.path}watch", {"on": "0" if watched else "1"})
        self._tally.did("unwatched" if watched else "watched")

    def _read_orders(self, page: Answer) -> None:
        self._browser.get("/orders/")


class Staff:
    """Changes prices and fills the stock, in the lists of the admin."""

    def __init__(self, browser: Browser, dice: Random, tally: Tally, name: str) -> None:
        self._browser = browser
        self._dice = dice
        self._tally = tally
        self._name = name
        self._first: dict[str, Decimal] = {}  # a product's key -> the price it began with

    def come(self, password: str) -> None:
        """Log in. Raises LogInRefused."""
        log_in(self._browser, self._name, password)

    def leave(self) -> None:
        self._browser.close()

    def errand(self) -> None:
        if self._dice.random() < 0.7:
            self._change_a_price()
        else:
            self._fill_a_shelf()

    def _change_a_price(self) -> None:
        page = self._browser.get("/admin/orders/product/")
        fields = inputs(page.text)
        row = self._choose(fields, "price", lambda price: Decimal(price) > CENT)
        if row is None:
            return
        key, price = fields[f"{row}-id"], Decimal(fields[f"{row}-price"])
        first = self._first.setdefault(key, price)
        if price < first * LOWEST:
            new, what = first, "price raises"
        else:
            share = Decimal(self._dice.randint(85, 97)) / 100
            new, what = (price * share).quantize(CENT), "price drops"
        self._save(page, {**fields, f"{row}-price": str(new)}, what)

    def _fill_a_shelf(self) -> None:
        page = self._browser.get("/admin/orders/inventory/")
        fields = inputs(page.text)
        row = self._choose(fields, "quantity", lambda pieces: int(pieces) < 10)
        if row is None:
            return
        pieces = str(int(fields[f"{row}-quantity"]) + self._dice.randint(10, 40))
        self._save(page, {**fields, f"{row}-quantity": pieces}, "restocked")

    def _choose(
        self, fields: dict[str, str], column: str, fits: Callable[[str], bool]
    ) -> str | None:
        """The prefix of one of the rows whose column fits."""
        rows = [
            match[1]
            for name, value in fields.items()
            if (match := re.fullmatch(rf"(form-\d+)-{column}", name)) and value and fits(value)
        ]
        return self._dice.choice(rows) if rows else None

    def _save(self, page: Answer, fields: dict[str, str], what: str) -> None:
        chosen = {
            name: text
            for name, text in fields.items()
            if name.startswith(("form-", "initial-form-"))
        }
        answer = self._browser.post(page, page.path, {**chosen, "_save": "Save"})
        if answer.status == 200 and "errornote" not in answer.text:
            self._tally.did(what)


def log_in(browser: Browser, name: str, password: str) -> None:
    """Raises LogInRefused."""
    form = browser.get("/accounts/login/")
    path = "/accounts/login/"
    answer = browser.post(form, path, {"username": name, "password": password})
    if answer.path.startswith(path) or answer.status >= 400:
        raise LogInRefused(f"{name} cannot log in with the demo's password ({answer.status})")
