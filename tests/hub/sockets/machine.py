"""A connection without a process: entries, and a log that it catches up to."""

from hub.broadcast.ring import entry_of
from hub.log.row import row_of
from hub.publishing.control_events import RightsRevoked, SubscriptionChanged
from hub.sockets.acknowledgements import Acknowledgements
from hub.sockets.connection import PING, SEND, WAIT, Connection, Step
from hub.sockets.subscriptions import Subscriptions
from hub.sockets.window import Window


def connection(*, cursor=0, live=False, max_events=4, max_bytes=100_000, user=None, requested=None):
    one = Connection(
        cursor,
        Subscriptions(user, {"a": 0} if requested is None else requested),
        Window(max_events, max_bytes),
        Acknowledgements(interval=25, timeout=10, now=0.0),
    )
    one.live = live
    return one


def entry(position, topic="a", type="test.told", data="{}", size=0):
    """A logged event; `size` in bytes, where it matters."""
    start = f'"type":"{type}","data":{data},"padding":"'
    made = entry_of(row_of(position, topic, type, start + '"}'))
    padding = "x" * (size - made.size)
    return entry_of(row_of(position, topic, type, f'{start}{padding}"}}'))


def revoked(position, reason, session=None, topic="user.7"):
    session = "null" if session is None else f'"{session}"'
    return entry(
        position, topic, RightsRevoked.type, f'{{"reason":"{reason}","session":{session}}}'
    )


def changed(position, subject, on, topic="user.7"):
    data = f'{{"subject":"{subject}","on":{str(on).lower()}}}'
    return entry(position, topic, SubscriptionChanged.type, data)


class Reader:
    """Catches a connection up to the end of a log, as the driver does, and notes what is sent."""

    def __init__(self, one, log, now=0.0):
        self.connection, self.log, self.now = one, log, now
        self.sent = []

    def catch_up(self):
        """What is sent until the connection waits or is live: positions, and ("ping", position)."""
        begun = len(self.sent)
        while (step := self.connection.next_step(self.log[-1].position)) is Step.READ:
            self._read_page()
        if step is Step.PING_AND_WAIT:
            self._ping(self.connection.cursor)
        return self.sent[begun:]

    def _read_page(self):
        for one in self.log:
            todo = self.connection.replay(one)
            if todo == WAIT:
                return
            if todo & SEND:
                self.sent.append(one.position)
            if todo & PING:
                self._ping(one.position)
        self.connection.reached(self.log[-1].position)

    def _ping(self, position):
        self.connection.ping(position, self.now)
        self.sent.append(("ping", position))


def carry_out(change, *answers):
    """Run a change; its needs, each answered in turn, and its outcome."""
    needs, left = [], iter(answers)
    try:
        needs.append(next(change))
        for answer in left:
            needs.append(change.send(answer))
    except StopIteration as done:
        assert next(left, None) is None, "the change needed less than it was told"
        return needs, done.value
    raise AssertionError(f"it still needs {needs[-1]}")


def log_of(count, size=0):
    return [entry(position, size=size) for position in range(1, count + 1)]
