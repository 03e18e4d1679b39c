"""docs/how-to/use-an-object-store.md and run-on-kubernetes.md show what the code needs and has."""

from __future__ import annotations

import json
import re

import pytest
from support.repository import REPOSITORY

HOW_TO = REPOSITORY / "docs/how-to"
PAGE = (HOW_TO / "use-an-object-store.md").read_text(encoding="utf-8")
POLICY = (REPOSITORY / "config/aws/iam-policy.json").read_text(encoding="utf-8")
STORAGE = "\n".join(
    path.read_text(encoding="utf-8") for path in (REPOSITORY / "pipeline/storage").glob("*.py")
)
# The permission that each operation of S3 needs.
PERMISSIONS = {
    "head_object": "s3:GetObject",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "list_objects_v2": "s3:ListBucket",
}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def test_the_policy_allows_what_the_code_requests_and_nothing_else() -> None:
    requested = set(re.findall(r'"((?:head|get|put|delete|copy|list)_objects?\w*)"', STORAGE))
    statements = json.loads(POLICY)["Statement"]
    resources = {}
    for statement in statements:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            resources[action] = statement["Resource"]

    assert {each["Effect"] for each in statements} == {"Allow"}
    assert resources.pop("s3:ListBucket") == "arn:aws:s3:::BUCKET"
    assert resources == dict.fromkeys(
        {PERMISSIONS[each] for each in requested} - {"s3:ListBucket"},
        "arn:aws:s3:::BUCKET/PREFIX/*",
    )


def test_the_page_shows_the_policy() -> None:
    assert blocks(PAGE, "json") == [POLICY]


def test_a_refused_request_names_the_same_permissions() -> None:
    sentence = re.search(r'needed = "([^"]+)"', STORAGE)
    assert sentence
    assert set(re.findall(r"s3:\w+", sentence[1])) == set(PERMISSIONS.values())


@pytest.mark.parametrize("name", ["settings.yaml", "daily.yaml"])
def test_the_page_of_kubernetes_shows_the_files(name: str) -> None:
    page = (HOW_TO / "run-on-kubernetes.md").read_text(encoding="utf-8")
    assert (REPOSITORY / "config/kubernetes" / name).read_text("utf-8") in blocks(page, "yaml")


GUIDES = ("use-an-object-store.md", "run-on-several-hosts.md", "run-on-kubernetes.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_links_and_files_of_a_guide_are_there(guide: str) -> None:
    text = (HOW_TO / guide).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert "://" in target or (HOW_TO / target).is_file(), target
    for name in re.findall(r"`((?:config|tests)/[\w./-]+|docker-compose\.[\w.]+)`", text):
        assert (REPOSITORY / name).exists(), name


def test_the_first_sentence_says_what_more_hosts_are_for() -> None:
    text = (HOW_TO / "run-on-several-hosts.md").read_text(encoding="utf-8")
    first = " ".join(text.split("\n\n")[1].split()).partition(". ")[0]
    assert "survive the loss of one" in first
    assert "do not make it faster" in first
