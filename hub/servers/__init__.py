"""Classes for the server software, to be named on its command line: they write finished frames."""
