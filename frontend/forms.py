"""The shop's forms."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.db import IntegrityError, transaction

from hub.errors import RowGone
from orders.errors import EmailTaken
from orders.models import Profile, User


class ShopForm:
    """Labels without a colon, and the focus on the first error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def focus_error(self) -> None:
        """Focus the first field with an error: on a phone it may be out of sight."""
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        name = next((name for name in self.fields if name in self.errors), None)
        if name is not None:
            self.fields[name].widget.attrs["autofocus"] = True


class WholeNumberField(forms.IntegerField):
    def to_python(self, value: Any) -> int | None:
        # Python reads 1_0 as ten.
        if "_" in str(value):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class OrderForm(ShopForm, forms.Form):
    """The quantity. The order itself checks the stock."""

    quantity = WholeNumberField(
        label="Quantity",
        min_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": "Enter how many pieces you want.",
            "invalid": "Enter a whole number, such as 2.",
            "min_value": "Order at least one piece.",
        },
    )


class NewsField(forms.BooleanField):
    """The optional checkbox for news."""

    def __init__(self) -> None:
        text = "Tell me about new products"
        super().__init__(label=text, required=False)


MISSING = {
    "username": "Choose a name to log in with.",
    "email": "Enter your email address.",
    "password1": "Choose a password.",
    "password2": "Enter the password again.",
}


class SignUpForm(ShopForm, UserCreationForm):
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "email"}))
    wants_news = NewsField()
    field_order = ("username", "email", "password1", "password2", "wants_news")

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email", "wants_news")
        help_texts = {"username": "Letters, digits and @ . + - _"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "password1"
        ].help_text = "At least 8 characters, not a common password, not only digits."
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = "Password again"
        for name, words in MISSING.items():
            self.fields[name].error_messages["required"] = words

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("This name is taken. Choose another one.", code="unique")
        return username

    def validate_password_for_user(self, user: User, *names: str) -> None:
        # The first one: its rules are checked even if the second one is another.
        super().validate_password_for_user(user, "password1")

    def save(self, commit: bool = True) -> User | None:
        """The new user, or None with an error if another request was faster."""
        # Before the transaction: a hash takes long, and a transaction keeps its connection.
        self.instance.set_password(self.cleaned_data["password1"])
        return _save_unique(self, super().save, commit)

    def set_password_and_save(self, user: User, *args: Any, commit: bool = True) -> User:
        if commit:
            user.save()
        return user


class AccountForm(ShopForm, forms.ModelForm):
    """The user's own data, including the text of the profile."""

    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "email"}))
    bio = forms.CharField(
        label="About you",
        required=False,
        max_length=Profile._meta.get_field("bio").max_length,
        widget=forms.Textarea({"rows": 4}),
    )
    wants_news = NewsField()
    password = forms.CharField(
        label="Current password",
        required=False,
        strip=False,
        help_text="Only to change your email address.",
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    field_order = ("first_name", "last_name", "email", "password", "bio", "wants_news")

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "wants_news")

    def __init__(self, *args: Any, instance: User, **kwargs: Any) -> None:
        try:
            self.profile, _ = Profile.objects.get_or_create(user=instance)
        except IntegrityError as error:
            raise RowGone("the account was deleted") from error
        super().__init__(*args, instance=instance, initial={"bio": self.profile.bio}, **kwargs)

    @property
    def changes_email(self) -> bool:
        """Whether another address was sent. It takes the password, not only the session."""
        return "email" in self.changed_data

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if self.changes_email and not password:
            raise forms.ValidationError("Enter your password to change your email address.")
        if self.changes_email and not self.instance.check_password(password):
            raise forms.ValidationError("Wrong password. Nothing was changed.")
        return password

    def save(self, commit: bool = True) -> User | None:
        """The user, or None with an error if the address was taken meanwhile."""
        with transaction.atomic():
            user = _save_unique(self, super().save, commit)
            if user is not None and "bio" in self.changed_data:
                self.profile.bio = self.cleaned_data["bio"]
                self.profile.save(update_fields=["bio"])
        return user


class DeleteForm(ShopForm, forms.Form):
    """The user's password, so that nobody else can delete the account in an unattended browser."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password to delete the account."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, auto_id="delete_%s", **kwargs)

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("Wrong password. Nothing was deleted.")
        return password


def _save_unique(form: forms.ModelForm, save: Any, commit: bool) -> User | None:
    """Save. If another request took the name or address meanwhile, the form gets an error."""
    try:
        with transaction.atomic():
            return save(commit)
    except EmailTaken as refusal:
        form.add_error(None, refusal)
    except IntegrityError:
        form.add_error(None, "This name or address was just taken. Try another one.")
    return None
