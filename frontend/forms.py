"""The shop's forms. Each message says what to do."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.db import IntegrityError, transaction

from orders.errors import EmailTaken
from orders.models import Profile, User


class ShopForm:
    """Labels without a colon, and a way to lead people to what is wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def focus_error(self) -> None:
        """Put the cursor into the first wrong field: on a phone it may be below the fold."""
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True


class OrderForm(ShopForm, forms.Form):
    """How many pieces. Whether there are enough is the order's own affair."""

    quantity = forms.IntegerField(
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


class UniqueEmailForm:
    """Says beside the field that an address is taken, before the database has to."""

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if User.objects.with_email(email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(EmailTaken.text)
        return email


class NewsField(forms.BooleanField):
    """A wish that is switched on or off; it never has to be on."""

    def __init__(self) -> None:
        text = "Tell me about new products"
        super().__init__(label=text, required=False)


class SignUpForm(ShopForm, UniqueEmailForm, UserCreationForm):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "email"}))
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
        ].help_text = "At least 8 characters, no common word, not only digits."
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = "The password again"

    def save(self, commit: bool = True) -> User | None:
        """The new person, or None with an error when somebody else was faster."""
        return _save_unique(self, super().save, commit)


class AccountForm(ShopForm, UniqueEmailForm, forms.ModelForm):
    """A person's own data, their profile's text included."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "email"}))
    bio = forms.CharField(
        label="About you",
        required=False,
        max_length=Profile._meta.get_field("bio").max_length,
        widget=forms.Textarea({"rows": 4}),
    )
    wants_news = NewsField()

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "wants_news")

    def __init__(self, *args: Any, instance: User, **kwargs: Any) -> None:
        self.profile, _ = Profile.objects.get_or_create(user=instance)
        super().__init__(*args, instance=instance, initial={"bio": self.profile.bio}, **kwargs)

    def save(self, commit: bool = True) -> User | None:
        """The person, or None with an error when the address was taken meanwhile."""
        with transaction.atomic():
            person = _save_unique(self, super().save, commit)
            if person is not None and "bio" in self.changed_data:
                self.profile.bio = self.cleaned_data["bio"]
                self.profile.save(update_fields=["bio"])
        return person


class DeleteForm(ShopForm, forms.Form):
    """The person's password, so that an unattended browser cannot delete an account."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password to delete the account."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, auto_id="delete_%s", **kwargs)

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.person.check_password(password):
            raise forms.ValidationError("That is not your password. Nothing was deleted.")
        return password


def _save_unique(form: forms.ModelForm, save: Any, commit: bool) -> User | None:
    """Save; what another request took since the form was checked becomes the form's error."""
    try:
        with transaction.atomic():
            return save(commit)
    except EmailTaken as refusal:
        form.add_error(None, refusal)
    except IntegrityError:
        form.add_error(None, "Somebody else has just taken this name or address. Try another.")
    return None
