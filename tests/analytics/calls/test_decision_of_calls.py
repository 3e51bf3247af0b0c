"""A decided call: reasons that hold, limits that add up, a proof, and words for floors that cannot be kept."""

from dataclasses import replace

import polars as pl
import pytest
from random_calls import Recipe, random_call

from analytics.calls import words
from analytics.calls.call import MACHINES, AwardRule, Call, CallLimit, Each, Quantity
from analytics.calls.choices import LimitChoices, limits_of
from analytics.calls.decision import Decision, Outcome, decide
from analytics.calls.exports import award_table, by_group, csv, record, tables
from data.errors import InputError
from data.schema import APPLICATIONS
from data.terms import UserCategory

LUMI, LEONARDO = "lumi:LUMI-G", "leonardo:Booster"
SME, RESEARCH = UserCategory.SME, UserCategory.RESEARCH


def applications(*rows: tuple[str, float, int, int | None, list[str]], category: str = "sme", country: str = "FI") -> pl.DataFrame:
    stated = [
        {
            "application": name,
            "organisation": "O",
            "category": category,
            "country": country,
            "machines": on,
            "hours_asked": asked,
            "hours_least": least,
            "score": score,
        }
        for name, score, asked, least, on in rows
    ]
    return pl.DataFrame(stated, schema=dict(APPLICATIONS))


def machines(lumi: int = 1_000, leonardo: int = 0) -> pl.DataFrame:
    rows = [(LUMI, "LUMI-G", lumi, 0.5, 0.05), (LEONARDO, "LEONARDO Booster", leonardo, 0.6, None)]
    return pl.DataFrame(rows, schema=dict(MACHINES), orient="row")


def line(decision: Decision, application: str) -> dict[str, object]:
    return decision.awards.row(by_predicate=pl.col("application") == application, named=True)


FOUR = applications(("A", 90, 600, 300, [LUMI]), ("B", 85, 600, 500, [LUMI]), ("C", 80, 300, 200, [LUMI]), ("D", 40, 10, None, [LUMI]))


def test_each_standing_has_its_reason() -> None:
    decision = decide(Call(title="t", threshold=50), FOUR, machines())
    assert line(decision, "A")["reason"] == "Awarded in full on LUMI-G."
    assert "needs at least 500 GPU-hours and at its turn 400 on LUMI-G were left; 1 of lower rank that fit is awarded" in str(
        line(decision, "B")["reason"]
    )
    assert "A minimum of 100 GPU-hours or less would be met now" in str(line(decision, "B")["would_help"])
    assert line(decision, "C")["hours_awarded"] == 300
    assert line(decision, "D")["reason"] == "Not awarded: its score of 40 is below the threshold of 50."
    assert line(decision, "D")["would_help"] == "10 points more."


def test_strict_ranking_serves_nobody_below_one_that_found_too_little() -> None:
    decision = decide(Call(title="t", threshold=50, rule=AwardRule.RANK_STRICT), FOUR, machines())
    assert decision.awarded["application"].to_list() == ["A"]
    assert "nobody of lower rank is served before it" in str(line(decision, "C")["reason"])


def test_the_greatest_total_gives_up_hours_of_a_better_one_where_that_lets_another_in() -> None:
    decision = decide(Call(title="t", threshold=50, rule=AwardRule.BEST_TOTAL), FOUR, machines())
    assert decision.awards["hours_awarded"].sum() == 1_000
    assert decision.gap == pytest.approx(0, abs=1e-9)
    assert decision.worth == 500 * 90 + 500 * 85


def test_the_cost_of_ranking_is_told_beside_the_list() -> None:
    decision = decide(Call(title="t", threshold=50, rule=AwardRule.RANK_STRICT), FOUR, machines())
    cost = 1 - 600 * 90 / (500 * 90 + 500 * 85)
    below = dict(decision.comparison.select("rule", "below_bound").rows())
    assert below["rank_strict"] == pytest.approx(cost, rel=1e-6)
    assert "Ranking costs at most 38" in words.proof(decision)


def test_a_reduced_award_says_by_what() -> None:
    decision = decide(Call(title="t"), applications(("A", 90, 800, 300, [LUMI]), ("B", 80, 800, 100, [LUMI])), machines())
    assert line(decision, "B")["reason"] == "Reduced from 800 to 200 GPU-hours on LUMI-G: that is what was left on LUMI-G."
    assert line(decision, "B")["would_help"] == "600 GPU-hours more on LUMI-G."


