from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.registration.models import Environment
from tenants.accounts import put_tenant
from tenants.models import Membership
from tests.conftest import SYSTEM
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf, save
from tests.registration.test_brands import PNG


def test_tenants_see_the_name_the_picture_and_the_colour(
    cast: Cast, client_of: ClientOf, environment: Environment
) -> None:
    key = environment.integration.public_id
    form = {"name": "Kestrel", "colour": "#0B6470", "logo": SimpleUploadedFile("logo.png", PNG, "image/png")}
    saved = save(client_of("operations"), f"/operators/brands/{key}", form)
    assert saved.status_code == 302
    page = client_of("tenant viewer").get(f"/portal/{cast.alder.public_id}/members").content.decode()
    assert "· Kestrel</title>" in page
    assert f'href="/brand/{key}.css?v=1"' in page
    assert f'src="/brand/{key}.png?v=1"' in page
    sheet = Client().get(f"/brand/{key}.css?v=1")
    assert sheet["Content-Type"].startswith("text/css")
    assert "--accent: #0b6470" in sheet.content.decode()
    logo = Client().get(f"/brand/{key}.png?v=1")
    assert (logo.content, logo["X-Content-Type-Options"]) == (PNG, "nosniff")
    assert "sandbox" in logo["Content-Security-Policy"]


def test_a_colour_that_cannot_be_read_is_refused_at_its_field(client_of: ClientOf, environment: Environment) -> None:
    answer = save(
        client_of("operations"), f"/operators/brands/{environment.integration.public_id}", {"colour": "#ffee00"}
    )
    assert answer.status_code == 422
    assert "is near and can" in answer.content.decode()
    assert "Our looks" in client_of("operations").get("/operators/brands").content.decode()


def test_people_of_one_integration_see_its_brand_around_their_account(
    cast: Cast, client_of: ClientOf, environment: Environment
) -> None:
    key = environment.integration.public_id
    save(client_of("operations"), f"/operators/brands/{key}", {"name": "Kestrel", "colour": "#0B6470"})
    for path in ("/accounts", "/accounts/sessions", "/accounts/logout", "/accounts/notifications"):
        page = client_of("tenant viewer").get(path, follow=True).content.decode()
        assert "· Kestrel</title>" in page, path
        assert f'href="/brand/{key}.css?v=1"' in page, path
        assert "Partnerbus</a>" not in page, path
    assert "· Partnerbus</title>" in client_of("support").get("/accounts").content.decode()


def test_people_of_two_integrations_see_our_own_mark(
    cast: Cast, client_of: ClientOf, other_environment: Environment, now: datetime
) -> None:
    other = put_tenant(directory=other_environment.directory, external_id="x", name="X", actor=SYSTEM, now=now)[0]
    Membership.objects.create(user=cast.people["tenant viewer"], tenant=other, role="viewer")
    assert "· Partnerbus</title>" in client_of("tenant viewer").get("/accounts").content.decode()
