import { App, Duration, Stack } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';

const stack = new Stack(new App(), '<<stem>>', {
  env: { account: '<<account>>', region: '<<region>>' },
});

const events = new Queue(stack, 'Events', { queueName: '<<stem>>-events' });
// What EventBridge could not deliver, for two weeks.
const undelivered = new Queue(stack, 'Undelivered', {
  queueName: '<<stem>>-undelivered',
  retentionPeriod: Duration.days(14),
});

// The bus gets the source's name, and this is what accepts the source.
const bus = new EventBus(stack, 'Bus', { eventSourceName: '<<source>>' });
bus.node.addDependency(events, undelivered);

new Rule(stack, 'Rule', {
  ruleName: '<<rule>>',
  eventBus: bus,
  eventPattern: { source: ['<<source>>'] },
  targets: [new SqsQueue(events, { deadLetterQueue: undelivered })],
});
