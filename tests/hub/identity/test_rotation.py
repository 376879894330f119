"""A new SECRET_KEY, with the former one in SECRET_KEY_FALLBACKS: nobody is signed out by it."""

import pytest

from hub import log
from hub.deliveries.unsubscribing import read_token, unsubscribe_path
from hub.identity import tickets
from hub.identity.authentication import issue_ticket
from hub.sockets.recheck import recheck
from tests.hub.site import Site, log_out, make_person, sign_in, take_away

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rotate(settings):
    """Replaces the secret, as a deploy would."""

    def replace():
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new secret " * 5

    return replace


async def by_ticket(site, ticket):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "ticket": ticket})
    return await browser.hear("welcome")


async def test_a_session_still_opens_a_socket(site: Site, rotate):
    key = await site.run(sign_in, await site.run(make_person))
    rotate()
    assert (await site.connect(cookie=key)).welcome["user"]["name"] == "ana"


async def test_a_ticket_still_opens_a_socket(site: Site, rotate):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    ticket = await site.run(lambda: tickets.sign(issue_ticket(ana, key, log.state().head)))
    rotate()
    assert (await by_ticket(site, ticket))["user"]["name"] == "ana"


@pytest.mark.parametrize("check", ["once a minute", "after a changed password elsewhere"])
async def test_an_open_socket_stays(site: Site, rotate, check):
    ana = await site.run(make_person)
    browser = await site.connect(cookie=await site.run(sign_in, ana))
    rotate()
    if check == "once a minute":
        runtime = site.runtime
        await recheck(runtime.connections, runtime.reader_threads, runtime.policy)
    else:
        await site.run(take_away, ana, "password")
    await site.tell(f"user.{ana.pk}", "still here")
    assert await browser.texts(1) == ["still here"]


async def test_a_log_out_closes_the_sockets_of_its_session(site: Site, rotate):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    browser = await site.connect(cookie=key)
    rotate()
    await site.run(log_out, ana, key)
    assert await browser.ended() == (4510, "logout")


def test_an_unsubscribe_link_still_works(rotate):
    token = unsubscribe_path("7", "test.told").rstrip("/").rpartition("/")[2]
    rotate()
    assert read_token(token) == ("7", ["test.told"])
