from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.kinds import interpret, spec

BOX = shapely.box(117.0, 49.0, 117.1, 49.1)


def zones(*rows):
    return interpret(
        "element_zones", list(rows), np.array([BOX] * len(rows)), [str(i) for i in range(len(rows))]
    ).features


@pytest.mark.parametrize(
    ("word", "class_", "counts"),
    [
        ("优先保护区", "priority_zone", True),
        ("水环境优先保护区", "priority_zone", True),
        (1, "priority_zone", True),
        ("重点管控区", "key_zone", False),
        ("大气环境高排放重点管控区", "key_zone", False),
        ("水环境工业污染重点管控区", "key_zone", False),
        ("大气环境一般管控区", "general_zone", False),
        ("3", "general_zone", False),
        ("key_zone", "key_zone", False),
        ("一般生态空间", "unconfirmed", True),
        ("生态保护红线", "unconfirmed", True),
        ("非重点管控区", "unconfirmed", True),
        ("重点管控区外", "unconfirmed", True),
        ("优先保护区调整为一般管控区", "unconfirmed", True),
        ("饮用水水源保护一般管控区", "unconfirmed", True),
        ("", "unconfirmed", True),
        (None, "unconfirmed", True),
    ],
)
def test_only_clear_words_of_key_and_general_do_not_count(word, class_, counts):
    (found,) = zones({"SHJGKFQBM": "YS1507812210001", "管控区分类": word})
    assert (found.class_, found.counts) == (class_, counts)
    assert ("class_unconfirmed" in found.flags) == (class_ == "unconfirmed")


@pytest.mark.parametrize("code", ["YS1507813210001", "YS1507812210001", "YS1507811210001"])
def test_the_digits_of_a_ys_code_decide_nothing(code):
    (found,) = zones({"HJYSGKFQBM": code})
    assert (found.class_, found.counts, found.flags) == ("unconfirmed", True, ("class_unconfirmed",))
    (found,) = zones({"HJYSGKFQBM": code, "GKFQFL": "重点管控区"})
    assert (found.class_, found.counts, found.flags) == ("key_zone", False, ())


def test_a_subtype_may_state_the_class_or_make_it_stricter():
    assert zones({"YSXL": "大气环境受体敏感重点管控区"})[0].class_ == "key_zone"
    (found,) = zones({"GKFQFL": "一般管控区", "YSXL": "水环境优先保护区"})
    assert (found.class_, found.counts, found.flags) == ("priority_zone", True, ("class_conflict",))


@pytest.mark.parametrize(
    ("rows", "theme"),
    [
        ([{"HJYS": "水环境"}], "water"),
        ([{"HJYS": "大气"}, {"HJYS": "水"}], "air+water"),
        ([{"DQHJGKFQBM": "YS1"}], "air"),
        ([{"编码": "1", "GKFQFL": "农用地优先保护区"}], "soil"),
        ([{"HJYS": "水"}, {"HJYS": ""}], "某图层"),
        ([{"HJYSGKFQBM": "YS1507812210001"}], "某图层"),
    ],
)
def test_the_theme_is_the_element_and_the_layers_name_where_one_is_unknown(rows, theme):
    assert spec("element_zones").default_theme("某图层", zones(*rows)) == theme
