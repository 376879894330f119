"""Pages: what an HTML page needs so that its socket goes on where the page was rendered."""

from hub.pages.position import PagePositionMiddleware, page, page_of, without_page

__all__ = ["PagePositionMiddleware", "page", "page_of", "without_page"]
