"""Lets the test clients of this process share one look for static files.

Each client makes the site's middleware anew, and ServeStatic then looks at every static file there
is (60 ms). A server does that once.
"""

from servestatic.middleware import ServeStaticMiddleware

_look = ServeStaticMiddleware.add_files_from_finders


def install() -> None:
    """From now on, the second and later ones take what the first has found."""
    found: list[ServeStaticMiddleware] = []

    def look_once(self: ServeStaticMiddleware) -> None:
        if found:
            self.files, self.directories = found[0].files, found[0].directories
        else:
            _look(self)
            found.append(self)

    ServeStaticMiddleware.add_files_from_finders = look_once
