import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.aws.limits import LimitError
from integrations.aws.names import (
    InvalidAccount,
    InvalidLabel,
    InvalidName,
    InvalidNamespace,
    InvalidRegion,
    bus_arn,
    check_account,
    check_label,
    check_name,
    check_namespace,
    check_prefix,
    check_region,
    source_arn,
    source_name,
    tenant_slug,
)

TENANT = UUID("018f3f5e-7c1a-7b32-8f00-00443214c7ff")
AWS_GRAMMAR = re.compile(r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}")


def test_a_source_name_is_namespace_slug_fingerprint_and_label() -> None:
    assert source_name("aws.partner/example.com", "alder", TENANT, "events") == (
        "aws.partner/example.com/alder-iqzbjr77/events"
    )


def test_only_the_last_forty_bits_of_the_uuid_make_the_fingerprint() -> None:
    same_end = UUID(int=(TENANT.int & (2**40 - 1)) | (0x5A << 100))
    other_end = UUID(int=TENANT.int ^ 1)
    name = source_name("aws.partner/example.com", "alder", TENANT, "events")
    assert source_name("aws.partner/example.com", "alder", same_end, "events") == name
    assert source_name("aws.partner/example.com", "alder", other_end, "events") != name


@given(st.text(), st.uuids())
def test_any_tenant_name_makes_a_name_that_aws_takes(text: str, uuid: UUID) -> None:
    name = source_name("aws.partner/example.com.test", text, uuid, "events")
    assert AWS_GRAMMAR.fullmatch(name)
    assert len(name) <= 256
    assert name.count("/") == 3


@given(st.text())
def test_a_slug_is_short_plain_and_stays_the_same_when_made_again(text: str) -> None:
    slug = tenant_slug(text)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?", slug)
    assert tenant_slug(slug) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Alder GmbH", "alder-gmbh"),
        ("Müller & Söhne", "muller-sohne"),
        ("Straße Ærø Łódź", "strasse-aero-lodz"),
        ("v1.2_final", "v1.2_final"),
        ("日本", "tenant"),
        ("Foo日本Bar", "foo-bar"),
        ("../../etc", "etc"),
        ("", "tenant"),
        ("a" * 39 + "-b", "a" * 39),
    ],
)
def test_a_slug_is_transliterated_and_never_empty(text: str, slug: str) -> None:
    assert tenant_slug(text) == slug


def test_a_name_over_256_characters_is_refused_and_one_of_256_is_not() -> None:
    stem = "aws.partner/example.com/"
    check_name(stem + "a" * (256 - len(stem)))
    with pytest.raises(InvalidName, match="257 characters"):
        check_name(stem + "a" * (257 - len(stem)))


@pytest.mark.parametrize(
    "name",
    [
        "AWS.partner/example.com/x", "aws.partner/example.com", "aws.partner/example.com/", "aws.partner//x",
        "aws.partner/example.com/a:b", "aws.partner/example.com/a b", "aws.partner/example.com/ä",
        "aws.partner/example.com/x\n", "aws/partner/example.com/x", "",
    ],
)  # fmt: skip
def test_names_outside_aws_grammar_are_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        check_name(name)


def test_a_prefix_needs_the_slash_after_the_domain() -> None:
    check_prefix("aws.partner/example.com/")
    check_prefix("aws.partner/example.com/alder-iqzbjr77/ev")
    with pytest.raises(InvalidName):
        check_prefix("aws.partner/example.com")


@pytest.mark.parametrize("account", ["", "1234", "1234567890123", "1234-5678-9012", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_account_that_is_not_twelve_ascii_digits_is_refused(account: str) -> None:
    with pytest.raises(InvalidAccount, match="12 digits"):
        check_account(account)


@pytest.mark.parametrize("region", ["", "eu-west", "EU-WEST-1", "eu-west-99", "eu-west-1\n", "mars-north-1"])
def test_a_region_that_boto3_does_not_know_is_refused(region: str) -> None:
    with pytest.raises(InvalidRegion):
        check_region(region)


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_carry_the_partition_of_the_region(region: str, partition: str) -> None:
    name = "aws.partner/example.com/x/y"
    check_region(region)
    assert source_arn(region, name) == f"arn:{partition}:events:{region}::event-source/{name}"
    assert bus_arn(region, "222222222222", name) == f"arn:{partition}:events:{region}:222222222222:event-bus/{name}"


def test_an_arn_in_an_unknown_region_is_refused() -> None:
    with pytest.raises(InvalidRegion):
        source_arn("nowhere", "aws.partner/example.com/x/y")


@pytest.mark.parametrize("namespace", ["aws.partner/example.com.test", "aws.partner/acme.test"])
def test_a_test_namespace_ends_in_test(namespace: str) -> None:
    check_namespace(namespace, "test")
    with pytest.raises(InvalidNamespace):
        check_namespace(namespace, "production")


def test_a_production_namespace_does_not_end_in_test() -> None:
    check_namespace("aws.partner/app-1.example.co.uk", "production")
    with pytest.raises(InvalidNamespace, match=r"\.test"):
        check_namespace("aws.partner/app-1.example.co.uk", "test")


@pytest.mark.parametrize(
    "namespace",
    [
        "AWS.partner/example.com", "aws.partner/Example.com", "aws.partner/example", "aws.partner/example.com/",
        "aws.partner/example.com/app", "aws.partner/-a.com", "aws.partner/a..com", "example.com", "",
    ],
)  # fmt: skip
def test_a_namespace_is_aws_partner_and_a_lower_case_domain(namespace: str) -> None:
    with pytest.raises(InvalidNamespace):
        check_namespace(namespace, "production")


def test_a_label_is_one_name_part_of_at_most_64_characters() -> None:
    check_label("Orders_v1.2-eu")
    check_label("a" * 64)
    for label in ("", "a" * 65, "a/b", "a b", "ä", "a\n"):
        with pytest.raises(InvalidLabel):
            check_label(label)


def test_every_refusal_has_a_stable_code_and_is_a_limit_error() -> None:
    codes = {error.code for error in (InvalidName, InvalidAccount, InvalidRegion, InvalidNamespace, InvalidLabel)}
    assert codes == {"invalid_name", "invalid_account", "invalid_region", "invalid_namespace", "invalid_label"}
    assert issubclass(InvalidName, LimitError)
