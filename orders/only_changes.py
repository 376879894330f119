"""Forms and admins that save what staff changed, and not the rest of what their page showed."""

from typing import Any

from django.db.models import Field, FileField
from django.forms import ModelForm
from django.http import HttpRequest


class OnlyChangesForm(ModelForm):
    """A form that writes what staff changed, and not the rest of what their page showed.

    Pages stay open: meanwhile an order has taken pieces, a user has changed their address, or a
    colleague has set a price. A hidden copy of each field as it was shown tells what was changed.
    """

    def _post_clean(self) -> None:
        # What was not changed keeps its stored value, also while the instance is validated.
        if not self.instance._state.adding:
            for name in set(self.cleaned_data) - set(self.changed_data):
                del self.cleaned_data[name]
        super()._post_clean()

    def changed_columns(self) -> list[str]:
        columns = {field.name for field in self.instance._meta.concrete_fields}
        return [name for name in self.changed_data if name in columns]

    def save(self, commit: bool = True) -> Any:
        if not commit or self.instance._state.adding:
            return super().save(commit)
        self.instance.save(update_fields=self.changed_columns())
        self._save_m2m()
        return self.instance

    def _save_m2m(self) -> None:
        """Apply the difference between the choices that were shown and those that were sent."""
        for field in self.instance._meta.many_to_many:
            if field.name not in self.cleaned_data:
                continue
            chosen = {row.pk for row in self.cleaned_data[field.name]}
            shown = self._shown(field.name)
            relation = getattr(self.instance, field.name)
            relation.remove(*(shown - chosen))
            relation.add(*(chosen - shown))

    def _shown(self, name: str) -> set[Any]:
        """The keys that the page showed as chosen."""
        bound = self[name]
        sent = self._widget_data_value(bound.field.hidden_widget(), bound.html_initial_name)
        return {row.pk for row in bound.field.queryset.filter(pk__in=sent or ())}


class OnlyChanges:
    """An admin, or an inline, whose form is an OnlyChangesForm."""

    form = OnlyChangesForm

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if not isinstance(db_field, FileField):  # one that is sent is a change, others are none
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ModelForm]:
        return super().get_changelist_form(request, **{"form": OnlyChangesForm, **kwargs})

    def save_model(
        self, request: HttpRequest, obj: Any, form: OnlyChangesForm, change: bool
    ) -> None:
        obj.save(update_fields=form.changed_columns() if change else None)
