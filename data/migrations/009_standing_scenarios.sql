-- What became of saved scenarios: which one holds, which wait for a second person, and who decided so and why; nothing is written over.

create table scenario_decisions (
    decision_id bigint not null,
    name varchar not null,
    version bigint not null,
    state varchar not null,
    author varchar not null,
    reason varchar not null,
    decided timestamptz not null
);
