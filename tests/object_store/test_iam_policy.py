"""The IAM policy allows what the code asks a bucket for, and nothing else."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.repository import REPOSITORY

# Which permissions an operation needs, by AWS's reference of the S3 API. Without s3:ListBucket, S3
# answers 403 instead of 404 to HEAD and GET of an object that is absent.
PERMISSIONS = {
    "list_objects_v2": {"s3:ListBucket"},
    "head_object": {"s3:GetObject", "s3:ListBucket"},
    "get_object": {"s3:GetObject", "s3:ListBucket"},
    "put_object": {"s3:PutObject"},
    "delete_object": {"s3:DeleteObject"},
}
OF_BUCKETS = {"s3:ListBucket"}


def policy() -> list[dict[str, str | list[str]]]:
    text = (REPOSITORY / "config/aws/iam-policy.json").read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    statements: list[dict[str, str | list[str]]] = document["Statement"]
    return statements


def actions(statement: dict[str, str | list[str]]) -> set[str]:
    found = statement["Action"]
    return {found} if isinstance(found, str) else set(found)


def words(path: Path) -> Iterator[str]:
    """Every text and every attribute of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def operations() -> set[str]:
    """The operations of S3 that the package names."""
    session = pytest.importorskip("botocore.session", reason="botocore is not installed")
    from botocore import xform_name

    names = session.get_session().get_service_model("s3").operation_names
    known = {xform_name(name) for name in names}
    return {
        word for path in (REPOSITORY / "pipeline").rglob("*.py") for word in words(path)
    } & known


def test_the_policy_allows_exactly_what_the_operations_need() -> None:
    assert operations() == PERMISSIONS.keys()
    allowed = set().union(*map(actions, policy()))
    assert allowed == set().union(*PERMISSIONS.values())


def test_each_permission_is_of_the_bucket_or_of_its_objects() -> None:
    for statement in policy():
        assert statement["Effect"] == "Allow"
        assert statement.keys() == {"Sid", "Effect", "Action", "Resource"}
        is_bucket = statement["Resource"] == "arn:aws:s3:::BUCKET"
        assert is_bucket or statement["Resource"] == "arn:aws:s3:::BUCKET/PREFIX/*"
        assert all((action in OF_BUCKETS) == is_bucket for action in actions(statement))
