"""A decided call in words: what was found, what the rules were, and how far the list is proven."""

from collections.abc import Iterator

import polars as pl

from analytics.allocation.award import Ending
from analytics.calls.call import AwardRule, Call, TieBreak, Worth
from analytics.calls.decision import Decision, Outcome
from analytics.calls.limits import title
from analytics.calls.reasons import SHARED
from analytics.calls.standing import Standing
from analytics.charts.numbers import UNIT_WORDS, amount, counted, exact, listed, percent

RULES = {
    AwardRule.RANK_FILL: "In rank order, passing over what does not fit",
    AwardRule.RANK_STRICT: "In rank order, nobody leapfrogged",
    AwardRule.BEST_TOTAL: "The greatest total of scores",
}
"""The rules as a reader chooses them."""

WORTHS = {Worth.SCORED_HOURS: "score × hours awarded", Worth.SCORED_REQUESTS: "score × part of the request awarded"}
TIES = {TieBreak.SMALLER_REQUEST: "the smaller request goes first", TieBreak.EARLIER_LINE: "the earlier line of the table goes first"}
STANDINGS = {
    Standing.AWARDED: "Awarded in full",
    Standing.REDUCED: "Awarded, reduced",
    Standing.RESERVE: "Reserve list",
    Standing.BELOW_THRESHOLD: "Below the threshold",
}

NEGLIGIBLE = 5e-7
"""A gap below which lists count as equally good."""


def finding(decision: Decision) -> str:
    """What was decided, in one sentence."""
    awards, call = decision.awards, decision.call
    given, asked = int(awards["hours_awarded"].sum()), int(awards["hours_asked"].sum())
    below = awards.filter(pl.col("standing") == Standing.BELOW_THRESHOLD).height
    behind = f", {exact(below)} lie below the threshold of {call.threshold:g}" if below else ""
    return (
        f"{exact(decision.awarded.height)} of {counted(awards.height, 'application')} {_are(decision.awarded.height)} awarded "
        f"{amount(given, UNIT_WORDS[call.unit])} of the {amount(asked, '')} asked for; "
        f"{exact(decision.reserve.height)} {_are(decision.reserve.height)} on the reserve list{behind}."
    )


def proof(decision: Decision) -> str:
    """How good the list is, proven, and what the rule costs against the greatest total."""
    measure = WORTHS[decision.call.worth]
    if decision.best.ending is Ending.INFEASIBLE:
        return "No list keeps all limits."
    ended = "" if decision.best.ending is Ending.PROVEN else " The search was ended early: the true distance may be smaller."
    if decision.outcome is Outcome.FLOOR_MISSED and decision.call.rule is not AwardRule.BEST_TOTAL:
        return "A list that misses a floor is not compared with those that keep it."
    if decision.outcome is Outcome.FLOOR_MISSED:
        return f"With floors lowered to what can be reached, no total ({measure}) is greater by more than {_part(decision.gap)}.{ended}"
    if decision.gap <= NEGLIGIBLE:
        return f"No list within these limits has a greater total ({measure}): proven to within a millionth.{ended}"
    if decision.call.rule is AwardRule.BEST_TOTAL:
        return f"No list within these limits has a total ({measure}) greater by more than {_part(decision.gap)}: proven.{ended}"
    cost = _part(1 - decision.worth / decision.best.bound) if decision.worth > 0 else "all"
    return f"Ranking costs at most {cost} of the greatest total ({measure}) that any list within these limits can have: proven.{ended}"


def ties(decision: Decision) -> str | None:
    """That a tie decided between applications, which those who answer for the list should look at; none where none did."""
    tied = decision.awards.filter(pl.col("reason").str.contains(SHARED, literal=True))
    if tied.is_empty():
        return None
    first = TIES[decision.call.tie_break] + (", then the earlier line" if decision.call.tie_break is TieBreak.SMALLER_REQUEST else "")
    return f"A tie decides: {listed(tied['application'].head(6).to_list())} share their score with one that fared otherwise; {first}."


def missed(decision: Decision) -> str | None:
    """Which floors are missed, and whether any list could reach them; none where all limits are kept."""
    if decision.outcome is Outcome.DECIDED:
        return None
    short = decision.limits.filter(~pl.col("kept"))
    said = [f"{row['limit']} ({exact(row['used'])} reached, {exact(-row['slack'])} short)" for row in short.iter_rows(named=True)]
    if decision.floors_in_reach:
        mend = "The list of the greatest total reaches all floors: choose that rule, or lower the floor."
    else:
        mend = "No list within the other limits reaches all floors: lower a floor, or loosen what stands against it."
    return f"Not reached: {listed(said)}. {mend}"


def rules_in_words(call: Call, machines: pl.DataFrame) -> list[tuple[str, str]]:
    """The rules of a call, each with its name, as they stand beside the award list."""
    return list(_rules(call, machines))


def _rules(call: Call, machines: pl.DataFrame) -> Iterator[tuple[str, str]]:
    unit = UNIT_WORDS[call.unit]
    yield "Rule", _RULES_AT_LENGTH[call.rule].format(total=WORTHS[call.worth])
    yield "Ranking", f"By score, the highest first, of 0 to {call.best_score:g}; at the same score {TIES[call.tie_break]}."
    yield "Threshold", f"Below {call.threshold:g} no application is awarded." if call.threshold > 0 else "None."
    part = f"Nothing, or whole {unit} from the application's minimum up to its request." if call.reducible else "All asked for, or nothing."
    yield "Awards", f"{part} An award lies on {'one or several' if call.divisible else 'one'} of the machines wished for."
    if call.most_awards is not None:
        yield "Most awards", exact(call.most_awards)
    for name, hours in machines.filter(pl.col("hours_offered") > 0).select("name", "hours_offered").rows():
        yield f"Offered on {name}", f"{hours:,} {unit}"
    for limit in call.limits:
        each = f", for each {limit.each.value} by itself" if limit.each is not None else ""
        yield "Limit", f"{title(limit, call, machines)}{each}"
    yield "Total compared", WORTHS[call.worth]


_RULES_AT_LENGTH = {
    AwardRule.RANK_FILL: "In rank order: the best score is served first, as far as the limits leave room; an application whose minimum "
    "no longer fits is passed over, and the next one that fits is served. Floors are served first.",
    AwardRule.RANK_STRICT: "In rank order, nobody leapfrogged: the best score is served first; on a machine on which an application found "
    "too few hours left, nobody of lower rank is served. Floors are served first.",
    AwardRule.BEST_TOTAL: "The list of the greatest total ({total}) among all lists within the limits, whoever that passes over.",
}


def _part(part: float) -> str:
    return percent(part) if part >= 1e-5 else f"{part * 100:.1g}\N{NARROW NO-BREAK SPACE}%"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
