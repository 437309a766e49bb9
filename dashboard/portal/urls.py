"""The pages of tenants: below `portal/<tenant>/` for their people, and those that are opened by a link alone."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard.portal.views import (
    connection,
    deliveries,
    enabling,
    hand_off,
    handing_over,
    joining,
    members,
    opening,
    preferences,
    replays,
    selection,
    silence,
    source_actions,
)

of_tenant: list[URLPattern] = [
    path("", connection.connection, name="portal_connection"),
    path("leave", opening.leave_portal, name="portal_leave"),
    path("preferences", preferences.preferences, name="portal_preferences"),
    path("no-events", silence.silence, name="portal_silence"),
    path("connect", enabling.connect, name="portal_connect"),
    path("sources/<str:source>", connection.source, name="portal_source"),
    path("sources/<str:source>/selection", selection.selection, name="portal_selection"),
    path("sources/<str:source>/delete", source_actions.delete, name="portal_delete"),
    path("sources/<str:source>/pause", source_actions.act, {"action": "pause"}, name="portal_pause"),
    path("sources/<str:source>/resume", source_actions.act, {"action": "resume"}, name="portal_resume"),
    path("sources/<str:source>/offer-again", source_actions.act, {"action": "offer-again"}, name="portal_offer_again"),
    path("sources/<str:source>/test", source_actions.act, {"action": "test"}, name="portal_test"),
    path("sources/<str:source>/kit/<str:key>", handing_over.download, name="portal_kit_file"),
    path("sources/<str:source>/hand-over", handing_over.hand_over, name="portal_hand_over"),
    path("sources/<str:source>/hand-over/<str:link>/withdraw", handing_over.withdraw, name="portal_withdraw_link"),
    path("deliveries", deliveries.deliveries, name="portal_deliveries"),
    path("deliveries/replay", replays.replay_some, name="portal_replay_some"),
    path("deliveries/<str:event>", deliveries.event, name="portal_event"),
    path("deliveries/<str:event>/replay", deliveries.replay_event, name="portal_replay_event"),
    path("replays/<str:replay>", replays.replay, name="portal_replay"),
    path("replays/<str:replay>/cancel", replays.cancel, name="portal_cancel_replay"),
    path("members", members.members, name="portal_members"),
    path("members/invite", members.invite_member, name="portal_invite"),
    path("members/<str:person>/role", members.change_member, name="portal_change_member"),
    path("members/<str:person>/remove", members.dismiss_member, name="portal_dismiss_member"),
    path("invitations/<str:invitation>/resend", members.resend_invitation, name="portal_resend_invitation"),
    path("invitations/<str:invitation>/withdraw", members.withdraw_invitation, name="portal_withdraw_invitation"),
    path("visits/<str:session>/end", members.end_visit, name="portal_end_visit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("hand-off/<str:token>", hand_off.hand_off, name="hand_off"),
    path("hand-off/<str:token>/kit/<str:key>", hand_off.hand_off_file, name="hand_off_file"),
    path("portal-link/<str:token>", opening.open_portal, name="portal_open"),
    path("portal-over", opening.portal_over, name="portal_over"),
    path("invitations/<str:token>", joining.join, name="portal_join"),
    path("portal/<str:tenant>/", include(of_tenant)),
]
