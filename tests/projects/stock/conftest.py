import pytest
from django.contrib.auth import get_user_model
from django.db import connections


def make_user(name):
    """A user of whatever model is in use."""
    model = get_user_model()
    if model.USERNAME_FIELD == "code":
        return model.objects.create_user(f"{name.title()}@Desk.Example", "demo")
    return model.objects.create_user(name, f"{name}@example.com", "demo")


@pytest.fixture
def ana(transactional_db):
    return make_user("ana")


@pytest.fixture(autouse=True)
async def closed_connections():
    yield
    connections.close_all()