def test_all_or_nothing_reduces_nobody() -> None:
    decision = decide(Call(title="t", reducible=False), applications(("A", 90, 800, 300, [LUMI]), ("B", 80, 800, 100, [LUMI])), machines())
    assert decision.awards["hours_awarded"].to_list() == [800, 0]


def test_an_award_lies_on_several_machines_only_where_the_call_allows_it() -> None:
    asking = applications(("A", 90, 1_500, 1_200, [LUMI, LEONARDO]))
    assert decide(Call(title="t"), asking, machines(1_000, 1_000)).awarded.is_empty()
    decision = decide(Call(title="t", divisible=True), asking, machines(1_000, 1_000))
    assert decision.by_machine.select("machine", "hours_awarded").rows() == [(LUMI, 1_000), (LEONARDO, 500)]


def test_the_most_awards_hold_under_every_rule() -> None:
    for rule in AwardRule:
        decision = decide(Call(title="t", most_awards=1, rule=rule), FOUR, machines(10_000))
        assert decision.awarded.height == 1
        assert "at most 1 award is reached" in str(line(decision, "C")["reason"])


def test_a_tie_that_decides_is_told_with_the_rule_that_broke_it() -> None:
    alike = applications(("A", 90, 600, 600, [LUMI]), ("B", 90, 600, 600, [LUMI]))
    smaller = applications(("A", 90, 700, 700, [LUMI]), ("B", 90, 600, 600, [LUMI]))
    first = decide(Call(title="t"), alike, machines())
    assert first.awarded["application"].to_list() == ["A"]
    assert "both ask for as much, so the earlier line goes first" in str(line(first, "B")["reason"])
    assert "A and B share their score" in str(words.ties(first))
    second = decide(Call(title="t"), smaller, machines())
    assert second.awarded["application"].to_list() == ["B"]
    assert "the smaller request goes first" in str(line(second, "A")["reason"])
    assert words.ties(decide(Call(title="t"), FOUR, machines())) is None


def test_a_tie_is_not_blamed_where_the_better_placed_did_not_fit_or_the_total_decided() -> None:
    passed = applications(("A", 95, 600, 600, [LUMI]), ("B", 90, 500, 500, [LUMI]), ("C", 90, 600, 300, [LUMI]))
    filled = decide(Call(title="t"), passed, machines())
    assert filled.awarded["application"].to_list() == ["A", "C"]
    assert words.ties(filled) is None
    alike = applications(("A", 90, 600, 600, [LUMI]), ("B", 90, 600, 600, [LUMI]))
    assert words.ties(decide(Call(title="t", rule=AwardRule.BEST_TOTAL), alike, machines())) is None


def test_a_floor_brings_its_own_forward_and_says_so() -> None:
    table = pl.concat([applications(("A", 90, 1_000, 700, [LUMI])), applications(("P", 60, 300, 100, [LUMI]), category="public_sector")])
    floor = CallLimit(name="floor", value=0.2, is_share=True, is_floor=True, categories=(UserCategory.PUBLIC_SECTOR,))
    decision = decide(Call(title="t", limits=(floor,)), table, machines())
    assert decision.outcome is Outcome.DECIDED
    assert line(decision, "P")["hours_awarded"] == 300
    assert "served ahead of its rank for the floor" in str(line(decision, "P")["reason"])


def test_a_floor_that_nobody_can_reach_is_told_and_the_list_is_given_all_the_same() -> None:
    floor = CallLimit(name="floor", value=0.5, is_share=True, is_floor=True, categories=(UserCategory.PUBLIC_SECTOR,))
    for rule in AwardRule:
        decision = decide(Call(title="t", limits=(floor,), rule=rule), FOUR, machines())
        assert decision.outcome is Outcome.FLOOR_MISSED
        assert not decision.floors_in_reach
        assert decision.awarded.height > 0
        assert "No list within the other limits reaches all floors" in str(words.missed(decision))
        assert "No list within these limits" not in words.proof(decision), (
            "a list that misses a floor is not proven among those that keep it"
        )
        assert record(decision)["gap"] is None


