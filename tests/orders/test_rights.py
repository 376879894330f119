"""Groups and permissions: the policy checks each user again whom a change concerns."""

from collections.abc import Collection
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import EventType, publish
from orders.models import User
from orders.topics import ShopPolicy
from tests.orders.shop import data, forget, published, user

pytestmark = pytest.mark.django_db(transaction=True)


class Accounts(EventType):
    type: ClassVar[str] = "test.accounts"


class AuditPolicy(ShopPolicy):
    """The shop's policy, and the topic `audit` for users who may view orders."""

    def refusals(self, user: Any, topics: Collection[str]) -> dict[str, str]:
        refused = super().refusals(user, topics)
        if user is not None and user.has_perm("orders.view_order"):
            refused.pop("audit", None)
        return refused


@pytest.fixture
def people():
    ana, ben = user("ana"), user("ben")
    clerks = Group.objects.create(name="clerks")
    viewing = Permission.objects.get(codename="view_order")
    forget()
    return ana, ben, clerks, viewing


def checked() -> list[str]:
    """The topics of the users who are checked again, sorted."""
    assert {one["reason"] for one in data("rights.revoked")} <= {"permissions"}
    return sorted(topic for topic, kind in published() if kind == "rights.revoked")


def topics_of(*users: User) -> list[str]:
    return sorted(f"user.{one.pk}" for one in users)


def test_joining_and_leaving_a_group_from_the_users_side(people):
    ana, _, clerks, _ = people
    for change in (
        lambda: ana.groups.add(clerks),
        lambda: ana.groups.remove(clerks),
        lambda: ana.groups.set([clerks]),
        lambda: ana.groups.set([]),
    ):
        forget()
        change()
        assert checked() == topics_of(ana)
    forget()
    ana.groups.clear()
    assert checked() == []  # there was no group to lose


def test_joining_and_leaving_a_group_from_the_groups_side(people):
    ana, ben, clerks, _ = people
    clerks.user_set.add(ana, ben)
    assert checked() == topics_of(ana, ben)
    forget()
    clerks.user_set.remove(ben)
    assert checked() == topics_of(ben)
    forget()
    clerks.user_set.clear()
    assert checked() == topics_of(ana)


def test_joining_a_group_twice_is_one_change(people):
    ana, _, clerks, _ = people
    ana.groups.add(clerks)
    ana.groups.add(clerks)
    assert checked() == topics_of(ana)


def test_permissions_of_a_user_from_either_side(people):
    ana, ben, _, viewing = people
    ana.user_permissions.add(viewing)
    viewing.user_set.add(ben)
    assert checked() == topics_of(ana, ben)
    forget()
    viewing.user_set.clear()
    assert checked() == topics_of(ana, ben)


def test_permissions_of_a_group_concern_all_its_members(people):
    ana, ben, clerks, viewing = people
    clerks.user_set.add(ana, ben)
    for change in (
        lambda: clerks.permissions.add(viewing),
        lambda: clerks.permissions.clear(),
        lambda: viewing.group_set.add(clerks),
        lambda: viewing.group_set.remove(clerks),
        lambda: clerks.permissions.set([viewing]),
        lambda: viewing.group_set.clear(),
    ):
        forget()
        change()
        assert checked() == topics_of(ana, ben)


def test_a_change_of_many_members_costs_as_much_as_one_of_few(people):
    ana, ben, clerks, viewing = people
    costs = []
    for members in ([ana, ben], [user(f"clerk{n}") for n in range(20)]):
        clerks.user_set.add(*members)
        with CaptureQueriesContext(connection) as captured:
            clerks.permissions.set([viewing])
        costs.append(len(captured))
        clerks.permissions.clear()
    assert costs[0] == costs[1]


def test_a_deleted_group_or_permission_concerns_its_holders(people):
    ana, ben, clerks, viewing = people
    clerks.user_set.add(ana)
    clerks.permissions.add(viewing)
    ben.user_permissions.add(viewing)
    forget()
    viewing.delete()
    assert checked() == topics_of(ana, ben)
    forget()
    Group.objects.all().delete()
    assert checked() == topics_of(ana)


def test_a_user_who_loses_superuser_rights_is_checked_again(people):
    ana, *_ = people
    User.objects.filter(pk=ana.pk).update(is_superuser=True)
    User.objects.filter(pk=ana.pk).update(is_superuser=False)
    assert checked() == topics_of(ana, ana)


def test_a_change_that_is_rolled_back_revokes_nothing(people):
    ana, _, clerks, _ = people
    with pytest.raises(RuntimeError), transaction.atomic():
        ana.groups.add(clerks)
        clerks.delete()
        raise RuntimeError
    assert checked() == []


@sync_to_async
def tell_auditors() -> None:
    with transaction.atomic():
        publish(Accounts(), "audit")


@pytest.mark.parametrize("loss", ["leaves", "group loses it", "group goes"])
async def test_a_lost_permission_takes_its_topic_from_open_sockets(people, listen, loss):
    ana, _, clerks, viewing = people
    await sync_to_async(clerks.permissions.add)(viewing)
    await sync_to_async(ana.groups.add)(clerks)
    changes = {
        "leaves": lambda: ana.groups.remove(clerks),
        "group loses it": lambda: viewing.group_set.clear(),
        "group goes": lambda: Group.objects.all().delete(),
    }
    browser = await listen(ana, topics=["audit"], policy=AuditPolicy())
    assert browser.welcome["pages"] == ["audit"]
    await tell_auditors()
    await browser.expect("test.accounts")
    await sync_to_async(changes[loss])()
    assert (await browser.hear("topics"))["removed"] == ["audit"]
    await tell_auditors()
    await browser.silent_until(f"user.{ana.pk}")


async def test_a_change_of_another_right_keeps_the_topic(people, listen):
    ana, _, clerks, viewing = people
    await sync_to_async(ana.user_permissions.add)(viewing)
    browser = await listen(ana, topics=["audit"], policy=AuditPolicy())
    await sync_to_async(ana.groups.add)(clerks)
    await tell_auditors()
    await browser.expect("test.accounts")
