"""The id by which a luigid knows its data root, where that is a bucket."""

from pathlib import Path

from pipeline.paths import Layout
from pipeline.storage.data_root_id import claim, data_root_id
from pipeline.storage.object_path import ObjectPath

BUCKET, OTHER = ObjectPath("s3://movies/root"), ObjectPath("s3://movies/other")


def test_a_bucket_has_the_same_id_on_every_host(tmp_path: Path) -> None:
    one, two = Layout(BUCKET, tmp_path / "one"), Layout(BUCKET, tmp_path / "two")
    assert data_root_id(one) == data_root_id(two)
    assert data_root_id(one) != data_root_id(Layout(OTHER, tmp_path / "one"))


def test_a_plain_luigid_is_claimed_for_one_bucket(tmp_path: Path) -> None:
    url = f"http://luigid.invalid/{tmp_path}"
    with (
        claim(url, Layout(BUCKET, tmp_path)) as is_ours,
        claim(url, Layout(BUCKET, tmp_path)) as is_ours_too,
        claim(url, Layout(OTHER, tmp_path)) as is_other,
    ):
        assert (is_ours, is_ours_too, is_other) == (True, True, False)