def test_what_each_limit_has_left_adds_up() -> None:
    choices = LimitChoices(commercial_share=0.5, energy_budget_mwh=260.0)
    decision = decide(Call(title="t", limits=limits_of(choices)), FOUR, machines())
    assert decision.limits["kept"].all()
    for row in decision.limits.iter_rows(named=True):
        assert row["slack"] == pytest.approx(row["value"] - row["used"])
        assert row["slack"] >= 0
    assert decision.awards["hours_awarded"].sum() == 500


@pytest.mark.parametrize("seed", range(200, 203))
@pytest.mark.parametrize("rule", list(AwardRule))
def test_nothing_passes_a_limit_and_sums_agree_on_random_calls(seed: int, rule: AwardRule) -> None:
    call, table, offered = random_call(Recipe(seed=seed, applications=20, machines=3, divisible=seed % 2 == 0))
    decision = decide(replace(call, rule=rule), table, offered)
    ceilings = decision.limits.filter(pl.col("sense") == "max")
    assert ceilings["kept"].all()
    assert decision.by_machine["hours_awarded"].sum() == decision.awards["hours_awarded"].sum()
    assert decision.awards["reason"].str.len_chars().min() > 10
    assert decision.worth <= decision.best.bound * (1 + 1e-9) or not decision.floors_in_reach or decision.outcome is Outcome.FLOOR_MISSED
    assert by_group(decision, "country")["hours_awarded"].sum() == decision.awards["hours_awarded"].sum()


def test_unknown_emissions_stay_unknown_and_a_budget_of_them_is_refused() -> None:
    asking = applications(("A", 90, 500, 100, [LEONARDO]))
    decision = decide(Call(title="t"), asking, machines(1_000, 1_000))
    assert line(decision, "A")["emissions_t"] is None
    assert line(decision, "A")["energy_mwh"] == pytest.approx(300)
    with pytest.raises(InputError, match="emissions of an hour on LEONARDO Booster"):
        decide(Call(title="t", limits=(CallLimit(name="c", value=1, quantity=Quantity.TCO2E),)), asking, machines(1_000, 1_000))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": 200.0}, "the threshold is 200"),
        ({"most_awards": 0}, "at most 0 awards"),
        ({"limits": (CallLimit(name="a", value=1.5, is_share=True),)}, "a share is of hours, and from 0 to 1"),
        ({"limits": (CallLimit(name="a", value=1, quantity=Quantity.AWARDS, each=Each.MACHINE),)}, "counts awards"),
        ({"limits": (CallLimit(name="a", value=1, machines=("x:y",)),)}, "which is no machine of the call"),
        ({"limits": (CallLimit(name="a", value=1), CallLimit(name="a", value=2))}, "two limits are named 'a'"),
    ],
)
def test_rules_that_cannot_be_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        decide(replace(Call(title="t"), **change), FOUR, machines())  # type: ignore[arg-type]


def test_a_call_without_hours_or_applications_is_refused() -> None:
    with pytest.raises(InputError, match="no machine offers hours"):
        decide(Call(title="t"), FOUR, machines(0, 0))
    with pytest.raises(InputError, match="there are no applications"):
        decide(Call(title="t"), FOUR.clear(), machines())


def test_the_tables_hold_every_application_once_and_invented_ones_are_marked() -> None:
    decision = decide(Call(title="t", threshold=50), FOUR, machines())
    found = tables(decision, invented=True, sources=[("what", "source", "sourced")])
    assert sorted(found["applications"]["application"]) == ["A", "B", "C", "D"]
    assert found["award_list"]["application"].to_list() == ["A", "C"]
    assert found["reserve_list"].select("reserve_place", "application").rows() == [(1, "B")]
    assert all("invented" in str(table["note"][0]) for table in found.values())
    assert award_table(decision)["hours on LUMI-G"].to_list() == [600, 0, 300, 0]
    assert b"'=cmd" in csv(pl.DataFrame({"organisation": ["=cmd()"]}))


def test_the_record_is_whole_and_can_be_written_as_json() -> None:
    told = record(decide(Call(title="t", threshold=50), FOUR, machines()))
    assert told["standings"] == {"awarded": 2, "reduced": 0, "reserve": 1, "below_threshold": 1}
    assert told["bound"] >= told["total"]
    assert told["hours_awarded"] == 900
