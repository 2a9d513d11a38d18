"""Links of views: what is written is read again, and nothing but a view is ever read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maps.errors import ViewLinkError
from maps.view import Selection, ShownLayer, View, format_view, parse_view

KEYS = st.integers(0, 2**32 - 1).map(lambda n: f"n{n:08x}")


def tenths(low, high, decimals):
    scale = 10**decimals
    return st.integers(round(low * scale), round(high * scale)).map(lambda n: n / scale)


CENTRES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"lat": tenths(-85, 85, 6), "lon": tenths(-180, 180, 6), "zoom": tenths(0, 24, 2)}),
)
LAYERS = st.none() | st.lists(
    st.builds(ShownLayer, key=KEYS, opacity=tenths(0, 1, 2)), max_size=6, unique_by=lambda one: one.key
).map(tuple)
VIEWS = st.builds(
    lambda centre, **rest: View(**centre, **rest),
    CENTRES,
    layers=LAYERS,
    select=st.none() | st.builds(Selection, key=KEYS, row=st.integers(0, 10**9 - 1)),
    language=st.sampled_from([None, "zh", "en"]),
)


@given(VIEWS)
def test_a_view_is_read_again_as_it_was_written(view):
    assert parse_view(format_view(view)) == view
    assert parse_view("file:///D:/图 件/a.html" + format_view(view)) == view


@given(st.text(alphabet="#&=,:.-%0123456789nabcdefviewlayersselectlangzh\x00<é", max_size=80))
def test_any_text_is_a_view_or_refused_by_name(text):
    try:
        view = parse_view(text)
    except ViewLinkError:
        return
    assert parse_view(format_view(view)) == parse_view(format_view(parse_view(format_view(view))))
