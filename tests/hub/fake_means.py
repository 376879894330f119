"""A means of delivery that does what a test tells it."""

from hub.deliveries import Means


class FakeMeans(Means):
    name = "fake_means"
    digests = True
    answers: list[Exception | None] = []
    unreachable: Exception | None = None
    sent: list[str] = []

    def address(self, person):
        return "roof" if person.username != "nobody" else ""

    def open(self):
        if FakeMeans.unreachable:
            raise FakeMeans.unreachable

    def compose_digest(self, letters):
        return letters[0]

    def send(self, composed):
        FakeMeans.sent.append(composed.reference)
        answer = FakeMeans.answers.pop(0) if FakeMeans.answers else None
        if answer is not None:
            raise answer
