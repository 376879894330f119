"""The plugin's fixture without the plugin."""

import pytest


@pytest.fixture
def hub_connect():
    from config.asgi import application
    from hub.testing import HubCommunicator

    return lambda user: HubCommunicator(application, user)
