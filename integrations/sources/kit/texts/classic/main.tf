terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region              = "<<region>>"
  allowed_account_ids = ["<<account>>"]
}

resource "aws_sqs_queue" "events" {
  name = "<<stem>>-events"
}

# What EventBridge could not deliver, for two weeks.
resource "aws_sqs_queue" "undelivered" {
  name                      = "<<stem>>-undelivered"
  message_retention_seconds = 1209600
}

data "aws_iam_policy_document" "only_this_rule" {
  for_each = {
    events      = aws_sqs_queue.events.arn
    undelivered = aws_sqs_queue.undelivered.arn
  }

  statement {
    actions   = ["sqs:SendMessage"]
    resources = [each.value]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:<<partition>>:events:<<region>>:<<account>>:rule/<<source>>/<<rule>>"]
    }
  }
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.url
  policy    = data.aws_iam_policy_document.only_this_rule["events"].json
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.url
  policy    = data.aws_iam_policy_document.only_this_rule["undelivered"].json
}

# Both names are the source's name, and this is what accepts the source.
# It comes last but for the rule: AWS drops what no rule catches.
resource "aws_cloudwatch_event_bus" "partner" {
  name              = "<<source>>"
  event_source_name = "<<source>>"

  depends_on = [aws_sqs_queue_policy.events, aws_sqs_queue_policy.undelivered]
}

resource "aws_cloudwatch_event_rule" "all" {
  name           = "<<rule>>"
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  event_pattern  = jsonencode({ source = ["<<source>>"] })
}

resource "aws_cloudwatch_event_target" "queue" {
  target_id      = "queue"
  rule           = aws_cloudwatch_event_rule.all.name
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  arn            = aws_sqs_queue.events.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}
