"""Findings about change, unmet demand, states, power, losses and savings say what their frames say, and no more."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from analytics import fairness, findings, findings_energy, findings_fairness
from analytics.certainty import Interval
from analytics.charts import numbers, savings
from analytics.efficiency import WHERE_IT_WENT
from analytics.gains import GAINS
from analytics.limits import AGAINST_LIMITS
from analytics.power import PEAKS
from data.schema import Schema


def spoken(words: str) -> str:
    return words.replace(numbers.THIN_SPACE, " ")


def rows(schema: Schema, *given: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in given], schema=dict(schema))


def shares(**parts: float) -> pl.DataFrame:
    return pl.DataFrame({"category": list(parts), "share": list(parts.values())}, schema={"category": pl.String, "share": pl.Float64})


def test_a_category_that_is_new_gained_all_of_its_share() -> None:
    said = spoken(findings_fairness.changed(shares(sme=0.25, research=0.75), shares(research=1.0), relative=-0.1, earlier="2025"))
    assert said == "Against 2025, machine time is down 10 %; of the whole, SMEs gained 25 pp and research lost 25 pp."


def test_shares_that_hardly_moved_are_said_not_to_have() -> None:
    same = shares(sme=0.25, research=0.75)
    assert "no category's share moved" in findings_fairness.changed(same, same, relative=0.0, earlier="2025")


def gain(category: str, served: float, after: float, unmet: float) -> dict[str, object]:
    amounts = {"node_hours_demanded": 100.0, "node_hours_unmet": unmet, "node_hours_more": 1.0}
    return amounts | {"category": category, "served": served, "served_after": after, "gain": after - served}


def test_who_gains_most_is_a_true_category() -> None:
    frame = rows(GAINS, gain("sme", 0.5, 0.6, 50.0), gain("research", 0.8, 0.81, 20.0), gain("unclassified", 0.1, 0.9, 90.0))
    said = spoken(findings_fairness.unmet(frame, period="Q1 2026"))
    assert said.startswith("In Q1 2026, 35 % of the node-hours demanded were not received; ")
    assert "would help SMEs most of all that are classified, meeting 60 % of that demand instead of 50 %" in said


@pytest.mark.parametrize(("frame", "words"), [(rows(GAINS), "not available"), (rows(GAINS, gain("sme", 1.0, 1.0, 0.0)), "was met")])
def test_no_demand_and_no_unmet_demand_are_told_apart(frame: pl.DataFrame, words: str) -> None:
    assert words in findings_fairness.unmet(frame, period="Q1 2026")


def test_states_are_named_on_both_sides_and_the_unknown_one_is_not() -> None:
    due = {"FI": 5.0, "IT": 5.0, fairness.UNKNOWN_STATE: 10.0}
    frame = fairness.against_due(pl.DataFrame({"country": ["FI", "IT"], "hours": [9.0, 1.0]}), due, "country")
    said = spoken(findings_fairness.states(frame, period="Q1 2026"))
    assert said == "Of the participating states, behind their due: Italy (−15 pp); ahead of their due: Finland (+65 pp)."
    assert "no project's state is known" in findings_fairness.states(frame.clear(), period="Q1 2026")


def test_few_projects_are_said_to_make_an_index_rough() -> None:
    found = fairness.inequality(np.array([1.0, 0.5]), np.array(["sme", "sme"]))
    said = findings_fairness.sure(found, {"jain": Interval(low=0.8, high=1.0)})
    assert "between 0.8 and 1 in nine of ten cases. Fewer than 10 projects make it rough." in said
    assert findings_fairness.sure(found, {}) == ""


def limit(name: str, share: float | None, **more: object) -> dict[str, object]:
    told = {"system": "alpha", "limit": name, "title": "A limit", "share": share, "share_allowed": 0.5, "node_hours_base": 100.0}
    over = None if share is None else share > 0.5
    return told | {"node_hours": None if share is None else 100 * share, "over": over, "near": False, "exact": True} | more


def test_union_access_is_told_against_what_the_law_grants() -> None:
    frame = rows(AGAINST_LIMITS, limit("union_share_high_end", 0.2), limit("union_share_high_end", None), limit("commercial_use", 0.4))
    said = spoken(findings_fairness.union_access(frame, period="Q1 2026"))
    assert said == "Union access took 20 % of the capacity of 1 machine in Q1 2026, 40 % of the most that the law grants the Union."
    assert "not available" in findings_fairness.union_access(frame.clear(), period="Q1 2026")


def test_a_limit_that_is_near_is_told_beside_one_that_is_over() -> None:
    frame = rows(AGAINST_LIMITS, limit("a", 0.6), limit("b", 0.48, near=True, exact=False))
    said = spoken(findings.over_limits(frame, period="Q1 2026"))
    over, near = "Over a limit in Q1 2026: A limit on alpha at 60 %, allowed 50 %", "Near a limit: A limit on alpha at 48 %, allowed 50 %"
    assert said == f"{over}. {near} (indicative)."
    assert spoken(findings.over_limits(frame.filter("near"), period="Q1 2026")).startswith("Near a limit in Q1 2026: ")


DRAWN: Schema = {**PEAKS, "limit_kw": pl.Float64, "peak_of_limit": pl.Float64, "over": pl.Boolean}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def peak(system: str, peak_kw: float, limit_kw: float | None) -> dict[str, object]:
    part = None if limit_kw is None else peak_kw / limit_kw
    told = {"system": system, "peak_kw": peak_kw, "peak_hour": NOON, "mean_kw": peak_kw / 2, "limit_kw": limit_kw, "peak_of_limit": part}
    return told | {"over": None if part is None else part > 1}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((None, None), "what the sites may draw is not known"),
        ((2_000.0, None), "alpha came to 50 %"),
        ((900.0, None), "over what the site may draw: alpha"),
    ],
)
def test_power_is_told_against_the_limits_that_are_known(limits: tuple[float | None, float | None], words: str) -> None:
    said = spoken(findings_energy.drawn(rows(DRAWN, peak("alpha", 1_000.0, limits[0]), peak("beta", 3_000.0, limits[1])), period="Q1 2026"))
    assert said.startswith("The jobs of beta needed most power at once in Q1 2026: 3 MW, 1.5 MW on average; ")
    assert words in said


def test_what_was_lost_counts_idle_nodes_only_where_they_are_known() -> None:
    given = {"node_hours_useful": 50.0, "energy_useful_kwh": 90.0, "energy_failed_kwh": 10.0}
    said = spoken(findings_energy.lost(rows(WHERE_IT_WENT, given | {"energy_idle_kwh": 5.0}, given), period="Q1 2026"))
    assert "took 10 % of the facility energy" in said
    assert "at most another 5 kWh (without 1 machine of unknown size); a useful node-hour cost 2 kWh." in said
    assert "not available" in findings_energy.lost(rows(WHERE_IT_WENT), period="Q1 2026")


def test_hours_that_are_busy_alike_are_not_ranked() -> None:
    frame = pl.DataFrame({"weekday": [1, 1], "hour_of_day": [0, 1], "nodes_busy": [100.0, 99.0]})
    assert "busy alike" in findings_energy.busiest(frame)
    apart = frame.with_columns(nodes_busy=pl.Series([100.0, 80.0]))
    assert spoken(findings_energy.busiest(apart)).endswith("on Monday 01:00–02:00 UTC it is 20 % fewer.")


def test_the_best_move_is_the_one_that_saves_most_and_not_the_largest_share() -> None:
    move = {"why_not": ""}
    frame = rows(
        savings.MOVES,
        move | {"move": "To another hour", "emissions_kgco2e": 100.0, "saved_kgco2e": 50.0, "saved_share": 0.5},
        move | {"move": "To another site", "emissions_kgco2e": 1e6, "saved_kgco2e": 1e5, "saved_share": 0.1},
        {"move": "To another day", "why_not": "nothing is known"},
    )
    said = spoken(findings_energy.saved(frame, flexible_share=0.25))
    assert said == "Were 25 % of the work flexible, moving it to another site could have saved at most 100 t CO₂e, 10 % of the emissions."


def test_slowdowns_that_are_alike_are_not_ranked() -> None:
    names = ("p05", "p25", "median", "p75", "p95")
    frame = pl.DataFrame({"category": ["sme", "research"], "jobs": [1, 1], **{key: [2.0, 2.0] for key in names}})
    assert "every category took at most 2 times" in findings_fairness.slowed(frame, period="Q1 2026")
    never = frame.with_columns(median=pl.lit(1.0))
    assert "hardly took longer in Q1 2026 than on an empty machine" in findings_fairness.slowed(never, period="Q1 2026")


def test_a_machine_whose_use_is_unknown_does_not_lower_the_use_of_capacity() -> None:
    rows = pl.DataFrame(
        {"system": ["Alpha", "Dark"], "hours": [50.0, None], "capacity_hours": [100.0, 100.0], "union_hours": [50.0, 50.0]},
    )
    said = findings.capacity_used(rows, period="Q1 2026").replace(numbers.THIN_SPACE, " ")
    assert said == "The logs show 50 % of the machines' capacity in use in Q1 2026, without Dark, of unknown size or use."


def test_more_use_than_capacity_is_told_with_its_likely_reason() -> None:
    rows = pl.DataFrame({"system": ["Alpha"], "hours": [150.0], "capacity_hours": [100.0], "union_hours": [50.0]})
    assert "Alpha: over 100 %; jobs that share a node" in spoken(findings.capacity_used(rows, period="Q1 2026"))
    assert "over 100" not in spoken(findings.capacity_used(rows.with_columns(hours=pl.lit(99.0)), period="Q1 2026"))
