"""Random calls, small enough to be decided by trying every list, or as large as asked for."""

from dataclasses import dataclass
from random import Random

import polars as pl

from analytics.calls.call import MACHINES, AwardRule, Call, CallLimit, Each, Quantity, Worth
from data.schema import APPLICATIONS
from data.terms import UserCategory

KEYS = ("lumi:LUMI-G", "leonardo:Booster", "jupiter:Booster", "marenostrum5:ACC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a random call is made from."""

    seed: int
    """The seed."""
    applications: int = 5
    """How many applications."""
    machines: int = 2
    """How many machines."""
    divisible: bool = False
    """Whether awards may be divided."""
    floors: bool = True
    """Whether there may be a floor."""
    rule: AwardRule = AwardRule.BEST_TOTAL
    """The rule."""


def random_call(recipe: Recipe) -> tuple[Call, pl.DataFrame, pl.DataFrame]:
    """A call with its applications and machines."""
    rng = Random(recipe.seed)
    keys = KEYS[: recipe.machines]
    machines = pl.DataFrame(
        [
            {
                "machine": key,
                "name": key,
                "hours_offered": rng.randint(500, 2_000),
                "mwh_per_hour": rng.choice([0.4, 0.7]),
                "tco2e_per_hour": 0.1,
            }
            for key in keys
        ],
        schema=dict(MACHINES),
    )
    limits = [CallLimit(name="country", value=rng.uniform(0.3, 0.8), is_share=True, each=Each.COUNTRY)]
    limits += [CallLimit(name="energy", value=float(rng.randint(300, 1_500)), quantity=Quantity.MWH)] if rng.random() < 0.5 else []
    limits += [CallLimit(name="one each", value=1, quantity=Quantity.AWARDS, each=Each.CATEGORY)] if rng.random() < 0.3 else []
    if recipe.floors and rng.random() < 0.5:
        limits.append(CallLimit(name="floor", value=rng.uniform(0.05, 0.2), is_share=True, is_floor=True, categories=(UserCategory.SME,)))
    call = Call(
        title="random",
        rule=recipe.rule,
        threshold=rng.choice([0.0, 60.0]),
        worth=rng.choice(list(Worth)),
        divisible=recipe.divisible,
        most_awards=rng.choice([None, 3]),
        limits=tuple(limits),
    )
    return (
        call,
        pl.DataFrame([_application(rng, number, keys) for number in range(recipe.applications)], schema=dict(APPLICATIONS)),
        machines,
    )


def _application(rng: Random, number: int, keys: tuple[str, ...]) -> dict[str, object]:
    asked = rng.randint(100, 1_500)
    return {
        "application": f"A{number}",
        "organisation": f"Organisation {number}",
        "category": rng.choice([UserCategory.SME, UserCategory.RESEARCH]).value,
        "country": rng.choice(["FI", "IT", None]),
        "machines": rng.sample(keys, rng.randint(1, len(keys))),
        "hours_asked": asked,
        "hours_least": rng.choice([None, rng.randint(1, asked), asked]),
        "score": rng.randint(50, 100) / 1.0,
    }
