"""What is known to fail is said before anything starts."""

import os
from pathlib import Path

import pytest

from runtime.errors import UserError
from runtime.settings import load_settings
from tickerplant.stack.preflight import check_folder


def test_the_folder_is_made(tmp_path: Path) -> None:
    assert check_folder(load_settings(data_dir=tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"only \d+ MB are free .* 999999999 are needed: free some"):
        check_folder(load_settings(data_dir=tmp_path, stack={"minimum_free_mb": 999_999_999}))


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written .* use another --data-dir"):
        check_folder(load_settings(data_dir=tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        check_folder(load_settings(data_dir=tmp_path))
