-- What is not a read-model generation: this installation's identity, answers
-- to commands, which generation of a projection serves, how far each has
-- read, and the vault of personal keys. Read models live in schemas rm_*.

CREATE TABLE fieldledger.installation (
    "only"     boolean     PRIMARY KEY DEFAULT true CHECK ("only"), -- one row; a reserved word
    id         uuid        NOT NULL,
    mac_key    bytea       NOT NULL,
    vault_keys uuid,                 -- which file of bucket keys is this database's; null before the first start
    created_at timestamptz NOT NULL
);

-- Answers that left no event (refusals, no-ops), for a repeat of the command.
CREATE TABLE fieldledger.command_outcome (
    command_id  uuid        PRIMARY KEY,
    body_sha256 text        NOT NULL,
    status      int         NOT NULL,
    answer      jsonb       NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX ON fieldledger.command_outcome (created_at); -- serves the sweep of old ones

CREATE TABLE fieldledger.projection_generation (
    projection    text        NOT NULL,
    version       int         NOT NULL,
    generation    int         NOT NULL,
    schema_name   text        NOT NULL UNIQUE,
    state         text        NOT NULL CHECK (state IN ('building', 'catching_up', 'ready', 'active', 'retired', 'halted')),
    halted_reason text,
    halted_number bigint, -- log number of the event that halted it
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, version, generation)
);

-- The one row that queries go through; cut-over updates it.
CREATE TABLE fieldledger.projection_active (
    projection          text        NOT NULL,
    version             int         NOT NULL,
    generation          int         NOT NULL,
    previous_generation int,
    switched_at         timestamptz NOT NULL,
    PRIMARY KEY (projection, version),
    FOREIGN KEY (projection, version, generation)
        REFERENCES fieldledger.projection_generation (projection, version, generation)
);

CREATE TABLE fieldledger.projection_checkpoint (
    projection       text        NOT NULL,
    version          int         NOT NULL,
    generation       int         NOT NULL,
    number           bigint      NOT NULL, -- log number of the last event applied
    commit_position  bigint      NOT NULL,
    prepare_position bigint      NOT NULL,
    event_id         uuid,
    created_max      timestamptz,          -- running maximum of the store's clock
    epoch            bigint      NOT NULL, -- fences a writer that was replaced
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, version, generation)
);

-- Digest of every table at each mark; mark 0 is the running one.
CREATE TABLE fieldledger.projection_mark (
    projection text   NOT NULL,
    version    int    NOT NULL,
    generation int    NOT NULL,
    mark       bigint NOT NULL, -- log number
    table_name text   NOT NULL,
    count      bigint NOT NULL,
    digest     bytea  NOT NULL,
    PRIMARY KEY (projection, version, generation, mark, table_name)
);

-- Maps an instant to a log number: one row for each running maximum of the
-- store's clock, with the first number that has it.
CREATE TABLE fieldledger.log_time (
    number      bigint      PRIMARY KEY,
    created_max timestamptz NOT NULL
);
CREATE INDEX ON fieldledger.log_time (created_max); -- serves "last number at or before T"

CREATE SCHEMA vault;

CREATE TABLE vault.subject_key (
    subject    uuid        PRIMARY KEY,
    key_id     text        NOT NULL,
    bucket     smallint    NOT NULL CHECK (bucket BETWEEN 0 AND 255), -- first byte of the subject's SHA-256
    wrapped_by bigint      NOT NULL, -- id of the bucket key, which is in a file and never here
    keyset     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON vault.subject_key (bucket, wrapped_by); -- serves replacing a bucket key, and the check at start

CREATE TABLE vault.destroyed_subject (
    subject      uuid        PRIMARY KEY,
    destroyed_at timestamptz NOT NULL,
    reason       text        NOT NULL
);

-- Search by name or telephone: keyed digests, never plain text.
CREATE TABLE vault.search_token (
    token   bytea NOT NULL,
    subject uuid  NOT NULL,
    kind    text  NOT NULL,
    stream  text  NOT NULL,
    PRIMARY KEY (token, kind, subject, stream)
);
CREATE INDEX ON vault.search_token (subject); -- serves erasing

-- Who read whose personal data, and what for (AUD-08).
CREATE TABLE vault.access_log (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text        NOT NULL,
    subject uuid        NOT NULL,
    purpose text        NOT NULL,
    target  text        NOT NULL
);
CREATE INDEX ON vault.access_log (subject, at); -- serves "who looked at this person"

---- create above / drop below ----

DROP SCHEMA vault CASCADE;
DROP TABLE fieldledger.log_time;
DROP TABLE fieldledger.projection_mark;
DROP TABLE fieldledger.projection_checkpoint;
DROP TABLE fieldledger.projection_active;
DROP TABLE fieldledger.projection_generation;
DROP TABLE fieldledger.command_outcome;
DROP TABLE fieldledger.installation;
