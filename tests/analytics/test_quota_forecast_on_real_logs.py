"""The interval of the forecast of use, tried on the logs of real machines: it holds about as often as it says."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from analytics.quota_forecast import LEAST_WEEKS, LEVEL, outlook
from data.units import DAYS_PER_WEEK, SECONDS_PER_DAY, SECONDS_PER_HOUR

SUBMITTED, WAITED, RAN, PROCESSORS = 1, 2, 3, 4
GROUP, USER = 12, 11


def core_hours_by_week(log: Path, holder: int) -> np.ndarray:
    """(project, week): core-hours, jobs split at midnight; the holders of jobs stand for projects."""
    with gzip.open(log, "rt", errors="replace") as lines:
        fields = [line.split() for line in lines if line.strip() and not line.startswith(";")]
    jobs = np.array([[float(row[place]) for place in (SUBMITTED, WAITED, RAN, PROCESSORS, holder)] for row in fields])
    jobs = jobs[(jobs[:, 2] > 0) & (jobs[:, 3] > 0)]
    begins = jobs[:, 0] + np.maximum(jobs[:, 1], 0)
    begins, ends = begins - begins.min(), begins - begins.min() + jobs[:, 2]
    first, last = (begins // SECONDS_PER_DAY).astype(int), ((ends - 1e-6) // SECONDS_PER_DAY).astype(int)
    whose = np.repeat(np.arange(len(jobs)), last - first + 1)
    day = np.arange(whose.size) - np.repeat(np.cumsum(last - first + 1) - (last - first + 1), last - first + 1) + first[whose]
    part_s = np.minimum(ends[whose], (day + 1) * SECONDS_PER_DAY) - np.maximum(begins[whose], day * SECONDS_PER_DAY)
    names, project = np.unique(jobs[:, 4], return_inverse=True)
    weeks = np.zeros((len(names), int(day.max()) // DAYS_PER_WEEK + 1))
    np.add.at(weeks, (project[whose], day // DAYS_PER_WEEK), part_s * jobs[whose, 3] / SECONDS_PER_HOUR)
    return weeks[:, :-1]


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["swf-cea-curie/CEA-Curie-2011-2.1-cln.swf.gz", "swf-kth-sp2/KTH-SP2-1996-2.1-cln.swf.gz"])
@pytest.mark.parametrize("ahead", [4, 8])
def test_the_interval_holds_about_as_often_as_it_says_on_a_real_log(shared: Path, name: str, ahead: int) -> None:
    weeks = core_hours_by_week(shared / "traces" / name, USER if "KTH" in name else GROUP)
    held = []
    for now in range(LEAST_WEEKS, weeks.shape[1] - ahead + 1, 3):
        age = now - (weeks > 0).argmax(axis=1)
        seen = (weeks[:, :now] > 0).any(axis=1) & (age >= LEAST_WEEKS)
        came = weeks[seen, now : now + ahead].sum(axis=1)
        lived = weeks[seen, : now + ahead].sum(axis=1) / (age[seen] + ahead)
        said = outlook(weeks[seen, :now][:, ::-1], weeks=age[seen], weeks_left=np.full(len(came), float(ahead)), planned=lived / 0.8)
        held.append((came >= said.low_hours - 1e-9) & (came <= said.high_hours + 1e-9))
    assert abs(np.concatenate(held).mean() - LEVEL) <= 0.1
