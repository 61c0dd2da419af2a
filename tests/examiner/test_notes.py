"""What a report says about how its figures came about."""

from examiner import Config
from examiner.notes import settings_notes


def test_what_was_varied_and_held_is_said():
    config = Config(vary=("clothing", "light"), fix=("view.elevation=20", "view.roll=0"))
    assert settings_notes(config) == [
        "Drawn anew for every search query from their typical ranges: clothing, light; the screening does not know "
        "them.",
        "Held at a value: view.elevation=20, view.roll=0.",
    ]
    assert settings_notes(Config()) == []
