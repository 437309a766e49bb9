"""The pages of partner managers, below `onboarding/`."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard.onboarding.late_urls import LATE_STAGES
from dashboard.onboarding.views import (
    approval,
    board,
    development,
    environments,
    event_types,
    files,
    integration,
    items,
    letters,
    products,
    stages,
)

ITEM: list[URLPattern | URLResolver] = [
    path("", items.item, name="onboarding_item"),
    path("/confirm", items.confirm, name="onboarding_item_confirm"),
    path("/reopen", items.reopen, name="onboarding_item_reopen"),
    path("/check", items.check, name="onboarding_item_check"),
    path("/assign", items.assign, name="onboarding_item_assign"),
    path("/comments", items.say, name="onboarding_item_comment"),
    path("/files", items.add_file, name="onboarding_item_file"),
]
LETTER: list[URLPattern | URLResolver] = [
    path("", letters.letter, name="onboarding_letter"),
    path("/draft", letters.save, name="onboarding_letter_save"),
    path("/<slug:verb>", letters.act, name="onboarding_letter_act"),
]
INTEGRATION: list[URLPattern | URLResolver] = [
    path("", integration.integration, name="onboarding_integration"),
    path("/timeline", integration.timeline, name="onboarding_timeline"),
    path("/comments", integration.add_comment, name="onboarding_comment"),
    path("/files", integration.add_file, name="onboarding_add_file"),
    path("/files/<str:file>", files.file, name="onboarding_file"),
    path("/files/<str:file>/remove", files.remove, name="onboarding_remove_file"),
    path("/edit", products.edit, name="onboarding_edit"),
    path("/environments/<slug:kind>", environments.environment, name="onboarding_environment"),
    path("/receiver", products.receiver, name="onboarding_receiver"),
    path("/hand-over", products.hand_over_page, name="onboarding_hand_over"),
    path("/archive", products.archive_page, name="onboarding_archive"),
    path("/approval", approval.approval, name="onboarding_approval"),
    path("/stages/<int:number>/<slug:verb>", stages.stage, name="onboarding_stage"),
    path("/development", development.development, name="onboarding_development"),
    path("/development/kit/<slug:key>", development.development_file, name="onboarding_development_file"),
    path("/development/<slug:verb>", development.develop, name="onboarding_develop"),
    path("/event-types", event_types.event_types, name="onboarding_event_types"),
    path("/event-types/new", event_types.new_event_type, name="onboarding_new_event_type"),
    path("/event-types/<str:event_type>", event_types.event_type, name="onboarding_event_type"),
    path("/event-types/<str:event_type>/remove", event_types.remove_event_type, name="onboarding_remove_event_type"),
    path("/letters", letters.new_letter, name="onboarding_new_letter"),
    path("/letters/<str:letter>", include(LETTER)),
    path("/items/<str:item>", include(ITEM)),
]
urlpatterns: list[URLPattern | URLResolver] = [
    *LATE_STAGES,
    path("board", board.board, name="onboarding_board"),
    path("new", products.begin, name="onboarding_begin"),
    path("integrations/<str:integration>", include(INTEGRATION)),
]
