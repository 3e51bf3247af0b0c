"""What is wrong with the tables beside the jobs, such as series and projects: rows doubled, orphaned or impossible; and what to note."""

from data.lake import Lake, Writer
from data.series import IntensityMethod, IntensityScope
from data.terms import AccessMode, HourUnit, UserCategory

WRONG = (
    (
        """
        select 'the carbon series of ' || grid_zone || ' has ' || count(*) || ' values of the method ' || method || ' and scope ' || scope
            || ', which nobody defined'
        from lake.carbon_series where not list_contains($methods, method) or not list_contains($scopes, scope)
        group by grid_zone, method, scope order by all
        """,
        "Bring the series in again with --method, --scope and --replace.",
    ),
    (
        """
        with ordered as (
            select *, lag(started + to_minutes(minutes)) over (partition by kind, zone, method, scope order by started) as free_from
            from (
                select 'carbon' as kind, grid_zone as zone, method, scope, started, minutes from lake.carbon_series
                union all select 'price', zone, '', '', started, minutes from lake.price_series
            )
        )
        select 'the ' || kind || ' series of ' || rtrim(zone || ' ' || method || ' ' || scope) || ' says ' || count(*)
            || ' times two values at once, first at ' || strftime(min(started), '%Y-%m-%d %H:%M') || ' UTC'
        from ordered where started < free_from group by kind, zone, method, scope order by all
        """,
        "Bring the series in again with --replace.",
    ),
    (
        """
        select 'the ' || kind || ' series of ' || zone || ' has ' || count(*) || ' values that are no number, negative or hold for no time'
        from (
            select 'carbon' as kind, grid_zone as zone, minutes, intensity_gco2e_per_kwh as stated from lake.carbon_series
            union all select 'price', zone, minutes, price_eur_per_mwh from lake.price_series
        ) where not isfinite(stated) or minutes <= 0 or (kind = 'carbon' and stated < 0) group by kind, zone order by all
        """,
        "Bring the series in again with --replace.",
    ),
    (
        """
        with held as (
            select kind, count(*) as values_held, count(*) filter (where b.batch_id is null) as orphaned
            from (
                select 'carbon' as kind, batch_id from lake.carbon_series union all select 'price', batch_id from lake.price_series
            ) left join lake.series_batches b using (kind, batch_id) group by kind
        ), told as (
            select kind, sum(landed) - sum(replaced) as landed from lake.series_batches group by kind
        )
        select 'the ' || kind || ' series hold ' || coalesce(values_held, 0) || ' values, their batches brought ' || coalesce(landed, 0)
            || ' and left ' || coalesce(orphaned, 0) || ' without record'
        from held full join told using (kind) where coalesce(values_held, 0) <> coalesce(landed, 0) or orphaned > 0 order by all
        """,
        "Put back a copy of the store from before, or bring the series in again with --replace.",
    ),
    (
        """
        select what || ' ' || account || ' of ' || system || ' stands ' || count(*) || ' times'
        from (
            select 'project' as what, system, account from lake.projects union all select 'account', system, account from lake.accounts
            union all select 'the place of the account', system, account from lake.hierarchy
        ) group by what, system, account having count(*) > 1 order by all limit 5
        """,
        "Put back a copy of the store from before, or import the table of projects again.",
    ),
    (
        """
        select 'project ' || account || ' of ' || system || ' has the category ' || category || coalesce(' and the mode ' || mode, '')
            || ', which nobody defined'
        from lake.projects where not list_contains($categories, category) or (mode is not null and not list_contains($modes, mode))
        order by all limit 5
        """,
        "Decide about the project again.",
    ),
    (
        """
        select 'project ' || account || ' of ' || system || ' ends before it starts, or was awarded less than nothing'
        from lake.projects where ends < starts or node_hours_awarded < 0 or not isfinite(node_hours_awarded) order by all limit 5
        """,
        "Decide about the project again.",
    ),
    (
        """
        select 'the quota of ' || account || ' of ' || system || ' has ' || count(*) || ' versions, the highest of which is '
            || max(version)
        from lake.quotas group by system, account having count(*) <> max(version) or count(distinct version) <> count(*)
        order by all limit 5
        """,
        "Put back a copy of the store from before.",
    ),
    (
        """
        select 'the quota of ' || account || ' of ' || system || ' is ' || coalesce(hours::varchar, 'none') || ' ' || unit
            || ', which is less than nothing, no number, or in a unit that nobody defined'
        from lake.quotas
        where hours < 0 or not isfinite(hours) or at_once < 0 or not isfinite(at_once) or fairshare < 0 or not list_contains($units, unit)
        order by all limit 5
        """,
        "Set the quota again on the page Quotas.",
    ),
    (
        """
        with held as (select change_id, count(*) as projects from lake.quotas group by change_id)
        select 'change ' || coalesce(c.change_id, h.change_id) || ' of quotas tells of ' || coalesce(c.projects, 0)
            || ' projects, of which ' || coalesce(h.projects, 0) || ' are stored'
        from (select change_id, projects from lake.quota_changes where state = 'current') c full join held h using (change_id)
        where coalesce(c.projects, 0) <> coalesce(h.projects, 0) order by all limit 5
        """,
        "Put back a copy of the store from before.",
    ),
    (
        """
        select 'jobs of account ' || account || ' of ' || system || ' are stored, but the account is not registered'
        from (select distinct system, account from lake.jobs where account is not null)
            anti join lake.accounts using (system, account) order by all limit 5
        """,
        "Put back a copy of the store from before, or bring its logs into a new one (EQUINODE_LAKE) in their order.",
    ),
    (
        """
        select count(*) || ' refused lines are kept of batch ' || batch_id || ', which has no record'
        from lake.refusals anti join lake.batches using (batch_id) group by batch_id order by all
        """,
        "Put back a copy of the store from before.",
    ),
)
"""Statements that name what is wrong, one row a sentence, each with its mend."""
OF_MACHINES = """
select system from lake.projects union select system from lake.hierarchy union select system from lake.accounts order by system
"""
GAPS = """
with ordered as (
    select *, lag(started + to_minutes(minutes)) over (partition by kind, zone, method, scope order by started) as free_from
    from (
        select 'carbon' as kind, grid_zone as zone, method, scope, started, minutes from lake.carbon_series
        union all select 'price', zone, '', '', started, minutes from lake.price_series
    )
)
select 'the ' || kind || ' series of ' || rtrim(zone || ' ' || method || ' ' || scope) || ' lacks '
    || round(sum(epoch(started) - epoch(free_from)) / 3600, 2) || ' hours in ' || count(*) || ' gaps, the first from '
    || strftime(min(free_from), '%Y-%m-%d %H:%M') || ' UTC on'
from ordered where started > free_from group by kind, zone, method, scope order by all
"""
SOURCES = """
select 'the carbon series of ' || grid_zone || ' ' || method || ' ' || scope || ' comes from ' || count(distinct source) || ' sources: '
    || string_agg(distinct source, '; ' order by source)
from lake.carbon_series group by grid_zone, method, scope having count(distinct source) > 1 order by all
"""


def wrong(lake: Lake | Writer) -> list[tuple[str, str]]:
    """What was found, and how to mend it."""
    known = {
        "methods": [method.value for method in IntensityMethod],
        "scopes": [scope.value for scope in IntensityScope],
        "categories": [category.value for category in UserCategory],
        "modes": [mode.value for mode in AccessMode],
        "units": [unit.value for unit in HourUnit],
    }
    found = []
    for statement, mend in WRONG:
        asked = {name: values for name, values in known.items() if f"${name}" in statement}
        found += [(sentence, mend) for (sentence,) in lake.frame(statement, asked).iter_rows()]
    return found


def systems_named(lake: Lake | Writer) -> list[str]:
    """The machines that projects, accounts and the tree of fields name."""
    return lake.frame(OF_MACHINES)["system"].to_list()


def notes(lake: Lake | Writer) -> list[str]:
    """What is not wrong but should be known: hours that series lack, and series put together from several sources."""
    return [sentence for statement in (GAPS, SOURCES) for (sentence,) in lake.frame(statement).iter_rows()]
