"""The hub's test helpers in a project with Django's default settings."""

from tests.projects.running import PLAIN, run, run_tests


def test_a_project_with_default_settings_passes_its_tests_every_time() -> None:
    run_tests(PLAIN, "-p", "hub.pytest_plugin", "-W", "error")


def test_without_the_plugin_the_tests_say_what_to_set() -> None:
    one = "test_answers.py::test_thirty_answers_are_thirty_events_in_order[0]"
    done = run(PLAIN, "-m", "pytest", "-p", "no:cacheprovider", "-p", "config.connecting", one)
    assert "DATABASES['default']['TEST'] = {'NAME'" in done.stdout, done.stdout
