"""What tenants paste into their accounts: valid in its own language, exact in its values, inert in its parts."""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

from integrations.aws.limits import LimitError
from integrations.sources.kit.contents import Kit, Text, kit_of
from integrations.sources.kit.place import Place
from tests.sources.kit.reading import check, commands_of

NAME = "aws.partner/shop.example.com.test/birch-mwq4k2ab/events"
BIRCH = Place(NAME, "333333333333", "eu-west-1")
# As long, as odd and as far away as the rules of names and AWS's partitions let it be.
ODD = Place(
    "aws.partner/shop.example.com/" + "x" * 40 + "-mwq4k2ab/" + "-_." + "y" * 61, "000000000001", "cn-north-1", True
)
KITS = {"birch": kit_of(BIRCH), "odd": kit_of(ODD)}
EVERY = [pytest.param(kit, text, id=f"{name}-{text.key}") for name, kit in KITS.items() for text in kit.texts]


def ending(suffix: str) -> list[object]:
    return [parameter for parameter in EVERY if parameter.values[1].file.endswith(suffix)]


def templates() -> list[object]:
    """Linting one takes a second: the recipes of the second place, which differ in values only, are for long runs."""
    return [
        pytest.param(*each.values, id=each.id, marks=pytest.mark.slow) if each.id.startswith("odd-recipe-") else each
        for each in ending(".yaml")
    ]


@pytest.mark.parametrize(("kit", "text"), templates())
def test_cloudformation_fits_the_schemas_of_aws(kit: Kit, text: Text) -> None:
    region = kit.place.region
    found = lint(text.content, regions=[region], config=ManualArgs(regions=[region]))
    known = [match for match in found if not _is_new_there(kit, match)]
    assert [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in known] == []


def _is_new_there(kit: Kit, match: object) -> bool:
    """The newer bus is not in every region yet."""
    return kit.place is ODD and "AWS::EventsV2::" in str(match)


@pytest.mark.parametrize(("kit", "text"), ending(".sh"))
def test_every_command_is_one_that_aws_has_with_parameters_that_it_takes(kit: Kit, text: Text) -> None:
    commands = commands_of(text.content)
    assert len(commands) == text.content.count("# ")
    for command in commands:
        check(command)
        if command[1] != "iam":
            assert command[command.index("--region") + 1] == kit.place.region


@pytest.mark.parametrize(("kit", "text"), ending(".sh"))
def test_a_shell_reads_every_script_without_complaint(kit: Kit, text: Text) -> None:
    done = subprocess.run(["sh", "-n"], input=text.content, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("kit", "text"), ending(".py"))
def test_python_compiles(kit: Kit, text: Text) -> None:
    ast.parse(text.content)


@pytest.mark.parametrize(("kit", "text"), ending(".json"))
def test_policies_name_nothing_of_anybody_else(kit: Kit, text: Text) -> None:
    for statement in json.loads(text.content)["Statement"]:
        resources = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        if resources == ["*"]:
            assert {action.split(":")[1][:4] for action in statement["Action"]} == {"List"}
        for arn in set(resources) - {"*"}:
            assert kit.place.stem in arn or kit.place.name in arn


@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on PATH")
@pytest.mark.slow
@pytest.mark.parametrize(("kit", "text"), ending(".tf"))
def test_terraform_finds_nothing_to_format(kit: Kit, text: Text) -> None:
    done = subprocess.run(["terraform", "fmt", "-"], input=text.content, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, text.content), done.stderr


@pytest.mark.parametrize(("kit", "text"), EVERY)
def test_no_hole_is_left_and_the_source_is_named(kit: Kit, text: Text) -> None:
    assert "<<" not in text.content
    assert kit.place.name in text.content or kit.place.stem in text.content
    assert re.fullmatch(r"[a-z0-9-]+\.[a-z]+", text.file)


@pytest.mark.parametrize(("kit", "text"), EVERY)
def test_only_the_right_partition_is_named(kit: Kit, text: Text) -> None:
    partitions = set(re.findall(r"\barn:(aws[a-z-]*):", text.content))
    assert partitions <= {kit.place.partition}


def test_keys_are_unique_because_they_stand_in_addresses() -> None:
    keys = [text.key for text in KITS["odd"].texts]
    assert len(keys) == len(set(keys))


def test_only_a_source_that_was_attached_can_be_activated() -> None:
    assert KITS["birch"].take_up == []
    (text,) = KITS["odd"].take_up
    assert "activate-event-source" in text.content


@pytest.mark.parametrize(
    "name",
    ["aws.partner/a/b'; rm -rf /", 'aws.partner/a/b"', "aws.partner/a/$(id)", "aws.partner/a/b\nc", "<<account>>"],
)
def test_nothing_that_could_end_a_quotation_becomes_a_kit(name: str) -> None:
    with pytest.raises(LimitError):
        Place(name, "333333333333", "eu-west-1")


def test_two_sources_of_one_tenant_share_no_resource() -> None:
    other = Place(f"{NAME}2", "333333333333", "eu-west-1")
    assert other.stem != BIRCH.stem
    dotted = Place(NAME.replace("birch-", "birch."), "333333333333", "eu-west-1")
    assert dotted.stem != BIRCH.stem  # readable parts agree, the fingerprint does not


def test_the_links_of_the_console_name_region_and_partition() -> None:
    first, *_ = KITS["birch"].links
    assert first.url == "https://eu-west-1.console.aws.amazon.com/events/home?region=eu-west-1#/partners"
    assert KITS["odd"].links[0].url.startswith("https://cn-north-1.console.amazonaws.cn/")


def test_every_template_is_used() -> None:
    from integrations.sources.kit import filling

    folder = Path(filling.__file__).parent / "texts"
    written = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    source = "".join(path.read_text() for path in folder.parent.glob("*.py"))
    assert {name for name in written if name not in source and name.split("/")[0] != "recipes"} == set()
