"""Accounts: what is published about them, and which rights end when."""

import pytest
from django.contrib.auth.hashers import make_password
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orders.errors import EmailTaken
from orders.models import Order, Profile, User
from tests.orders.shop import data, forget, frames, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana():
    made = user()
    forget()
    return made


def reasons() -> list[str]:
    return [one["reason"] for one in data("rights.revoked")]


def kinds() -> list[str]:
    return [kind for _, kind in published()]


def test_a_new_user_is_welcomed_and_gets_one_profile():
    ana = user()
    ana.save()
    assert published() == [(f"user.{ana.pk}", "account.welcome")]
    assert Profile.objects.get(user=ana).bio == "This is my bio."


def test_a_fixture_may_bring_its_own_profile(ana):
    Profile.objects.update(bio="I like tea.")
    text = serializers.serialize("json", [ana, Profile.objects.get()])
    ana.delete()
    with transaction.atomic():
        for one in serializers.deserialize("json", text):
            one.save()
    assert Profile.objects.get().bio == "I like tea."


def test_a_fixture_without_a_profile_gets_one(ana):
    text = serializers.serialize("json", [ana])
    ana.delete()
    with transaction.atomic():
        for one in serializers.deserialize("json", text):
            one.save()
    assert Profile.objects.get().user.username == "ana"


def test_a_changed_name_is_published_once(ana):
    ana.first_name = "Ana"
    ana.save()
    ana.save()
    assert published() == [(f"user.{ana.pk}", "account.updated")]


def test_logging_in_does_not_change_the_account(ana):
    ana.last_login = timezone.now()
    ana.save(update_fields=["last_login"])
    ana.save()
    assert published() == []


def test_a_newer_hash_of_the_same_password_does_not_change_the_account(ana, settings):
    User.objects.filter(pk=ana.pk).update(password=make_password("demo", hasher="md5"))
    forget()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    ana.refresh_from_db()
    assert ana.password.startswith("md5")
    assert ana.check_password("demo")
    ana.refresh_from_db()
    assert ana.password.startswith("pbkdf2")
    assert published() == []


@pytest.mark.parametrize("update_fields", [None, ["password"]])
def test_a_new_password_is_published_and_ends_other_sessions(ana, update_fields):
    ana.set_password("another one")
    ana.save(update_fields=update_fields)
    assert kinds() == ["account.updated", "rights.revoked"]
    assert reasons() == ["password"]


def test_a_password_hash_set_by_hand_ends_other_sessions(ana):
    ana.password = make_password("demo")
    ana.save(update_fields=["password"])
    assert reasons() == ["password"]


def test_deactivation_ends_sessions_and_comes_last(ana):
    ana.is_active = False
    ana.first_name = "Ana"
    ana.save()
    assert kinds() == ["account.updated", "rights.revoked"]
    assert reasons() == ["deactivated"]
    forget()
    ana.is_active = True
    ana.save()
    assert published() == []


def test_staff_are_subscribed_to_the_staff_topic_while_they_are_staff(ana):
    ana.is_staff = True
    ana.save()
    User.objects.filter(pk=ana.pk).update(is_staff=False)
    assert kinds() == ["subscription.changed", "subscription.changed", "rights.revoked"]
    assert [(one["subject"], one["on"]) for one in data("subscription.changed")] == [
        ("staff", True),
        ("staff", False),
    ]
    assert reasons() == ["staff"]


def test_a_user_created_as_staff_is_subscribed_to_the_staff_topic():
    user("admin", is_staff=True)
    assert data("subscription.changed") == [{"subject": "staff", "on": True}]


def test_a_deletion_is_published_to_the_user_and_to_staff_before_the_revocation(ana):
    pk = ana.pk
    ana.delete()
    assert published() == [
        (f"user.{pk}", "account.deleted"),
        ("staff", "account.deleted"),
        (f"user.{pk}", "rights.revoked"),
    ]
    assert [frame["severity"] for frame in frames("account.deleted")] == ["critical", "info"]
    assert data("account.deleted") == [{"user": pk, "name": "ana"}] * 2
    assert reasons() == ["deleted"]


