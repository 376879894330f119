"""URLs of a project without the hub's pages."""

urlpatterns: list[object] = []
