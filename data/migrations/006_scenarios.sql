-- Splits that a person named and kept: the choices as an address of the split page, and the state of the store they were looked at on.

create table scenarios (
    name varchar not null,
    version bigint not null,
    address varchar not null,
    snapshot_id bigint not null,
    author varchar not null,
    reason varchar not null,
    saved timestamptz not null
);
