"""Fair Tree gives what Slurm's own test expects, and keeps its laws on any tree."""

import math
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.fair_tree import FAIR_TREE, TREE, fair_tree
from data.errors import InputError, SchemaError
from data.schema import check

SHARED = Path(os.environ.get("EQUINODE_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
ORACLE = SHARED / "traces" / "slurm-fairtree"
SEEDS = range(25)
Row = tuple[str, str | None, str | None, float | None, float | None]

oracle = pytest.mark.skipif(not ORACLE.is_dir(), reason=f"Slurm's Fair Tree test is not at {ORACLE}")


def tree(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(TREE), orient="row")


def flat(**users: tuple[float | None, float]) -> pl.DataFrame:
    """A root with users alone: name = (shares, usage)."""
    return tree(("all", None, None, None, None), *(("all", None, name, shares, usage) for name, (shares, usage) in users.items()))


def by_user(frame: pl.DataFrame, column: str = "fairshare") -> dict[str, float]:
    return dict(frame.drop_nulls("user").select("user", column).rows())


def random_tree(seed: int) -> pl.DataFrame:
    """Accounts below earlier ones, and users in them, some without shares, some without usage, some with "parent"."""
    dice = np.random.default_rng(seed)
    rows: list[Row] = [("a0", None, None, None, None)]
    for number in range(1, int(dice.integers(2, 9))):
        rows.append((f"a{number}", f"a{dice.integers(number)}", None, _shares(dice), None))
    for number in range(int(dice.integers(1, 20))):
        rows.append((f"a{dice.integers(len(rows) - number)}", None, f"u{number}", _shares(dice), float(dice.integers(5))))
    return tree(*rows)


def _shares(dice: np.random.Generator) -> float | None:
    return None if dice.random() < 0.15 else float(dice.integers(4))


@oracle
@pytest.mark.parametrize(
    ("ours", "theirs", "figures"),
    [
        ("share_due", "norm_shares", 34),
        ("share_received", "effectv_usage", 34),
        ("level_fairshare", "level_fs", 31),
        ("fairshare", "fairshare", 21),
    ],
)
def test_every_figure_is_what_slurms_own_test_expects(ours: str, theirs: str, figures: int) -> None:
    known = beside_oracle().drop_nulls(f"{theirs}_expected")
    assert known.height == figures
    assert known[ours].to_list() == pytest.approx(known[f"{theirs}_expected"].to_list(), abs=1e-6)


@oracle
@pytest.mark.parametrize(("ours", "theirs"), [("level_fairshare", "level_fs"), ("fairshare", "fairshare")])
def test_a_figure_is_unknown_exactly_where_slurm_prints_none(ours: str, theirs: str) -> None:
    both = beside_oracle()
    assert both[ours].is_null().to_list() == both[f"{theirs}_expected"].is_null().to_list()


def test_tied_accounts_rank_their_users_as_if_they_were_siblings() -> None:
    ranked = by_user(fair_tree(two_accounts(usage_of_second=4.0)))
    assert ranked == {"b1": 1.0, "a1": 0.75, "a2": 0.5, "b2": 0.25}


def test_all_users_of_the_account_that_received_less_of_its_due_come_before_those_of_the_other() -> None:
    ranked = by_user(fair_tree(two_accounts(usage_of_second=8.0)))
    assert min(ranked["a1"], ranked["a2"]) > max(ranked["b1"], ranked["b2"])


def test_a_user_level_with_an_account_shares_the_rank_of_its_first_user() -> None:
    rows = two_accounts(usage_of_second=4.0).vstack(tree(("all", None, "c", 1.0, 4.0)))
    assert by_user(fair_tree(rows)) == {"c": 1.0, "b1": 1.0, "a1": 0.6, "a2": 0.4, "b2": 0.2}


def test_users_at_one_level_fairshare_share_a_rank_and_the_next_one_comes_after_all_of_them() -> None:
    assert by_user(fair_tree(flat(a=(1.0, 2.0), b=(2.0, 4.0), c=(1.0, 8.0)))) == pytest.approx({"a": 1.0, "b": 1.0, "c": 1 / 3})


def test_who_has_no_shares_comes_last_and_who_used_nothing_first() -> None:
    ranked = by_user(fair_tree(flat(none=(0.0, 0.0), idle=(1.0, 0.0), busy=(1.0, 9.0))))
    assert ranked["idle"] == 1.0
    assert ranked["none"] == pytest.approx(1 / 3)


def test_without_shares_nothing_is_known_of_received_over_due() -> None:
    assert by_user(fair_tree(flat(none=(0.0, 3.0), some=(1.0, 1.0))), "received_of_due")["none"] is None


def test_users_of_an_account_without_shares_of_its_own_stand_among_its_siblings() -> None:
    lifted = tree(
        ("all", None, None, None, None),
        ("team", "all", None, None, None),
        ("team", None, "ana", 1.0, 6.0),
        ("all", None, "bo", 3.0, 2.0),
    )
    assert by_user(fair_tree(lifted), "share_due") == {"ana": 0.25, "bo": 0.75}
    assert by_user(fair_tree(lifted), "share_received") == {"ana": 0.75, "bo": 0.25}


@pytest.mark.parametrize("seed", SEEDS)
def test_siblings_with_shares_are_due_the_whole_between_them_and_users_received_it(seed: int) -> None:
    ranked = fair_tree(random_tree(seed))
    top = ranked.filter(pl.col("user").is_null() & pl.col("parent").is_null())["account"].item()
    direct = ranked.filter((pl.col("parent") == top) | (pl.col("user").is_not_null() & (pl.col("account") == top)))
    if direct["shares"].null_count() == 0 and direct["shares"].sum() > 0:
        assert direct["share_due"].sum() == pytest.approx(1)
    if ranked["usage"].sum() > 0:
        assert direct["share_received"].sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_measuring_usage_or_shares_in_another_unit_changes_nothing(seed: int) -> None:
    rows = random_tree(seed)
    other = fair_tree(rows.with_columns(pl.col("usage") * 1024, pl.col("shares") * 0.25))
    assert other.drop("usage", "shares").equals(fair_tree(rows).drop("usage", "shares"))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    rows = random_tree(seed)
    shuffled = fair_tree(rows.sample(fraction=1, shuffle=True, seed=seed))
    assert shuffled.sort("account", "user").equals(fair_tree(rows).sort("account", "user"))


@pytest.mark.parametrize("seed", SEEDS)
def test_among_users_of_one_account_the_higher_level_fairshare_never_ranks_lower(seed: int) -> None:
    ranked = check(fair_tree(random_tree(seed)), FAIR_TREE).drop_nulls("user")
    for _, users in ranked.drop_nulls("level_fairshare").group_by("account"):
        ordered = users.sort("level_fairshare", "fairshare")
        assert ordered["fairshare"].is_sorted()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_user_ranks_one_and_each_rank_is_the_part_of_users_at_or_behind_it(seed: int) -> None:
    ranks = fair_tree(random_tree(seed)).drop_nulls("user")["fairshare"]
    assert ranks.max() == 1.0
    for rank in ranks:
        assert rank == pytest.approx((ranks <= rank).sum() / ranks.len())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", None, None, None, None), ("b", None, None, 1.0, None)], "a, b stand at the root"),
        (
            [("a", None, None, None, None), ("b", "c", None, 1.0, None), ("c", "b", None, 1.0, None)],
            "no way leads up from b, c to the root",
        ),
        ([("a", None, None, None, None), ("x", None, "u", 1.0, 1.0)], "u in x stand below accounts that have no row"),
        ([("a", None, None, None, None), ("a", None, "u", -1.0, 1.0)], "shares of u in a must be"),
        ([("a", None, None, None, None), ("a", None, "u", 1.0, math.nan)], "usage of u in a must be"),
        ([("a", None, None, None, None), ("a", None, "u", 1.0, None)], "must state a usage"),
        ([("a", None, None, None, 5.0)], "must not state a usage"),
        ([("a", None, None, None, None), ("a", None, "u", 1.0, 1.0), ("a", None, "u", 1.0, 1.0)], "more than one row"),
        ([("a", None, None, None, None), ("a", "a", "u", 1.0, 1.0)], "must not name a parent"),
    ],
)
def test_rows_that_make_no_tree_are_refused_by_name(rows: list[Row], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fair_tree(tree(*rows))


def test_a_frame_without_usage_is_refused() -> None:
    with pytest.raises(SchemaError, match="usage"):
        fair_tree(flat(a=(1.0, 1.0)).drop("usage"))


def two_accounts(*, usage_of_second: float) -> pl.DataFrame:
    """Two accounts with equal shares; the first used 4, and in each one user received less of the due than the other."""
    return tree(
        ("all", None, None, None, None),
        ("a", "all", None, 1.0, None),
        ("b", "all", None, 1.0, None),
        ("a", None, "a1", 1.0, 1.5),
        ("a", None, "a2", 1.0, 2.5),
        ("b", None, "b1", 1.0, 0.25 * usage_of_second),
        ("b", None, "b2", 1.0, 0.75 * usage_of_second),
    )


def beside_oracle() -> pl.DataFrame:
    """Our figures beside those that `sshare -l` prints; without the root, which has no siblings to be compared with."""
    rows = pl.read_csv(ORACLE / "input_associations.csv", schema_overrides={"raw_shares": pl.String})
    names = dict(rows.filter(pl.col("user").is_null()).select("id", "account").rows())
    is_user = pl.col("user").is_not_null()
    associations = rows.select(
        "account",
        pl.when(~is_user).then(pl.col("parent_id").replace_strict(names, default=None, return_dtype=pl.String)).alias("parent"),
        "user",
        shares=pl.col("raw_shares").cast(pl.Float64, strict=False),
        usage=pl.when(is_user).then(pl.col("raw_usage").cast(pl.Float64)),
    )
    expected = pl.read_csv(ORACLE / "expected_sshare.csv", schema_overrides={"level_fs": pl.Float64})
    figures = expected.select("account", "user", pl.col("norm_shares", "effectv_usage", "level_fs", "fairshare").name.suffix("_expected"))
    both = fair_tree(associations).join(figures, on=["account", "user"], how="full", nulls_equal=True, coalesce=True, validate="1:1")
    return both.filter(pl.col("account").ne("root") | pl.col("user").is_not_null())
