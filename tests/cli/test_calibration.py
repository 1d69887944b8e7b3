from __future__ import annotations

import pytest

from gossamer.calibration import ImageFolder
from gossamer.cli.calibration import calibration_of
from gossamer.errors import InputError


def test_a_folder_is_read_as_images(tmp_path):
    found = calibration_of(tmp_path, "-1..1", "0.5", "1,2,3")
    assert found == ImageFolder(tmp_path, (-1, 1), [0.5], [1, 2, 3])
    assert calibration_of(tmp_path, None, None, None) == ImageFolder(tmp_path)


def test_a_file_is_left_to_be_read_when_the_inputs_are_known(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"")
    assert calibration_of(path, None, None, None) == path
    assert calibration_of(None, None, None, None) is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("0..1..2", None, None), "--pixels 0..1..2 is not two numbers"),
        (("white", None, None), "--pixels white is not numbers with '..'"),
        ((None, "1;2", None), "--mean 1;2 is not numbers with ','"),
        ((None, None, ""), "--std"),
    ],
)
def test_options_that_are_no_numbers_are_refused(tmp_path, options, words):
    with pytest.raises(InputError) as caught:
        calibration_of(tmp_path, *options)
    assert words in str(caught.value)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        calibration_of(tmp_path / "none", None, None, None)
