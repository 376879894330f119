"""Parameters of libpq with which a PostgreSQL that has gone silent is noticed within 10 s.

A dead machine, or a firewall that drops what passes, says nothing. Without these, TCP gives up
after a quarter of an hour while a query is under way, and after two hours while none is.
"""

NOTICE_SILENCE = {
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 4,  # seconds without traffic until the first question whether it is there
    "keepalives_interval": 2,  # seconds between two questions
    "keepalives_count": 2,  # questions without an answer
    "tcp_user_timeout": 8_000,  # milliseconds for what was sent to be acknowledged
}
