"""The statements that compute Open XDMoD's statistics from the stored jobs, formula for formula.

XDMoD adds jobs up in two steps. First each job gives one row to every period it touches, with its share of the wall time; then the rows
of a period (a time series) or of all periods (an aggregate) are summed. The formulas stand in ubccr/xdmod, version 11:
configuration/etl/etl_action_defs.d/jobs/hpc-aggregation.json, configuration/datawarehouse.d/ref/Jobs-statistics.json and the files
Jobs-*.sql beside it.
"""

SPAN = """
select min(started) as first_started, max(ended) as last_ended
from lake.jobs where system = $system and started is not null and ended is not null and list_contains($states, state)
"""

GROUPS = """
select distinct unix_group from lake.jobs where system = $system and unix_group is not null order by unix_group
"""

JOBS_BY_PERIOD = """
with periods as (
    select unnest($numbers::integer[]) as number, unnest($starts::timestamptz[]) as starts, unnest($ends::timestamptz[]) as ends,
        unnest($offered::double[]) as cpu_hours_offered
),
hardware as (
    select unnest($partitions::varchar[]) as "partition", unnest($cores_per_logged_cpu::double[]) as cores_per_logged_cpu,
        unnest($gpus_per_logged_gpu::double[]) as gpus_per_logged_gpu
),
ended_jobs as (
    select job.system, queue, qos, account, user_pseudonym, submitted, started, ended, nodes,
        coalesce(($groups::varchar[])[list_position($groups_hidden::varchar[], unix_group)], unix_group) as unix_group,
        cores / coalesce(cores_per_logged_cpu, 1) as cpus,
        gpus / coalesce(gpus_per_logged_gpu, 1) as gpus,
        greatest(epoch(ended) - epoch(started), 0) as wall_s,
        greatest(epoch(started) - epoch(submitted), 0) as wait_s
    from lake.jobs job left join hardware using ("partition")
    where job.system = $system and started is not null and ended is not null and list_contains($states, state)
        and started < $closes and ended >= $opens
),
measured as (
    select *, case $dimension
        when 'jobsize' then cpus when 'gpucount' then gpus when 'jobwalltime' then wall_s when 'jobwaittime' then wait_s
    end as size
    from ended_jobs
),
keyed as (
    select *, case $dimension
        when 'none' then 'all' when 'resource' then system when 'queue' then queue when 'qos' then qos when 'account' then account
        when 'pi' then unix_group when 'person' then user_pseudonym when 'nodecount' then nodes::varchar
        else ($size_names::varchar[])[len(list_filter($size_least::double[], lambda least: least <= size))]
    end as key
    from measured
),
job_periods as (
    select keyed.*, number, cpu_hours_offered,
        greatest(epoch(least(ended, ends)) - epoch(greatest(started, starts)), 0) as wall_here_s,
        started >= starts as starts_here, ended < ends as ends_here, submitted >= starts and submitted < ends as submitted_here,
        number = 0 or started >= starts as runs_first_here
    from keyed join periods on started < ends and ended >= starts
),
"""
"""One row a job and a period that it touches; all sizes in the CPUs and GPUs that the log counts."""

SUMS = """
summed as (
    select key, number, count(*) as rows,
        count(cpus) = count(*) as cpus_known, count(gpus) = count(*) as gpus_known, count(nodes) = count(*) as nodes_known,
        count(user_pseudonym) = count(*) as persons_known, count(unix_group) = count(*) as groups_known,
        count(distinct user_pseudonym) as persons, count(distinct unix_group) as groups, count(distinct system) as resources,
        count(*) filter (ends_here) as ended_jobs,
        count(*) filter (starts_here) as started_jobs,
        count(*) filter (submitted_here) as submitted_jobs,
        case when grouping(number) = 1 then count(*) filter (runs_first_here) else count(*) end as running,
        case when grouping(number) = 1 then sum(cpus) filter (runs_first_here) else sum(cpus) end as cpus_running,
        case when grouping(number) = 1 then sum(gpus) filter (runs_first_here) else sum(gpus) end as gpus_running,
        max(nullif(cpus, 0)) as most_cpus, min(nullif(cpus, 0)) as least_cpus,
        sum(wall_here_s) as wall_s, sum(wall_here_s ** 2) as wall_squares,
        sum(cpus * wall_here_s) as cpu_s, sum((cpus * wall_here_s) ** 2) as cpu_squares,
        sum(nodes * wall_here_s) as node_s, sum((nodes * wall_here_s) ** 2) as node_squares,
        sum(gpus * wall_here_s) as gpu_s,
        sum(cpus * cpus * wall_here_s) as cpus_cpu_s, sum(cpus * gpus * wall_here_s) as cpus_gpu_s,
        sum(wait_s) filter (starts_here) as wait_s, sum(wait_s ** 2) filter (starts_here) as wait_squares,
        sum(cpus) filter (ends_here) as cpus_ended, sum(cpus ** 2) filter (ends_here) as cpus_ended_squares,
        sum(gpus) filter (ends_here) as gpus_ended, sum(gpus ** 2) filter (ends_here) as gpus_ended_squares,
        sum((wall_s + wait_s) / nullif(wall_s, 0) * nodes * wall_here_s) as weighted_expansion,
        case when grouping(number) = 1 then $offered_in_all::double else any_value(cpu_hours_offered) end as cpu_hours_offered
    from job_periods group by grouping sets ((key, number), (key))
),
"""
"""The rows summed for each period, and for all periods together, where `number` is null."""

