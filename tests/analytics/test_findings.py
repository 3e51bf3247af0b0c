"""The findings say what the frames say, and say when the frames cannot tell."""

import numpy as np
import polars as pl
import pytest

from analytics import findings
from analytics.carbon import EMISSIONS
from analytics.energy import ENERGY
from analytics.fairness import against_due, inequality
from analytics.usage import share, usage_frame
from analytics.waiting import queue_waits, waits_frame
from data.terms import HourUnit

SHARES = share(
    usage_frame(
        {"category": "research", "node_hours": 78.0},
        {"category": "start_up", "node_hours": 3.0},
        {"category": "sme", "node_hours": 19.0, "jobs_without_nodes": 4},
    ),
    "category",
    unit=HourUnit.NODE_HOURS,
)


def spoken(sentence: str) -> str:
    return sentence.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_largest_receivers_are_named_with_what_is_missing() -> None:
    said = spoken(findings.received(SHARES, period="Q1 2026", unit=HourUnit.NODE_HOURS))
    assert said == "Research received 78 % of node-hours in Q1 2026, SMEs 19 %, start-ups 3.0 %; of 4 jobs the hours are not known."


def test_a_period_without_machine_time_is_not_called_fair() -> None:
    assert findings.received(SHARES.clear(), period="Q1 2026", unit=HourUnit.NODE_HOURS) == "No machine time is known for Q1 2026."


def test_clear_differences_from_the_due_are_named() -> None:
    rows = against_due(SHARES, {"research": 78, "start_up": 10, "sme": 12})
    said = spoken(findings.against_due(rows, period="Q1 2026"))
    assert said == "Of the node-hours in Q1 2026, start-ups received 3.0 % (due 10 %) and SMEs received 19 % (due 12 %)."


def test_small_differences_from_the_due_are_not_dramatised() -> None:
    rows = against_due(SHARES, {"research": 78, "start_up": 3, "sme": 19})
    assert "within one percentage point" in findings.against_due(rows, period="Q1 2026")


def test_categories_without_a_due_lead_to_no_finding() -> None:
    assert "not available" in findings.against_due(against_due(SHARES, {}), period="Q1 2026")


def test_the_longest_waits_are_set_beside_the_shortest() -> None:
    waits = waits_frame({"category": "sme", "bin": 0, "jobs": 3}, {"category": "research", "bin": 104, "jobs": 3, "wait_s": 24_600.0})
    said = spoken(findings.waited(queue_waits(waits, "category"), period="Q1 2026"))
    assert said == "Waits were longest for research in Q1 2026: half of the jobs waited 2.38 h or more, against 0 s for SMEs."


def test_a_log_without_waits_leads_to_no_finding() -> None:
    silent = queue_waits(waits_frame({"category": "sme", "bin": 0, "jobs": 0}), "category")
    assert "not available" in findings.waited(silent, period="Q1 2026")


def test_inequality_is_split_into_between_and_within() -> None:
    found = inequality(np.array([1.0, 1.0, 3.0, 3.0]), np.array(["sme", "sme", "research", "research"]))
    assert "100 % of the inequality lies between categories" in spoken(findings.unequal(found, period="Q1 2026"))
    assert "not available" in findings.unequal(inequality(np.array([]), np.array([], dtype=str)), period="Q1 2026")


def energy_row(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(ENERGY) | {"metered_share": 0.4, "node_hours_without_model": 0.0} | values], schema=_ENERGY_ROW)


_ENERGY_ROW = dict(ENERGY) | {"metered_share": pl.Float64}


def test_energy_comes_with_its_range_and_how_much_was_measured() -> None:
    row = energy_row(energy_it_kwh=2e6, energy_it_low_kwh=1.5e6, energy_it_high_kwh=2.5e6, node_hours_without_model=1_200.0)
    said = spoken(findings.energy_used(row, period="Q1 2026"))
    assert "2.00 GWh of IT energy (between 1.50 GWh and 2.50 GWh); 40 % of node-hours were measured" in said
    assert "1.20 k node-hours of unknown power are not in it" in said


def test_unknown_energy_is_not_called_nothing() -> None:
    assert "not available" in findings.energy_used(energy_row(), period="Q1 2026")


def emitted_row(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        [dict.fromkeys(EMISSIONS) | values], schema=dict(EMISSIONS) | {"contracted_share": pl.Float64, "covered_share": pl.Float64}
    )


@pytest.mark.parametrize(
    ("market", "share_known", "words"),
    [(None, None, "no electricity contract is known"), (5e5, 0.63, "for the 63 % of energy"), (0.0, 1.0, "0 t CO₂e market-based.")],
)
def test_both_emission_figures_stand_in_one_sentence(market: float | None, share_known: float | None, words: str) -> None:
    row = emitted_row(emissions_location_kgco2e=6.25e6, emissions_market_kgco2e=market, contracted_share=share_known)
    said = spoken(findings.emitted(row, period="Q1 2026"))
    assert "6.25 kt CO₂e location-based" in said
    assert words in said


def split(**recommended: float) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"category": c, "system": "alpha", "node_hours_received": r, "node_hours_recommended": recommended[c]}
            for c, r in (("research", 80.0), ("sme", 20.0))
        ]
    )


def test_a_recommendation_names_who_gains_and_who_gives_up_most() -> None:
    said = spoken(findings.recommended(split(research=70.0, sme=30.0)))
    assert said == "Of the node-hours, the recommended split would give SMEs 30 % instead of 20 % and research 70 % instead of 80 %."


def test_a_recommendation_that_changes_nothing_says_so() -> None:
    assert "within half a percentage point" in findings.recommended(split(research=160.0, sme=40.0))


def test_what_nobody_classified_is_not_compared_with_true_categories() -> None:
    rows = against_due(SHARES.with_columns(category=pl.col("category").replace("research", "unclassified")), {"start_up": 3, "sme": 97})
    assert "unclassified" not in findings.against_due(rows, period="Q1 2026")
    waits = waits_frame({"category": "sme", "bin": 8, "jobs": 1}, {"category": "unclassified", "bin": 104, "jobs": 3})
    assert "unclassified" not in findings.waited(queue_waits(waits, "category"), period="Q1 2026")


def test_emissions_of_a_part_of_the_machine_time_say_of_which_part() -> None:
    row = emitted_row(emissions_location_kgco2e=6.25e6, covered_share=0.8)
    assert "6.25 kt CO₂e location-based for 80 % of node-hours;" in spoken(findings.emitted(row, period="Q1 2026"))
    whole = emitted_row(emissions_location_kgco2e=6.25e6, covered_share=1.0)
    assert "6.25 kt CO₂e location-based; " in spoken(findings.emitted(whole, period="Q1 2026"))


@pytest.mark.parametrize(("share", "words"), [(0.0, "nothing was measured, all of it is modelled."), (1.0, "all of it was measured.")])
def test_energy_that_is_all_modelled_or_all_measured_says_so(share: float, words: str) -> None:
    row = energy_row(energy_it_kwh=2e6, energy_it_low_kwh=2e6, energy_it_high_kwh=2e6, metered_share=share)
    assert findings.energy_used(row, period="Q1 2026").endswith(words)


def test_a_period_without_a_name_of_its_own_reads_from_one_day_to_another() -> None:
    said = findings.received(SHARES, period="10 August 2026 to 19 August 2026", unit=HourUnit.NODE_HOURS)
    assert "of node-hours from 10 August 2026 to 19 August 2026, SMEs" in said
