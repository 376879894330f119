"""The import path that projects know; the code is in `hub.inbox.preferences`."""

from hub.inbox.preferences import MEANS as MEANS
from hub.inbox.preferences import Choice as Choice
from hub.inbox.preferences import Means as Means
from hub.inbox.preferences import PreferenceError as PreferenceError
from hub.inbox.preferences import choose as choose
from hub.inbox.preferences import defaults as defaults
from hub.inbox.preferences import forget_preferences as forget_preferences
from hub.inbox.preferences import hidden_types as hidden_types
from hub.inbox.preferences import is_shown as is_shown
from hub.inbox.preferences import mute as mute
from hub.inbox.preferences import mutes_of as mutes_of
from hub.inbox.preferences import preferences_of as preferences_of
from hub.inbox.preferences import security_types as security_types
from hub.inbox.preferences import unmute as unmute
from hub.inbox.preferences import wants as wants
