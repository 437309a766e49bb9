"""The pages of stages 3 and 4, below `onboarding/`."""

from django.urls import URLPattern, URLResolver, path

from dashboard.onboarding.views import go_live, questionnaire, questionnaire_review, runs, validation

QUESTIONNAIRE: list[URLPattern | URLResolver] = [
    path("<slug:integration>/questionnaire", questionnaire.questionnaire, name="onboarding_questionnaire"),
    path("<slug:integration>/questionnaire/begin", questionnaire_review.begin, name="onboarding_questionnaire_begin"),
    path("<slug:integration>/questionnaire/answers/<slug:key>", questionnaire.answer, name="onboarding_answer"),
    path(
        "<slug:integration>/questionnaire/answers/<slug:key>/earlier",
        questionnaire.earlier,
        name="onboarding_earlier_answers",
    ),
    path("<slug:integration>/questionnaire/questions", questionnaire_review.questions, name="onboarding_questions"),
    path(
        "<slug:integration>/questionnaire/questions.json", questionnaire.template_json, name="onboarding_questions_json"
    ),
    path("<slug:integration>/questionnaire/pdf", questionnaire.pdf, name="onboarding_questionnaire_pdf"),
    path("<slug:integration>/questionnaire/markdown", questionnaire.markdown, name="onboarding_questionnaire_markdown"),
    path(
        "<slug:integration>/questionnaire/approve",
        questionnaire_review.approve,
        name="onboarding_questionnaire_approve",
    ),
    path(
        "<slug:integration>/questionnaire/reopen", questionnaire_review.reopen, name="onboarding_questionnaire_reopen"
    ),
    path(
        "<slug:integration>/questionnaire/letter", questionnaire_review.letter, name="onboarding_questionnaire_letter"
    ),
    path(
        "<slug:integration>/questionnaire/letters/<uuid:letter>/send",
        questionnaire_review.send,
        name="onboarding_questionnaire_send",
    ),
    path(
        "<slug:integration>/questionnaire/letters/<uuid:letter>/answer",
        questionnaire_review.aws_answer,
        name="onboarding_aws_answer",
    ),
]
VALIDATION: list[URLPattern | URLResolver] = [
    path("<slug:integration>/validation", validation.validation, name="onboarding_validation"),
    path("<slug:integration>/validation/appointment", validation.appointment, name="onboarding_appointment"),
    path("<slug:integration>/validation/called-off", validation.called_off, name="onboarding_called_off"),
    path("<slug:integration>/validation/calendar", validation.calendar, name="onboarding_calendar"),
    path("<slug:integration>/validation/expiry", validation.expiry, name="onboarding_expiry"),
    path("<slug:integration>/validation/runs", validation.start, name="onboarding_run_start"),
    path("<slug:integration>/validation/runs/<uuid:run>", runs.run, name="onboarding_run"),
    path("<slug:integration>/validation/runs/<uuid:run>/report", runs.report, name="onboarding_report"),
    path("<slug:integration>/validation/runs/<uuid:run>/report/json", runs.report_json, name="onboarding_report_json"),
    path("<slug:integration>/validation/runs/<uuid:run>/report/pdf", runs.report_pdf, name="onboarding_report_pdf"),
    path("<slug:integration>/validation/runs/<uuid:run>/do/<slug:act>", runs.act, name="onboarding_run_act"),
]
GO_LIVE: list[URLPattern | URLResolver] = [
    path("<slug:integration>/go-live", go_live.page, name="onboarding_go_live"),
    path("<slug:integration>/go-live/check", go_live.check, name="onboarding_go_live_check"),
    path("<slug:integration>/go-live/on", go_live.switch_on, name="onboarding_switch_on"),
    path("<slug:integration>/go-live/off", go_live.switch_off, name="onboarding_switch_off"),
    path("<slug:integration>/go-live/listing", go_live.listing, name="onboarding_listing"),
]
LATE_STAGES = QUESTIONNAIRE + VALIDATION + GO_LIVE
