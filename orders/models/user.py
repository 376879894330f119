"""Users and their profiles."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models, transaction
from django.db.models.functions import Lower

from hub import AtomicQuerySet, AtomicSave
from orders.errors import EmailTaken
from orders.names import check_name


class UserQuerySet(AtomicQuerySet):
    def with_email(self, email: str) -> "UserQuerySet":
        """The users whose confirmed address this is, in any spelling.

        The database folds both sides alike.
        """
        confirmed = self.alias(folded=Lower("confirmed_email"))
        return confirmed.filter(folded=Lower(models.Value(email)))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Like `QuerySet.delete`, with each user's row locked first (see `User.delete`)."""
        with transaction.atomic(using=self.db):
            keys = list(self.values_list("pk", flat=True))
            lock_users(keys, self.db)
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):
    use_in_migrations = False

    def _create_user_object(self, *args: Any, **fields: Any) -> "User":
        """Who calls `create_user` or `createsuperuser` vouches for the address."""
        user = super()._create_user_object(*args, **fields)
        user.confirmed_email = user.email
        return user


class User(AtomicSave, AbstractUser):
    """A user. The confirmed address is unique in any spelling, or empty.

    An address that nobody has confirmed is no claim: it may be somebody else's.
    """

    first_name = models.CharField(max_length=150, blank=True, validators=[check_name])
    last_name = models.CharField(max_length=150, blank=True, validators=[check_name])
    # The last address that was confirmed as the user's: emails go there, not to `email`.
    confirmed_email = models.EmailField(blank=True, default="", editable=False)
    wants_news = models.BooleanField("news", default=False, help_text="Tell me about new products.")

    objects = UserManager()

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                Lower("confirmed_email"),
                condition=~models.Q(confirmed_email=""),
                name="orders_user_confirmed_email_unique",
                violation_error_message=EmailTaken.text,
            ),
        )

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()

    def clean(self) -> None:
        super().clean()
        holders = User.objects.with_email(self.email) if self.email else User.objects.none()
        if holders.exclude(pk=self.pk).exists():
            raise EmailTaken

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the user. Their orders stay, with the name that was copied.

        The row is locked before Django looks for the user's orders. An order locks it too
        (`orders.placing`), so one in flight is either found here or refused there. Otherwise it
        would name a user who is gone, and the database would refuse one of the two commits.
        """
        using = kwargs.get("using") or self._state.db
        with transaction.atomic(using=using):
            lock_users([self.pk], using)
            return super().delete(*args, **kwargs)


def lock_users(keys: list[Any], using: str | None) -> None:
    """Lock the rows of these users until the transaction ends, always in the same order."""
    rows = User.objects.using(using).select_for_update().filter(pk__in=keys).order_by("pk")
    list(rows.values_list("pk", flat=True))


class Profile(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile"
    )
    bio = models.TextField(max_length=500, blank=True, default="This is my bio.")

    def __str__(self) -> str:
        return f"Profile of {self.user}"
