"""Serves uploaded pictures from the default storage, in every environment, and the icon."""

from pathlib import PurePosixPath

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from orders import thumbnails

MAX_AGE = 3600  # seconds that browsers keep a picture

# Types that a browser displays and cannot execute. Everything else is a download.
PICTURES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """The whole file at once: pictures are small, and streaming costs a thread per chunk.

    A thumbnail is made when it is first asked for.
    """
    try:
        if name.startswith(thumbnails.FOLDER):
            thumbnails.ensure_thumbnail(default_storage, name)
        changed = int(default_storage.get_modified_time(name).timestamp())
        known = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
        if known is not None and changed <= known:
            return HttpResponseNotModified()
        with default_storage.open(name) as file:
            content = file.read()
    except (OSError, SuspiciousFileOperation, ValueError) as error:
        raise Http404(name) from error
    kind = PICTURES.get(PurePosixPath(name).suffix.lower())
    response = HttpResponse(content, content_type=kind or "application/octet-stream")
    if kind is None:
        response["Content-Disposition"] = "attachment"
    response["Last-Modified"] = http_date(changed)
    response["Cache-Control"] = f"max-age={MAX_AGE}, public"
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("frontend/icon.svg"))
