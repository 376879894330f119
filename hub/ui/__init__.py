"""The hub's own pages, and what it adds to those of a project: toasts and the bell."""
