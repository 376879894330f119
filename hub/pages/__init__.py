"""Pages: what an HTML page carries so that its socket resumes where the page was rendered."""

from hub.pages.position import (
    PagePositionMiddleware,
    page,
    page_of,
    position_of,
    tell_since,
    without_page,
)

__all__ = [
    "PagePositionMiddleware",
    "page",
    "page_of",
    "position_of",
    "tell_since",
    "without_page",
]
