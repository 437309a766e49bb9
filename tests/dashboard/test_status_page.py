import json
import re
import subprocess
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from integrations.registration.models import Environment
from integrations.sources.models import Desired, Lane, Source
from tenants.models import Membership
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource, page_of, store_event, title_of


class TestNextStep:
    def commands(self, page: str) -> str:
        found = re.search(r'<code id="accept-[^"]*">(.*?)</code>', page, re.S)
        assert found
        return unescape(strip_tags(found[1]))

    def run(self, commands: str) -> tuple[int, list[str]]:
        """Let a shell run the commands with an `aws` that only writes down what it is asked."""
        script = f'aws() {{ printf "%s\\n" "$*"; }}\n{commands}\n'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=10, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_one_paste_makes_the_bus_the_rule_and_the_target(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        name = make_source(cast.alder, observed="pending").name
        commands = self.commands(page_of(client_of("tenant admin")))
        target = "arn:aws:sqs:eu-west-1:222222222222:queue"
        status, calls = self.run(commands.replace("<ARN of your target>", target))
        assert status == 0
        assert calls == [
            f"events create-event-bus --name {name} --event-source-name {name} --region eu-west-1",
            f"events put-rule --name partnerbus --event-bus-name {name}"
            f' --event-pattern {{"source":["{name}"]}} --region eu-west-1',
            f"events put-targets --rule partnerbus --event-bus-name {name} --region eu-west-1"
            f" --targets Id=1,Arn={target}",
        ]

    def test_pasted_without_a_target_nothing_is_run(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder, observed="pending")
        status, calls = self.run(self.commands(page_of(client_of("tenant admin"))))
        assert status != 0
        assert calls == []

    def test_the_reader_is_told_when_sending_begins_and_what_aws_drops(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, settings: Any
    ) -> None:
        settings.ACTIVATION_PAUSE_SECONDS = 10
        make_source(cast.alder, observed="pending")
        assert (
            "Run them together. Sending begins about 10 seconds after AWS says ACTIVE,"
            " and AWS drops what no rule catches."
        ) in page_of(client_of("tenant admin"))


class TestSources:
    def test_the_text_of_aws_is_for_staff_and_tenants_read_our_own_sentence(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        said = "User: arn:aws:sts::111111111111:assumed-role/Publisher/x is not authorized"
        source = make_source(cast.alder)
        Source.objects.filter(pk=source.pk).update(
            observed="unknown",
            provisioned_at=None,
            failure_final=True,
            failure_code="AccessDeniedException",
            failure_message=f"AWS denied the call. AWS said: {said}",
        )
        tenant, staff = page_of(client_of("tenant admin")), page_of(client_of("support"))
        assert "AWS denied the call. Check that the role allows this operation" in tenant
        assert "AccessDeniedException" in staff
        assert said in staff
        for word in ("assumed-role", "111111111111", "AccessDeniedException"):
            assert word not in tenant

    def test_identifiers_are_shown_in_full_with_a_button_to_copy_them(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        arn = "arn:aws:events:eu-west-1::event-source/aws.partner/shop.example.com.test/alder/events"
        source = make_source(cast.alder, arn=arn)
        page = page_of(client_of("tenant viewer"))
        assert f'data-copy="{arn}"' in page
        assert f'data-copy="{source.name}"' in page
        assert "2222-2222-2222" in page
        assert 'data-copy="222222222222"' in page
        text = re.sub(r"<wbr>|</?(span|code)[^>]*>", "", page)
        assert arn in text
        assert source.name in text

    def test_our_state_and_awss_own_word_stand_side_by_side(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder, desired=Desired.PAUSED)
        page = page_of(client_of("tenant viewer"))
        assert "Paused</span>" in page
        assert "AWS says ACTIVE, asked" in page

    def test_a_reserve_says_that_events_are_kept_until_there_is_a_source(
        self, cast: Cast, client_of: ClientOf, environment: Environment
    ) -> None:
        reserve = Source.objects.create(environment=environment, tenant=cast.alder)
        Lane.objects.create(source=reserve, environment=environment)
        store_event(cast.alder, reserve)
        page = page_of(client_of("tenant admin"))
        assert title_of(page) == "Not connected yet"
        assert "Events are kept until your first source exists." in page
        assert "1 held for you" in page
        assert "waiting to be sent" not in page

    def test_a_long_list_is_cut_says_so_and_starts_with_those_that_need_somebody(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        for number in range(50):
            make_source(cast.alder, label=f"ok{number:02}")
        make_source(cast.alder, label="zz-late", observed="pending")
        page = page_of(client_of("tenant viewer"))
        assert "50 of 51 sources are listed, those first that need somebody" in page
        assert page.index("alder/zz-late") < page.index("alder/ok00")
        assert "alder/ok49" not in page

    def test_what_aws_or_a_tenant_wrote_is_text_and_never_markup(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        cast.alder.name = "<b onclick=x>Alder</b> {{ 7 }} \"'"
        cast.alder.save()
        source = make_source(cast.alder, failure_message="<script>alert(1)</script>", label='"><img>')
        store_event(cast.alder, source, kind="<i>type</i>")
        for role in ("support", "tenant admin"):
            page = page_of(client_of(role))
            for markup in ("<b onclick", "<script>alert", "<img>", "<i>type"):
                assert markup not in page
            assert "&lt;b onclick=x&gt;Alder&lt;/b&gt; {{ 7 }}" in page


class TestEmptyStates:
    def test_somebody_without_a_tenant_is_given_the_address_to_send(self, client_of: ClientOf) -> None:
        page = page_of(client_of("stranger"))
        assert "Ask to be added" in page
        assert 'data-copy="stranger@example.com"' in page

    @pytest.mark.parametrize("begun", [0, 1, 2])
    def test_staff_see_three_steps_with_the_one_that_is_next_open(
        self, begun: int, client: Client, django_user_model: Any, request: pytest.FixtureRequest
    ) -> None:
        for fixture in ("environment", "tenant")[:begun]:
            request.getfixturevalue(fixture)
        client.force_login(django_user_model.objects.create_user("ops@example.com", staff_role="operations"))
        page = page_of(client)
        assert re.findall(r'<li aria-current="step"><h3>(.*?)</h3>', page) == [
            ("Register the integration", "Put a tenant", "Offer a source")[begun]
        ]
        assert page.count('<li class="done">') == begun
        assert page.count('<div class="code">') == 1


class TestIsolation:
    @pytest.fixture
    def two_tenants(self, cast: Cast, make_source: MakeSource) -> dict[str, str]:
        """Both tenants have a source and an event; returned are words that only one of them may read."""
        return {
            name: store_event(tenant, make_source(tenant, label=f"{name}-label"), kind=f"{name}.type")
            for name, tenant in (("alder", cast.alder), ("birch", cast.birch))
        }

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "live region"])
    @pytest.mark.parametrize(
        ("role", "seen"),
        [
            ("stranger", set()),
            ("tenant viewer", {"alder"}),
            ("tenant admin", {"alder"}),
            ("other tenant's admin", {"birch"}),
        ],
    )
    def test_people_see_their_own_tenants_and_nobody_elses(
        self, role: str, seen: set[str], headers: dict[str, str], client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        page = client_of(role).get("/", headers=headers).content.decode()
        for name, event_id in two_tenants.items():
            for word in (f"{name}-label", f"{name}.type", event_id):
                assert (word in page) is (name in seen)

    def test_a_revoked_membership_closes_the_page_at_the_next_refresh(
        self, client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        client = client_of("tenant admin")
        tag = client.get("/", headers=HTMX).headers["ETag"]
        Membership.objects.all().delete()
        answer = client.get("/", headers={**HTMX, "If-None-Match": tag})
        assert answer.status_code == 200
        assert "alder-label" not in answer.content.decode()

    def test_a_closed_tenant_is_shown_to_nobody(
        self, cast: Cast, client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        cast.alder.closed_at = timezone.now()
        cast.alder.save()
        assert "alder-label" not in page_of(client_of("tenant admin"))

    def test_somebody_who_was_switched_off_is_signed_out(self, cast: Cast, client_of: ClientOf) -> None:
        client = client_of("support")
        cast.people["support"].is_active = False  # type: ignore[union-attr]
        cast.people["support"].save()  # type: ignore[union-attr]
        assert client.get("/").status_code == 302


class TestLiveRegion:
    def test_the_region_alone_is_sent_to_htmx_with_its_title_and_tag(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        for role in ("support", "tenant viewer"):
            answer = client_of(role).get("/", headers=HTMX)
            body = answer.content.decode()
            assert "<html" not in body
            assert "<title>" in body
            assert 'hx-trigger="every 5s, refresh"' in body
            assert answer.headers["ETag"].strip('"') in body
            assert "HX-Request" in answer.headers["Vary"]
            assert "no-store" in answer.headers["Cache-Control"]

    def test_nothing_is_sent_while_nothing_changed_and_the_region_when_something_did(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending")
        client = client_of("tenant viewer")
        headers = {**HTMX, "If-None-Match": client.get("/", headers=HTMX).headers["ETag"]}
        same = client.get("/", headers=headers)
        assert (same.status_code, same.content) == (304, b"")
        store_event(cast.alder, source)
        assert client.get("/", headers=headers).status_code == 200

    def test_that_aws_was_asked_again_is_no_reason_to_swap_and_comes_with_the_304(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending")
        client = client_of("tenant viewer")
        headers = {**HTMX, "If-None-Match": client.get("/", headers=HTMX).headers["ETag"]}
        Source.objects.filter(pk=source.pk).update(observed_at=datetime(2026, 11, 23, tzinfo=UTC))
        answer = client.get("/", headers=headers)
        assert answer.status_code == 304
        assert json.loads(answer.headers["HX-Trigger"]) == {"asked": [1_795_392_000]}

    def test_a_browser_that_repeats_a_tag_without_htmx_gets_the_page(self, client_of: ClientOf) -> None:
        client = client_of("support")
        tag = client.get("/").headers["ETag"]
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 200

    def test_a_signed_out_region_sends_the_whole_page_to_sign_in(self, client: Client, db: None) -> None:
        answer = client.get("/", headers=HTMX)
        assert answer.headers["HX-Redirect"] == "/accounts/login"


class TestCost:
    @pytest.mark.parametrize("role", ["support", "tenant admin"])
    @pytest.mark.parametrize("size", [2, 40])
    def test_the_page_asks_at_most_twelve_questions_whatever_the_size(
        self, role: str, size: int, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        for number in range(size):
            source = make_source(cast.alder, label=f"s{number}", observed="active" if number % 2 else "pending")
            store_event(cast.alder, source, kind=f"kind.{number}")
        client = client_of(role)
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        assert len(queries) <= 12, [query["sql"][:80] for query in queries]
