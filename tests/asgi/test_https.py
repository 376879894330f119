"""The variables for a site behind TLS, and the log of refused requests."""

from tests.asgi.test_environment import load

REQUEST = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "asgi.settings"
import django; django.setup()
from django.test import Client
response = Client().get({path!r}, headers={headers!r})
print(response.status_code, response.headers.get("Location"))
print(response.headers.get("Strict-Transport-Security"))
"""


def request(tmp_path, headers=None, **variables):
    """Ask a site with these variables for a page: the lines printed, and the log."""
    script = REQUEST.format(
        path="/accounts/login/", headers={"host": "localhost"} | (headers or {})
    )
    done = load(tmp_path, script, **variables)
    return done.stdout.splitlines(), done.stderr


HTTPS = {"SITE_URL": "https://localhost"}
FORWARDED = {"x-forwarded-proto": "https"}


def test_http_is_redirected_to_https(tmp_path):
    lines, _ = request(tmp_path, **HTTPS, SECURE_SSL_REDIRECT="1")
    assert lines[0] == "301 https://localhost/accounts/login/"


def test_https_is_known_by_the_proxys_header_and_gets_hsts(tmp_path):
    lines, _ = request(
        tmp_path,
        headers=FORWARDED,
        **HTTPS,
        SECURE_SSL_REDIRECT="1",
        SECURE_PROXY_SSL_HEADER="X-Forwarded-Proto",
        SECURE_HSTS_SECONDS="3600",
    )
    assert lines == ["200 None", "max-age=3600"]


def test_without_the_variable_a_proxys_header_counts_for_nothing(tmp_path):
    lines, _ = request(tmp_path, headers=FORWARDED, **HTTPS, SECURE_SSL_REDIRECT="1")
    assert lines[0].startswith("301 ")


def test_a_redirect_to_https_needs_an_https_site(tmp_path):
    _, log = request(tmp_path, SECURE_SSL_REDIRECT="1")
    assert "SECURE_SSL_REDIRECT: expected an https SITE_URL" in log


def test_a_wrong_host_is_one_line_in_the_log(tmp_path):
    lines, log = request(tmp_path, headers={"host": "evil.example"})
    assert lines[0] == "400 None"
    assert len(log.splitlines()) == 1
    assert "evil.example" in log
