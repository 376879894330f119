"""Tables of the hub beside a peer, or beside the plain way: `make bench`."""
