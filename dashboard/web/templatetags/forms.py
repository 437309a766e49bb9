"""Fields of Django's forms in our looks."""

from django import forms, template
from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def control(field: BoundField, hint: str = "") -> SafeString:
    """Write the control of a field, with its class and tied to its error and hint."""
    described = []
    if field.errors and not is_group(field):
        described.append(f"{field.auto_id}-error")
    if (hint or field.help_text) and not is_group(field):
        described.append(f"{field.auto_id}-hint")
    classes = (_class_of(field), field.field.widget.attrs.get("class", ""), "is-invalid" if field.errors else "")
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, classes))}
    if field.errors:
        attrs["aria-invalid"] = "true"
    if field.field.widget.attrs.get("placeholder") == field.label:
        attrs["placeholder"] = False  # allauth's say what the label says
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.filter
def in_our_case(label: str) -> str:
    """Write a label of allauth's as we write ours: New Password is New password."""
    return f"{label[:1]}{label[1:].lower()}".replace("Email", "E-mail")


@register.filter
def box(option: BoundWidget) -> SafeString:
    """Write one box or button of a group, in its looks."""
    option.data["attrs"]["class"] = "form-check-input"
    return option.tag()


@register.filter
def is_check(field: BoundField) -> bool:
    """Return whether the field is one box to tick, whose label stands behind it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Return whether the field is several boxes or buttons, which need a legend."""
    return isinstance(field.field.widget, forms.CheckboxSelectMultiple | forms.RadioSelect)


def _class_of(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if is_group(field):
        return "checks"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
