"""A process is not ready while its pages cannot be served."""

import contextlib
from typing import Any

import pytest
from django.db import connection
from psycopg_pool import PoolTimeout

from hub.runtime import pages
from tests.hub.site import Site
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(pages, "PROBE_INTERVAL", 0.05)
    monkeypatch.setattr(pages, "PROBE_TIMEOUT", 0.5)


@pytest.fixture(autouse=True)
def own_pool() -> None:
    """A pool of the test's own: an earlier test may have kept connections of the process's."""
    if connection.vendor == "postgresql":
        connection.close()
        connection.close_pool()


async def hindered(site: Site, by: str) -> None:
    await async_wait_until(
        lambda: by in site.runtime.hindrance, what=lambda: repr(site.runtime.hindrance)
    )


async def well(site: Site) -> None:
    await async_wait_until(lambda: site.runtime.is_ready, what=lambda: site.runtime.hindrance)


@pytest.mark.postgres
async def test_a_process_whose_pool_is_empty_is_not_ready(site: Site):
    await well(site)
    taken: list[Any] = []

    def take_all() -> None:
        with contextlib.suppress(PoolTimeout):
            while True:
                taken.append(connection.pool.getconn(timeout=0.5))

    try:
        await site.run(take_all)
        await hindered(site, "no database connection for pages")
    finally:
        for one in taken:
            connection.pool.putconn(one)
    await well(site)


@pytest.mark.postgres
async def test_a_process_whose_database_is_read_only_is_not_ready(site: Site):
    name = connection.settings_dict["NAME"]

    def allow(writing: bool) -> None:
        with connection.cursor() as cursor:
            switch = "off" if writing else "on"
            cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {switch}')
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    await well(site)
    await site.run(allow, False)
    try:
        await hindered(site, "read-only")
    finally:
        await site.run(allow, True)
    await well(site)


async def test_a_process_that_is_almost_out_of_descriptors_is_not_ready(site: Site, monkeypatch):
    await well(site)
    monkeypatch.setattr(pages.resource, "getrlimit", lambda which: (8, 8))
    await hindered(site, "descriptors")
    monkeypatch.undo()
    await well(site)
