"""Packed arrays come back bit by bit; what is cut off is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import PackedDataError
from spatial.packing import packed, unpacked

WHOLE = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=60)
REAL = st.lists(st.floats(width=64), max_size=40)


@given(WHOLE, st.lists(st.integers(0, 255), max_size=30), REAL, st.integers(1, 3))
def test_every_array_comes_back_bit_by_bit(whole, small, real, stride):
    arrays = {"i": np.array(whole, dtype=np.int64), "u": np.array(small, dtype=np.uint8), "f": np.array(real)}
    back, document = unpacked(packed(arrays, document={"字": [1, None]}, strides={"i": stride}))
    assert back["i"].tolist() == whole
    assert back["u"].tolist() == small
    assert back["f"].tobytes() == np.array(real, dtype="<f8").tobytes()
    assert document == {"字": [1, None]}


def test_small_steps_take_one_byte_each():
    xy = np.cumsum(np.full(2000, 3))
    raw = zlib.decompress(packed({"xy": xy}, strides={"xy": 2}))
    assert len(raw) < 2000 + 200


def test_a_number_beyond_32_bits_is_refused():
    with pytest.raises(PackedDataError, match="32 bits"):
        packed({"i": np.array([2**31])})


def test_texts_are_refused():
    with pytest.raises(PackedDataError, match="are not packed"):
        packed({"t": np.array(["a"])})


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_block_that_is_cut_off_is_refused(cut):
    block = packed({"i": np.arange(100)})
    with pytest.raises(PackedDataError):
        unpacked(block[:-cut])
