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

# Through CloudFormation, whose template stands beside this file: it works with
# every version of the provider, also with those that do not know the new bus.
resource "aws_cloudformation_stack" "partner" {
  name          = "<<stem>>-new"
  template_body = file("${path.module}/<<stem>>-new.yaml")
  capabilities  = ["CAPABILITY_NAMED_IAM"]
}
