-- What the server keeps beyond its life. Times are milliseconds since the Unix epoch; names are texts that were
-- checked before they came here. An app never sees another's rows, so every key begins with it.

-- Instant messages that wait in inboxes.
CREATE TABLE inbox (
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    ver INTEGER NOT NULL,
    sender TEXT NOT NULL,
    ttl_s INTEGER NOT NULL,
    sent_ms INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (app, account, ver)
) STRICT;

-- Up to which version an inbox has been acknowledged.
CREATE TABLE acked (
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    ver INTEGER NOT NULL,
    PRIMARY KEY (app, account)
) STRICT, WITHOUT ROWID;

-- Attributes of users (kind 0) and of channels (kind 1); the value is JSON text.
CREATE TABLE attrs (
    app TEXT NOT NULL,
    kind INTEGER NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (app, kind, owner, name)
) STRICT;

-- Since when channels with attributes have been empty.
CREATE TABLE emptied (
    app TEXT NOT NULL,
    name TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (app, name)
) STRICT, WITHOUT ROWID;

-- Message ids that senders have used. `n` counts the ids of one sender upwards, so that the oldest can go first.
CREATE TABLE sent_ids (
    app TEXT NOT NULL,
    sender TEXT NOT NULL,
    n INTEGER NOT NULL,
    id TEXT NOT NULL,
    forget_at_ms INTEGER NOT NULL,
    PRIMARY KEY (app, sender, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_ids_by_end ON sent_ids (forget_at_ms);

-- Invitation codes, as SHA-256 hashes: whoever reads the database cannot use them.
CREATE TABLE invite_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    token_valid_s INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
