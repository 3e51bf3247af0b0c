"""Prints how long the pages of quotas take for fifty thousand projects: `PYTHONPATH=. python tests/speed/quotas_page_speed.py [PROJECTS]`.

Told are seconds of processors of one run of a page's script, best of three where it can be repeated, and their ratio to those with as few
projects as one page holds; ratios of one run can be compared.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from streamlit.testing.v1 import AppTest

from data.access import local_person
from data.lake import Lake, writing
from data.quota_changes import save
from data.quota_drafts import drop, keep
from data.quotas import edits_of, standing
from data.settings import Settings, settings

PROJECTS = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 50_000
FEW = 100
WEEKS = 26
MAIN, PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "main.py"), "operations/quotas.py"
RECLAIM, EFFECT, HISTORY = (f"operations/{name}.py" for name in ("reclaim", "effect", "history"))
CHANGED = 1_000
ADD_PROJECTS = """
insert into lake.projects by name
select * exclude (number) replace ('made-' || number as account, 1000 + number % 9000 as node_hours_awarded,
    date '2026-01-01' + (number % 200)::int as starts, date '2027-01-01' + (number % 200)::int as ends)
from (select * from lake.projects where system = 'lumi' limit 1) cross join range($projects) made (number)
"""
ADD_USE = """
insert into lake.usage_daily by name
select * exclude (number, week) replace ('made-' || number as account, date '2026-10-25' - (7 * week)::int as day,
    (number * 37 % 900) * 3600.0 as node_s, 0 as node_s_metered, 0 as energy_measured_j, 0 as jobs_metered)
from (select * from lake.usage_daily where system = 'lumi' and jobs > 0 limit 1)
cross join range($projects) made (number) cross join range($weeks) weeks (week)
"""


def main() -> None:
    """Print one line a click."""
    with tempfile.TemporaryDirectory(prefix="equinode-quotas-speed-") as folder:
        few, many = (_times(Path(folder) / str(number), number) for number in (FEW, PROJECTS))
    print(f"{'seconds of processors':<28}{FEW:>10,}{PROJECTS:>10,}{'ratio':>8}")
    for click, seconds in many.items():
        print(f"{click:<28}{few[click]:>10.3f}{seconds:>10.3f}{seconds / few[click]:>8.1f}")


def _times(lake: Path, projects: int) -> dict[str, float]:
    words = [sys.executable, "-m", "data", "demo", "--jobs", "2000"]
    subprocess.run(words, env=os.environ | {"EQUINODE_LAKE": str(lake)}, check=True, capture_output=True)
    with writing(Settings(lake=lake), author="speed", message="made") as writer:
        writer.change(ADD_PROJECTS, {"projects": projects})
        writer.change(ADD_USE, {"projects": projects, "weeks": WEEKS})
    os.environ["EQUINODE_LAKE"] = str(lake)
    settings.cache_clear()
    app = AppTest.from_file(MAIN, default_timeout=300).run()
    found = {"first visit": _cpu(lambda: app.switch_page(PAGE).run(), times=1)}
    assert not (told := [each.value for each in (*app.exception, *app.error)]), told
    orders = iter(("By name", "Most used first", "Most energy"))
    found["order"] = _cpu(lambda: app.selectbox(key="sort").set_value(next(orders)).run())
    texts = iter(("made-1", "made-2", "made-3"))
    found["find"] = _cpu(lambda: app.text_input(key="find").set_value(next(texts)).run())
    app.text_input(key="find").set_value("").run()
    found["run again"] = _cpu(lambda: app.run())
    _draft(lake, 10)
    found["with 10 unsaved"] = _cpu(lambda: app.run())
    _draft(lake, projects)
    found["with all unsaved"] = _cpu(lambda: app.run())
    assert not app.exception
    return found | _others(app, lake)


def _others(app: AppTest, lake: Path) -> dict[str, float]:
    """The pages Reclaim, Effect and History, and Quotas after a change of a thousand projects was saved."""
    found = {"Reclaim, first visit": _cpu(lambda: app.switch_page(RECLAIM).run(), times=1), "Reclaim again": _cpu(lambda: app.run())}
    shares = iter((40, 50, 60))
    found["Reclaim, another rule"] = _cpu(lambda: app.number_input(key="reclaim-below").set_value(next(shares)).run())
    site = Settings(lake=lake)
    rows = edits_of(standing(Lake(site)).drop_nulls("hours").head(CHANGED))
    found["save a thousand"] = _cpu(lambda: save(site, local_person(site), rows.with_columns(pl.col("hours") + 1), reason="speed"), times=1)
    for page, name in ((PAGE, "Quotas after it"), (EFFECT, "Effect of it"), (HISTORY, "History of it")):
        found[name] = _cpu(lambda page=page: app.switch_page(page).run(), times=1)
        assert not (told := [each.value for each in (*app.exception, *app.error)]), told
    return found


def _draft(lake: Path, most: int) -> None:
    site = Settings(lake=lake)
    rows = edits_of(standing(Lake(site)).head(most))
    drop(site, local_person(site))
    keep(site, local_person(site), rows.with_columns(hours=rows["hours"].fill_null(1.0) * 1.1))


def _cpu(run: object, *, times: int = 3) -> float:
    assert callable(run)
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    main()
