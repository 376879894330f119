"""The import path that projects know; the code is in `hub.sockets.consumer`."""

from hub.sockets.consumer import HubConsumer as HubConsumer
