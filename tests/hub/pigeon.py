"""A means of delivery that does what a test tells it."""

from hub.deliveries import Means


class Pigeon(Means):
    name = "pigeon"
    answers: list[Exception | None] = []
    unreachable: Exception | None = None
    flown: list[str] = []

    def address(self, person):
        return "roof" if person.username != "nobody" else ""

    def open(self):
        if Pigeon.unreachable:
            raise Pigeon.unreachable

    def send(self, composed):
        Pigeon.flown.append(composed.reference)
        answer = Pigeon.answers.pop(0) if Pigeon.answers else None
        if answer is not None:
            raise answer
