"""Everything that is remembered of an integration's way through AWS's four stages."""

from integrations.onboarding.models.appointment import Appointment as Appointment
from integrations.onboarding.models.appointment import Reminder as Reminder
from integrations.onboarding.models.attachment import LARGEST_ATTACHMENT as LARGEST_ATTACHMENT
from integrations.onboarding.models.attachment import Attachment as Attachment
from integrations.onboarding.models.letter import Answer as Answer
from integrations.onboarding.models.letter import Letter as Letter
from integrations.onboarding.models.letter import LetterAttachment as LetterAttachment
from integrations.onboarding.models.profile import CataloguedType as CataloguedType
from integrations.onboarding.models.profile import Profile as Profile
from integrations.onboarding.models.questionnaire import AnswerVersion as AnswerVersion
from integrations.onboarding.models.questionnaire import Questionnaire as Questionnaire
from integrations.onboarding.models.questionnaire import QuestionnaireAnswer as QuestionnaireAnswer
from integrations.onboarding.models.questionnaire import QuestionnaireTemplate as QuestionnaireTemplate
from integrations.onboarding.models.stage import ChecklistItem as ChecklistItem
from integrations.onboarding.models.stage import Owner as Owner
from integrations.onboarding.models.stage import Stage as Stage
from integrations.onboarding.models.timeline import TimelineEntry as TimelineEntry
from integrations.onboarding.models.validation import ValidationRun as ValidationRun
from integrations.onboarding.models.validation import ValidationStep as ValidationStep