@pytest.mark.both
def test_users_deleted_together_are_each_published(ana):
    ben = user("ben")
    forget()
    User.objects.filter(username__in=["ana", "ben"]).delete()
    topics = [topic for topic, kind in published() if kind == "rights.revoked"]
    assert sorted(topics) == sorted([f"user.{ana.pk}", f"user.{ben.pk}"])


def test_a_deletion_that_is_rolled_back_publishes_nothing(ana):
    with pytest.raises(RuntimeError), transaction.atomic():
        User.objects.get(pk=ana.pk).delete()
        raise RuntimeError
    assert published() == []
    assert User.objects.exists()


@pytest.mark.both
def test_an_order_outlives_its_buyer(ana):
    order = Order.objects.create(product=product(), ordered_by=ana, quantity=1)
    ana.delete()
    order.refresh_from_db()
    assert order.ordered_by is None
    assert order.buyer_name == "ana"


@pytest.mark.both
def test_an_address_belongs_to_one_account_in_any_spelling(ana):
    with pytest.raises(EmailTaken) as refusal:
        User.objects.create_user("ben", "ANA@Example.com", "demo")
    assert refusal.value.messages == ["Another account uses this e-mail address."]
    assert User.objects.count() == 1


@pytest.mark.both
def test_the_database_keeps_addresses_apart_when_two_come_at_once(ana):
    ben = user("ben")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_user SET confirmed_email = %s WHERE id = %s",
            ["ANA@example.com", ben.pk],
        )


@pytest.mark.both
def test_many_accounts_may_have_no_address():
    User.objects.create_user("ana")
    User.objects.create_user("ben")
    assert User.objects.filter(email="").count() == 2


def test_a_user_deleted_twice_is_published_once(ana):
    again = User.objects.get()
    ana.delete()
    forget()
    again.delete()
    assert published() == []


def test_several_changes_in_one_save_are_one_event(ana):
    ana.first_name, ana.email = "Ana", "new@example.com"
    ana.set_password("another one")
    ana.save()
    assert kinds().count("account.updated") == 1


def test_a_change_by_update_is_published_like_any_other(ana):
    User.objects.update(first_name="Ana")
    User.objects.update(first_name="Ana")
    assert kinds() == ["account.updated"]


def test_logging_in_and_out_through_the_site_changes_no_account(ana, client):
    client.post("/accounts/login/", {"username": "ana", "password": "demo"})
    client.post("/accounts/logout/")
    assert "account.updated" not in kinds()


@pytest.mark.parametrize(
    "name", ["Ana\x1b]0;owned\x07", "Ana\r\nPay here", "\u202eanA", "Ana\u2028x", "\0"]
)
@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_a_name_with_invisible_characters_is_refused(ana, client, name, field):
    client.force_login(ana)
    form = {"first_name": "Ana", "last_name": "Lima", "email": ana.email, field: name}
    assert client.post("/account/", form).status_code == 422
    ana.refresh_from_db()
    assert ana.display_name == "ana"


@pytest.mark.parametrize(
    "name", ["Ana María", "O\u2019Neil", "李小龍", "\u0645\u06cc\u200c\u062e", "D'Arcy-Smith"]
)
def test_a_name_in_any_script_is_taken(ana, name):
    ana.first_name = name
    ana.full_clean()


def test_users_created_in_bulk_get_one_profile_each():
    User.objects.bulk_create([User(username="ana"), User(username="ben")])
    assert Profile.objects.count() == 2
    assert kinds().count("account.welcome") == 2


@pytest.mark.both
def test_a_refused_address_is_refused_by_every_way_of_writing(ana):
    ben = user("ben")
    for write in (
        lambda: User.objects.filter(pk=ben.pk).update(email="Ana@Example.com"),
        lambda: User.objects.bulk_create([User(username="zoe", email="ANA@EXAMPLE.COM")]),
        lambda: User.objects.get_or_create(username="zoe", defaults={"email": "ana@example.com"}),
    ):
        with pytest.raises(EmailTaken, match="Another account uses this"):
            write()
    ben.refresh_from_db()
    assert ben.email == "ben@example.com"
    assert User.objects.count() == 2
