"""A flood of log-ins: so many wrong passwords at once, each for another account.

    python -m tests.stress.log_ins URL COUNT

Prints, as JSON, how often each status came.
"""

import http.client
import json
import re
import sys
import threading
from collections import Counter
from urllib.parse import urlencode, urlsplit

TIMEOUT = 120.0  # seconds
PATH = "/accounts/login/"


def main(url: str, count: int) -> None:
    netloc = urlsplit(url).netloc
    connection = http.client.HTTPConnection(netloc, timeout=TIMEOUT)
    connection.request("GET", PATH)
    answer = connection.getresponse()
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', answer.read())
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    assert token is not None
    together = threading.Barrier(count)
    statuses: Counter[int] = Counter()

    def guess(number: int) -> None:
        form = {"username": f"u{number}", "password": "x", "csrfmiddlewaretoken": token[1]}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        mine = http.client.HTTPConnection(netloc, timeout=TIMEOUT)
        together.wait()
        try:
            mine.request("POST", PATH, urlencode(form), headers)
            statuses[mine.getresponse().status] += 1
        except OSError:
            statuses[0] += 1
        finally:
            mine.close()

    threads = [threading.Thread(target=guess, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(statuses))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
