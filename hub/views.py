"""The import path that projects use; the code is in `hub.operations.health`."""

from hub.operations.health import healthz as healthz
from hub.operations.health import readyz as readyz
