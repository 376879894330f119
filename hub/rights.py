"""The import path that projects know; the code is in `hub.publishing.revocation`."""

from hub.publishing.control_events import RightsRevoked as RightsRevoked
from hub.publishing.revocation import REASONS as REASONS
from hub.publishing.revocation import revoke as revoke
from hub.publishing.revocation import session_digest as session_digest
