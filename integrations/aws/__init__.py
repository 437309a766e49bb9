"""The gateway to Amazon EventBridge's partner side: the only place that speaks boto3."""
