-- What jobs did, what was refused, and what a person decided about projects and machines.

create table jobs (
    system varchar not null,
    cluster varchar,
    job_id bigint not null,
    array_job_id bigint,
    array_task bigint,
    "partition" varchar,
    queue varchar,
    qos varchar,
    account varchar,
    unix_group varchar,
    user_pseudonym varchar,
    submitted timestamptz, -- null: the log tells starts but no submissions, and so no waits
    known_since timestamptz not null, -- submission, else start
    eligible timestamptz,
    started timestamptz,
    ended timestamptz,
    elapsed_s bigint,
    suspended_s bigint,
    time_limit_s bigint,
    state varchar, -- null: the log does not tell how the job ended
    exit_code varchar,
    nodes bigint,
    cores double,
    gpus double,
    requested_nodes bigint,
    requested_cores double,
    requested_gpus double,
    memory_mib double,
    restarts bigint,
    energy_logged_kwh double,
    energy_quality varchar not null,
    line bigint not null,
    batch_id bigint not null
);

create table refusals (
    batch_id bigint not null,
    line bigint,
    reason varchar not null,
    detail varchar not null,
    raw varchar
);

create table batches (
    batch_id bigint not null,
    system varchar not null,
    file varchar not null,
    dialect varchar not null,
    lines_read bigint not null,
    accepted bigint not null,
    completed bigint not null,
    refused bigint not null,
    seen_before bigint not null,
    steps bigint not null,
    passed_over bigint not null,
    first_submitted timestamptz,
    last_seen timestamptz,
    demo boolean not null,
    author varchar not null,
    ingested timestamptz not null
);

create table accounts (
    system varchar not null,
    account varchar not null,
    mode_by_code varchar not null
);

create table projects (
    system varchar not null,
    account varchar not null,
    title varchar,
    category varchar not null,
    organisation varchar,
    country varchar,
    field varchar,
    mode varchar,
    call varchar,
    node_hours_awarded double,
    starts date,
    ends date,
    author varchar not null,
    decided timestamptz not null
);

create table declared_systems (
    system varchar not null,
    declaration varchar not null,
    author varchar not null,
    decided timestamptz not null
);

-- Rollups hold whole seconds and joules (half ones where a log counts half cores), so that sums are exact in any order.

create table usage_daily (
    system varchar not null,
    "partition" varchar,
    account varchar,
    day date not null,
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

create table waits_daily (
    system varchar not null,
    "partition" varchar,
    account varchar,
    day date not null,
    bin bigint not null,
    jobs bigint not null,
    wait_s double not null
);

create table usage_monthly (
    system varchar not null,
    "partition" varchar,
    category varchar not null,
    mode varchar not null,
    country varchar,
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

create table waits_monthly (
    system varchar not null,
    "partition" varchar,
    category varchar not null,
    mode varchar not null,
    country varchar,
    month date not null,
    bin bigint not null,
    jobs bigint not null,
    wait_s double not null
);
