"""The project is another project: its tests run in a process of their own."""

collect_ignore = ["project"]
