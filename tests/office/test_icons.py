"""The icon font is cut down, and every icon in use is still in it."""

from fontTools.ttLib import TTFont

from office.icons import CUT, WHOLE, icons_in_use, icons_of


def test_every_icon_in_use_is_drawn():
    there = icons_of(TTFont(CUT)).keys()
    missing = icons_in_use() & icons_of(TTFont(WHOLE)).keys() - there
    assert not missing, "run manage.py cut_icons and commit the font"
    assert {
        "download",
        "search",
        "space_dashboard",
        "chevron_right",
        "warning",
        "check_small",
        "calendar_today",
        "person",
    } <= there
