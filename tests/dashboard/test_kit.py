"""The kit on pages, before anybody embeds it."""

import html
import re

import pytest
from django.http import Http404
from django.template import Context, Template
from django_cotton.compiler_regex import CottonCompiler

from dashboard.web.kit import KitTabs, kit_file, marked
from integrations.registration.models import Environment
from integrations.sources.kit.contents import kit_of
from integrations.sources.kit.place import Place
from integrations.sources.kit.symptoms import Moment, symptoms_at
from tests.dashboard.pages import ClientOf

NAME = "aws.partner/shop.example.com.test/birch-mwq4k2ab/events"
KIT = kit_of(Place(NAME, "333333333333", "eu-west-1", is_detached=True))


def rendered() -> str:
    context = Context({"kit": KitTabs(KIT, "/files/"), "symptoms": symptoms_at(Moment.ACCEPTING)})
    return Template(CottonCompiler().process('<c-kit key="k" :kit="kit" /><c-symptoms :symptoms="symptoms" />')).render(
        context
    )


def test_what_is_copied_from_the_page_is_the_text_itself() -> None:
    page = rendered()
    for text in KIT.texts:
        found = re.search(rf'<code id="k-[a-z-]*-{text.key}-code">(.*?)</code>', page, re.S)
        assert found, text.key
        assert html.unescape(re.sub(r"</?mark>", "", found[1])) == text.content.rstrip()


def test_every_text_can_be_downloaded_from_where_it_stands() -> None:
    page = rendered()
    for text in KIT.texts:
        assert f'href="/files/{text.key}"' in page
        answer = kit_file(KIT, text.key)
        assert answer.content.decode() == text.content
        assert answer["Content-Disposition"] == f'attachment; filename="{text.file}"'


def test_there_is_no_file_that_is_not_in_the_kit() -> None:
    with pytest.raises(Http404):
        kit_file(KIT, "../settings")


def test_values_are_marked_and_everything_else_is_escaped() -> None:
    assert marked('<b a="eu-west-1">', ["eu-west-1"]) == "&lt;b a=&quot;<mark>eu-west-1</mark>&quot;&gt;"
    assert f"--name <mark>{NAME}</mark>" in rendered()


def test_no_id_stands_twice() -> None:
    ids = re.findall(r' id="([^"]+)"', rendered())
    assert len(ids) == len(set(ids))


def test_staff_read_the_publishers_policies_where_the_environment_is(
    client_of: ClientOf, environment: Environment
) -> None:
    Environment.objects.update(external_id="shop-4711")
    page = client_of("support").get(f"/operators/environments/{environment.public_id}").content.decode()
    assert "events:PutPartnerEvents" in page
    assert "event-source/<mark>aws.partner/shop.example.com.test</mark>/*" in page
    assert "<mark>shop-4711</mark>" in page
