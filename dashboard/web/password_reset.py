"""Resetting a password: the link goes to the address that an account has, and to none that only waits for its proof."""

from allauth.account.forms import ResetPasswordForm

from tenants.models import User


class OwnAddressForm(ResetPasswordForm):  # type: ignore[misc]
    """allauth's form, for which an address that somebody has typed and nobody confirmed is as good as one's own."""

    users: list[User]

    def clean_email(self) -> str:
        """Find the accounts of this address."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.email.casefold() == email.casefold()]
        return email