FIGURES = """
figures as (
    select key, number, unnest([
        {'statistic': 'active_person_count', 'value': case when persons_known then persons end},
        {'statistic': 'active_pi_count', 'value': case when groups_known then groups end},
        {'statistic': 'active_resource_count', 'value': resources},
        {'statistic': 'job_count', 'value': ended_jobs},
        {'statistic': 'started_job_count', 'value': started_jobs},
        {'statistic': 'submitted_job_count', 'value': submitted_jobs},
        {'statistic': 'running_job_count', 'value': running},
        {'statistic': 'total_wallduration_hours', 'value': wall_s / 3600},
        {'statistic': 'total_waitduration_hours', 'value': coalesce(wait_s, 0) / 3600},
        {'statistic': 'total_cpu_hours', 'value': case when cpus_known then cpu_s / 3600 end},
        {'statistic': 'total_gpu_hours', 'value': case when gpus_known then gpu_s / 3600 end},
        {'statistic': 'total_node_hours', 'value': case when nodes_known then node_s / 3600 end},
        {'statistic': 'avg_wallduration_hours', 'value': coalesce(wall_s / nullif(running, 0), 0) / 3600},
        {'statistic': 'avg_waitduration_hours', 'value': coalesce(wait_s / nullif(started_jobs, 0), 0) / 3600},
        {'statistic': 'avg_cpu_hours', 'value': case when cpus_known then coalesce(cpu_s / nullif(running, 0), 0) / 3600 end},
        {'statistic': 'avg_gpu_hours', 'value': case when gpus_known then coalesce(gpu_s / nullif(running, 0), 0) / 3600 end},
        {'statistic': 'avg_node_hours', 'value': case when nodes_known then coalesce(node_s / nullif(running, 0), 0) / 3600 end},
        {'statistic': 'avg_processors', 'value': case when cpus_known then coalesce(cpus_running / nullif(running, 0), 0) end},
        {'statistic': 'avg_gpus', 'value': case when gpus_known then coalesce(gpus_running / nullif(running, 0), 0) end},
        {'statistic': 'max_processors', 'value': case when cpus_known then coalesce(most_cpus, 0) end},
        {'statistic': 'min_processors', 'value': case when cpus_known then coalesce(least_cpus, 0) end},
        {'statistic': 'avg_job_size_weighted_by_cpu_hours',
            'value': case when cpus_known then coalesce(cpus_cpu_s / nullif(cpu_s, 0), 0) end},
        {'statistic': 'avg_job_size_weighted_by_gpu_hours',
            'value': case when cpus_known and gpus_known then coalesce(cpus_gpu_s / nullif(gpu_s, 0), 0) end},
        {'statistic': 'expansion_factor', 'value': case when nodes_known then coalesce(weighted_expansion / nullif(node_s, 0), 0) end},
        {'statistic': 'utilization', 'value': case when cpus_known then 100 * cpu_s / 3600 / nullif(cpu_hours_offered, 0) end}
    ], recursive := true)
    from summed
),
"""
"""The statistics of each sum. An average of nothing is 0, as in XDMoD; what a job in the sum does not tell leaves the figure unknown."""

ERRORS = """
squares as (
    select key, unnest([
        {'statistic': 'avg_wallduration_hours', 'per': 3600, 'jobs': ended_jobs, 'total': wall_s, 'squared': wall_squares},
        {'statistic': 'avg_waitduration_hours', 'per': 3600, 'jobs': started_jobs, 'total': wait_s, 'squared': wait_squares},
        {'statistic': 'avg_cpu_hours', 'per': 3600, 'jobs': ended_jobs, 'total': cpu_s, 'squared': cpu_squares},
        {'statistic': 'avg_node_hours', 'per': 3600, 'jobs': ended_jobs, 'total': node_s, 'squared': node_squares},
        {'statistic': 'avg_processors', 'per': 1, 'jobs': ended_jobs, 'total': cpus_ended, 'squared': cpus_ended_squares},
        {'statistic': 'avg_gpus', 'per': 1, 'jobs': ended_jobs, 'total': gpus_ended, 'squared': gpus_ended_squares}
    ], recursive := true)
    from summed where number is null
),
variances as (
    select key, statistic, per, jobs, squared / nullif(jobs, 0) as mean_square,
        coalesce(squared / nullif(jobs, 0) - (total / nullif(jobs, 0)) ** 2, 0) as variance
    from squares
),
errors as (
    select key, statistic, case
        when jobs = 0 then 0
        when variance >= -1e-12 * mean_square then sqrt(greatest(variance, 0) / jobs) / per
    end as std_err
    from variances
)
"""
"""The standard error that XDMoD shows as "Std Dev" beside the averages of an aggregate; unknown where its formula gives no number."""

METRICS = (
    JOBS_BY_PERIOD
    + SUMS
    + FIGURES.rstrip()
    + ERRORS
    + """
select figure.key, figure.number, figure.statistic, figure.value, case when figure.value is not null then error.std_err end as std_err
from figures figure left join errors error
    on figure.number is null and error.key is not distinct from figure.key and error.statistic = figure.statistic
"""
)
