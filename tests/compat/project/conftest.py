import pytest
from desk.models import Ticket
from django.contrib.auth.models import User
from django.db import connections


@pytest.fixture
def ana(transactional_db):
    return User.objects.create_user("ana", "ana@example.com", "demo")


@pytest.fixture
def staff(transactional_db):
    return User.objects.create_user("sam", "sam@example.com", "demo", is_staff=True)


@pytest.fixture
def ticket(ana):
    return Ticket.objects.create(asker=ana)


@pytest.fixture(autouse=True)
async def closed_connections():
    yield
    connections.close_all()
