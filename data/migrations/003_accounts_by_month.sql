-- The usage of each account by month, so that a question about accounts takes as little time as one about categories.

create table usage_account_monthly (
    system varchar not null,
    "partition" varchar,
    account varchar,
    month date not null,
    jobs bigint not null,
    jobs_never_started bigint not null,
    jobs_failed bigint not null,
    jobs_metered bigint not null,
    jobs_implausible bigint not null,
    jobs_without_nodes bigint not null,
    jobs_without_gpus bigint not null,
    node_s double not null,
    core_s double not null,
    gpu_s double not null,
    node_s_failed double not null,
    node_s_metered double not null,
    node_s_queued double not null,
    energy_measured_j double not null
);

insert into usage_account_monthly by name
select system, "partition", account, date_trunc('month', day)::date as month,
    sum(jobs) as jobs, sum(jobs_never_started) as jobs_never_started, sum(jobs_failed) as jobs_failed, sum(jobs_metered) as jobs_metered,
    sum(jobs_implausible) as jobs_implausible, sum(jobs_without_nodes) as jobs_without_nodes, sum(jobs_without_gpus) as jobs_without_gpus,
    sum(node_s) as node_s, sum(core_s) as core_s, sum(gpu_s) as gpu_s, sum(node_s_failed) as node_s_failed,
    sum(node_s_metered) as node_s_metered, sum(node_s_queued) as node_s_queued, sum(energy_measured_j) as energy_measured_j
from usage_daily group by system, "partition", account, date_trunc('month', day);
