"""The addresses of signing in and of one's own account: allauth's views under our paths."""

from allauth.account import views as accounts
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.urls import URLPattern, URLResolver, path, re_path

from dashboard.web.account import account, email

urlpatterns: list[URLPattern | URLResolver] = [
    path("", account, name="account"),
    path("/login", accounts.login, name="account_login"),
    path("/login/passkey", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("/logout", accounts.logout, name="account_logout"),
    path("/signup", accounts.signup, name="account_signup"),
    path("/again", accounts.reauthenticate, name="account_reauthenticate"),
    path("/email", email, name="account_email"),
    path("/email/sent", accounts.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^/email/(?P<key>[-:\w]+)$", accounts.confirm_email, name="account_confirm_email"),
    path("/password", accounts.password_change, name="account_change_password"),
    path("/password/set", accounts.password_set, name="account_set_password"),
    path("/password/reset", accounts.password_reset, name="account_reset_password"),
    path("/password/reset/sent", accounts.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)$",
        accounts.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("/password/reset/changed", accounts.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("/sessions", sessions.list_usersessions, name="usersessions_list"),
    path("/factors", factors.index, name="mfa_index"),
    path("/factors/ask", factors.authenticate, name="mfa_authenticate"),
    path("/factors/again", factors.reauthenticate, name="mfa_reauthenticate"),
    path("/factors/app", totp.activate_totp, name="mfa_activate_totp"),
    path("/factors/app/off", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("/factors/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("/factors/codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("/factors/codes/download", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("/factors/keys", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("/factors/keys/new", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("/factors/keys/again", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("/factors/keys/<int:pk>", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("/factors/keys/<int:pk>/remove", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
]
