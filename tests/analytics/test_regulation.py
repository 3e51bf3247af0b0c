"""The indicators of the delegated regulation: computed from a stated year, else told to be missing, never guessed."""

import pytest

from analytics.regulation import indicators

YEAR = {"facility_energy_mwh": 110.0, "it_energy_mwh": 100.0, "water_m3": 50.0, "heat_reused_mwh": 22.0, "renewable_energy_mwh": 110.0}


def test_a_stated_year_gives_all_four() -> None:
    rows = indicators({"alpha": YEAR | {"pue": 9.0}})
    assert dict(rows.select("indicator", "value").rows()) == {"PUE": pytest.approx(1.1), "WUE": 0.5, "ERF": pytest.approx(0.2), "REF": 1.0}


@pytest.mark.parametrize("missing", list(YEAR))
def test_a_figure_that_nobody_stated_leaves_its_indicators_unknown_and_named(missing: str) -> None:
    rows = indicators({"alpha": {name: value for name, value in YEAR.items() if name != missing}})
    unknown = rows.filter(rows["value"].is_null())
    assert unknown.height == (2 if missing == "it_energy_mwh" else 3 if missing == "facility_energy_mwh" else 1)
    assert all("missing: " in basis for basis in unknown["basis"])


def test_a_published_pue_stands_in_and_says_so() -> None:
    row = indicators({"alpha": {"pue": 1.04}}).row(0, named=True)
    assert (row["value"], row["basis"]) == (1.04, "as published, not computed from E_DC and E_IT")
