"""A simulation: all shoppers at once, each in a thread, until the time is up."""

import threading
from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

from orders.demo import CUSTOMERS, PASSWORD, STAFF
from orders.simulation.browser import Browser, Unreachable
from orders.simulation.pace import Over, Pace
from orders.simulation.shoppers import Shopper, Staff
from orders.simulation.tally import Tally

SHOPPERS = (4, 16)  # threads, at least and at most
EACH = 8.0  # requests per second that one shopper manages easily
WITH_A_NAME = 3  # shoppers who log in; few, because checking a password is slow on purpose
PATIENCE = 1.0  # seconds before a shopper who got no answer tries again
STAFF_PAUSE = 2.0  # seconds between two errands of staff
EXTRA = 15.0  # seconds beyond the end, for the answers that are still to come


class Simulation:
    """Shoppers at `url`: `rate` requests per second for `seconds`. One `seed` is the same dice.

    Some use the demo's accounts, the others are anonymous.
    """

    def __init__(self, url: str, rate: float, seconds: float, seed: int) -> None:
        self.tally = Tally()
        self.pace = Pace(rate, seconds)
        self._site = urlsplit(url)
        self._seed = seed
        self._complaint: Exception | None = None
        fewest, most = SHOPPERS
        number = max(fewest, min(most, int(rate / EACH)))
        staff = Staff(self._browser(), self._dice("staff"), self.tally, STAFF)
        self._people: list[Shopper | Staff] = [staff, *map(self._shopper, range(number))]

    def run(self, report: Callable[[], None], every: float = 0.5) -> None:
        """Run to the end, calling `report` every so many seconds. Raises LogInRefused."""
        threads = [
            threading.Thread(target=self._live, args=(one,), daemon=True) for one in self._people
        ]
        for thread in threads:
            thread.start()
        try:
            while self.pace.passed < 1 and any(thread.is_alive() for thread in threads):
                threads[0].join(every)
                report()
        finally:
            self.pace.stop()
        for thread in threads:
            thread.join(EXTRA)
        if self._complaint is not None:
            raise self._complaint
        report()

    def _live(self, one: Shopper | Staff) -> None:
        has_come = False
        while True:
            try:
                if not has_come:
                    one.come(PASSWORD)
                    has_come = True
                one.errand()
                if isinstance(one, Staff):
                    self.pace.rest(STAFF_PAUSE)
            except Unreachable:
                if not self._goes_on_after(PATIENCE):
                    break
            except Over:
                break
            except Exception as error:
                self._complaint = error
                self.pace.stop()
                break
        one.leave()

    def _goes_on_after(self, seconds: float) -> bool:
        try:
            self.pace.rest(seconds)
        except Over:
            return False
        return True

    def _shopper(self, number: int) -> Shopper:
        name = CUSTOMERS[number % len(CUSTOMERS)] if number < WITH_A_NAME else ""
        return Shopper(self._browser(), self._dice(f"shopper {number}"), self.tally, name)

    def _browser(self) -> Browser:
        return Browser(self._site, self.pace, self.tally)

    def _dice(self, who: str) -> Random:
        return Random(f"{self._seed} {who}")
