"""Laws of the river graph: ways add up, order and drawn direction do not matter, and losing a line never clears."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.network.building import RiverLine, StatedEnd, build
from spatial.network.flow import Broken, downstream
from spatial.network.graph import Position
from spatial.network.path import Apart, Path, distance_along

ROWS = 4


@st.composite
def rivers(draw, most_forks=2):
    """A river system on a grid: every place of a row flows to one (or more) of the next row; the last is the mouth.

    Lines of neighbouring rows may cross in the plane, so each is led round by a way of its own: tests of the graph
    ask only for lines that do not.
    """
    widths = [draw(st.integers(1, 3)) for _ in range(ROWS)] + [1]
    links = []
    fed = set()
    for row in range(ROWS):
        last = 0
        for place in range(widths[row]):
            # in order from west to east, so that no two lines of a row cross
            low = draw(st.integers(last, widths[row + 1] - 1))
            # what begins there is one stream: a river does not begin with a fork
            most = most_forks if (row, place) in fed else 1
            high = draw(st.integers(low, min(low + most - 1, widths[row + 1] - 1)))
            links += [((row, place), (row + 1, to)) for to in range(low, high + 1)]
            fed |= {(row + 1, to) for to in range(low, high + 1)}
            last = high
    return links


def degrees(node):
    row, place = node
    return 117 + place / 100, 49.2 - row / 100


def line_of(number, link):
    return RiverLine(id=str(number), geometry=shapely.LineString([degrees(n) for n in link]), flow="along")


def network(links, order=None, turned=frozenset()):
    lines = [line_of(i, link) for i, link in enumerate(links)]
    lines = [
        RiverLine(id=one.id, geometry=shapely.reverse(one.geometry), flow="against") if i in turned else one
        for i, one in enumerate(lines)
    ]
    lon, lat = degrees((ROWS, 0))
    return build([lines[i] for i in order or range(len(lines))], ends=[StatedEnd(lon=lon, lat=lat, kind="mouth")])


def position(river, id_, share=0.5):
    number = next(i for i, e in enumerate(river.edges) if e.line == id_)
    return Position(edge=number, chainage_m=share * river.edges[number].length_m)


def reach_of(links, kept, start):
    """Nodes that the kept links lead to from the end of one of them."""
    graph = nx.DiGraph([links[i] for i in kept])
    return nx.descendants(graph, links[start][1]) | {links[start][1]}


@settings(max_examples=60, deadline=None)
@given(rivers(), st.data())
def test_shortest_and_longest_ways_are_those_of_every_path_tried(links, data):
    river = network(links)
    one, two = (data.draw(st.integers(0, len(links) - 1)) for _ in range(2))
    found = distance_along(river, position(river, str(one)), position(river, str(two)))
    graph = nx.MultiDiGraph()
    for i, link in enumerate(links):
        graph.add_edge(*link, metres=river.edges[position(river, str(i)).edge].length_m)
    half = [river.edges[position(river, str(i)).edge].length_m / 2 for i in (one, two)]
    if one == two:
        assert isinstance(found, Path)
        assert found.shortest_m == 0
        return
    start, end = links[one][1], links[two][0]
    paths = [[]] if start == end else list(nx.all_simple_edge_paths(graph, start, end))
    ways = [sum(graph.edges[e]["metres"] for e in path) + sum(half) for path in paths]
    if not ways:
        assert isinstance(found, Apart | Broken)
        return
    assert isinstance(found, Path)
    assert (found.shortest_m, found.longest_m) == pytest.approx((min(ways), max(ways)), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(rivers(most_forks=1), st.data())
def test_ways_add_up_along_a_river_without_forks(links, data):
    river = network(links)
    start = data.draw(st.integers(0, len(links) - 1))
    way = [start]
    while links[way[-1]][1][0] < ROWS:
        way.append(next(i for i, link in enumerate(links) if link[0] == links[way[-1]][1]))
    shares = sorted(data.draw(st.lists(st.integers(0, 10 * len(way) - 1), min_size=3, max_size=3)))
    places = [position(river, str(way[s // 10]), (s % 10) / 10) for s in shares]
    ab, bc, ac = (distance_along(river, p, q) for p, q in ((places[0], places[1]), places[1:], places[::2]))
    assert all(isinstance(found, Path) for found in (ab, bc, ac))
    assert ab.shortest_m + bc.shortest_m == pytest.approx(ac.shortest_m, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(rivers(), st.randoms(use_true_random=False), st.data())
def test_order_and_drawn_direction_of_the_lines_change_nothing(links, random, data):
    order = list(range(len(links)))
    random.shuffle(order)
    turned = data.draw(st.sets(st.sampled_from(order)))
    plain, other = network(links), network(links, order, frozenset(turned))
    for one, two in itertools.product(range(min(3, len(links))), range(len(links))):
        answers = [distance_along(n, position(n, str(one)), position(n, str(two))) for n in (plain, other)]
        assert type(answers[0]) is type(answers[1])
        if isinstance(answers[0], Path):
            assert answers[0].shortest_m == pytest.approx(answers[1].shortest_m, abs=1e-6)
            assert answers[0].longest_m == pytest.approx(answers[1].longest_m, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(rivers(most_forks=1), st.data())
def test_losing_a_line_below_never_makes_an_absence_a_fact(links, data):
    """Whatever line is lost: what was downstream is downstream still, at the same distance, or not known."""
    river = network(links)
    start = data.draw(st.integers(0, len(links) - 1))
    lost = data.draw(st.integers(0, len(links) - 1).filter(lambda i: i != start))
    kept = [i for i in range(len(links)) if i != lost]
    less = network(links, kept)
    for target in kept:
        before = distance_along(river, position(river, str(start)), position(river, str(target)))
        after = distance_along(less, position(less, str(start)), position(less, str(target)))
        if isinstance(before, Path):
            assert isinstance(after, Path | Broken)
        if isinstance(before, Path) and isinstance(after, Path):
            assert after.shortest_m == pytest.approx(before.shortest_m, abs=1e-6)
    walk = downstream(less, position(less, str(start)))
    if lost in {i for i, link in enumerate(links) if link[0] in reach_of(links, range(len(links)), start)}:
        assert walk.breaks
        assert not walk.endings


@settings(max_examples=60, deadline=None)
@given(rivers(), st.data())
def test_losing_a_channel_only_narrows_the_range_or_breaks_the_way(links, data):
    river = network(links)
    start, target = (data.draw(st.integers(0, len(links) - 1)) for _ in range(2))
    before = distance_along(river, position(river, str(start)), position(river, str(target)))
    others = [i for i in range(len(links)) if i not in (start, target)]
    if not isinstance(before, Path) or not others:
        return
    lost = data.draw(st.sampled_from(others))
    less = network(links, [i for i in range(len(links)) if i != lost])
    after = distance_along(less, position(less, str(start)), position(less, str(target)))
    assert isinstance(after, Path | Broken)
    if isinstance(after, Path):
        assert before.shortest_m - 1e-6 <= after.shortest_m <= after.longest_m <= before.longest_m + 1e-6
