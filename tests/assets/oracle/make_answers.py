"""Store what zipline-reloaded 3.2.1 answers about some assets; run it in its environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cases  # type: ignore[import-not-found]
from sqlalchemy import StaticPool, create_engine
from zipline.assets import AssetDBWriter, AssetFinder, synthetic
from zipline.assets.roll_finder import CalendarRollFinder, VolumeRollFinder
from zipline.utils.calendar_utils import get_calendar


def main() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    AssetDBWriter(engine).write(**cases.frames())
    finder = AssetFinder(engine)
    calendar = get_calendar("us_futures")
    answers = cases.answers(
        finder,
        calendar,
        {
            "calendar": CalendarRollFinder(calendar, finder),
            "volume": VolumeRollFinder(calendar, finder, cases.Volumes(calendar)),
        },
        synthetic,
    )
    text = json.dumps(answers, indent=1, sort_keys=True)
    Path(__file__).with_name("answers.json").write_text(text + "\n", encoding="utf-8")


main()
