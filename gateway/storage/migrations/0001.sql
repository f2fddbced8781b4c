-- The journal: one row for everything that happens; its number is the event id, the SSE id and the resume point.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    device TEXT NOT NULL,
    principal TEXT NOT NULL,
    data BLOB NOT NULL              -- google.protobuf.Any with the resource as it was then
);

-- Every lasting resource (print jobs, payments, drawer openings, TSE transactions): the public message and what only we need.
CREATE TABLE records (
    kind TEXT NOT NULL,
    device TEXT NOT NULL,
    id TEXT NOT NULL,               -- ULID: sorts by time
    state INTEGER NOT NULL,
    final INTEGER NOT NULL,         -- 1 once nothing will change any more by itself
    reference TEXT NOT NULL,
    body BLOB NOT NULL,             -- the public message
    private BLOB NOT NULL,          -- such as the encoded bytes of a print job
    PRIMARY KEY (kind, device, id)
) WITHOUT ROWID;
CREATE INDEX records_open ON records (kind, device, id) WHERE final = 0;

-- Which request made which resource, so that a repeat finds it.
CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,      -- SHA-256 of the request
    resource TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (principal, method, request_id)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (time_ms);

-- Only hashes of tokens are kept.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,      -- SHA-256 of the secret
    create_ms INTEGER NOT NULL,
    revoke_ms INTEGER
) WITHOUT ROWID;

-- Devices made, changed (over the configuration file) or deleted (spec NULL) at run time.
CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    spec TEXT
) WITHOUT ROWID;

CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
