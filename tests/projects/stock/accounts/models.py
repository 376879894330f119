"""User models as projects have them; STOCK_USER names the one in use."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models


class KeyedUser(AbstractUser):
    """Its key is a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        swappable = "AUTH_USER_MODEL"


class NamelessManager(BaseUserManager):
    def create_user(self, code, password=None):
        user = self.model(code=code)
        user.set_password(password)
        user.save(using=self._db)
        return user


class NamelessUser(AbstractBaseUser):
    """No username, no email, no is_staff; the key is a text of any characters."""

    code = models.CharField(primary_key=True, max_length=50)
    USERNAME_FIELD = "code"
    objects = NamelessManager()

    class Meta:
        swappable = "AUTH_USER_MODEL"
