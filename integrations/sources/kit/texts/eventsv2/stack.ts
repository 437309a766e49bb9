import { App, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';

const stack = new Stack(new App(), '<<stem>>-new', {
  env: { account: '<<account>>', region: '<<region>>' },
});

// The CloudFormation template beside this file: every version of the CDK can take it in.
new CfnInclude(stack, 'Partner', { templateFile: '<<stem>>-new.yaml' });
