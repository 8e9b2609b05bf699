-- What the app keeps of one profile. Times are milliseconds since the Unix epoch; names are texts that were checked
-- before they came here. Numbers of kinds, states and outcomes are given in src/store/code.rs.

-- One with a person (kind 0) or in a room (kind 1).
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    draft TEXT NOT NULL DEFAULT '',
    muted INTEGER NOT NULL DEFAULT 0,
    -- The place of the last message that was read.
    read_place INTEGER,
    -- When something last happened in it.
    active_ms INTEGER NOT NULL,
    UNIQUE (kind, name)
) STRICT;

-- `id` counts arrivals and is never used again. `place` orders all messages of all conversations: the time in its upper
-- bits, and in the lower 10 the order of arrival within that millisecond. `dedup` is a hash of who sent it where under
-- which id.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    place INTEGER NOT NULL UNIQUE,
    dedup BLOB UNIQUE,
    message_id TEXT,
    source TEXT NOT NULL,
    direction INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    server_ms INTEGER,
    local_ms INTEGER NOT NULL,
    state INTEGER NOT NULL,
    failure_code INTEGER,
    failure_reason TEXT,
    reply_source TEXT,
    reply_id TEXT
) STRICT;

CREATE INDEX messages_in_order ON messages (conversation, place);
CREATE INDEX messages_unread ON messages (conversation, place, state) WHERE direction = 0 AND state > 0;
CREATE INDEX messages_pending ON messages (id) WHERE direction = 1 AND state = 0;

-- Hashes, as `messages.dedup`, of what was deleted and must not come back when it is delivered again.
CREATE TABLE forgotten (
    dedup BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Every three characters in a row of the texts that people wrote, by place. The second column holds three characters
-- that stand for the conversation, so that a search in one looks at nothing else.
CREATE VIRTUAL TABLE words USING fts5 (
    text,
    conversation,
    content = '',
    contentless_delete = 1,
    tokenize = 'trigram'
);

CREATE TRIGGER messages_written AFTER INSERT ON messages WHEN new.kind = 0 BEGIN
    INSERT INTO words (rowid, text, conversation) VALUES (
        new.place,
        new.text,
        char(57344 + new.conversation / 40960000 % 6400, 57344 + new.conversation / 6400 % 6400, 57344 + new.conversation % 6400)
    );
END;

CREATE TRIGGER messages_moved AFTER UPDATE OF place ON messages WHEN new.kind = 0 BEGIN
    DELETE FROM words WHERE rowid = old.place;
    INSERT INTO words (rowid, text, conversation) VALUES (
        new.place,
        new.text,
        char(57344 + new.conversation / 40960000 % 6400, 57344 + new.conversation / 6400 % 6400, 57344 + new.conversation % 6400)
    );
END;

CREATE TRIGGER messages_deleted AFTER DELETE ON messages WHEN old.kind = 0 BEGIN
    DELETE FROM words WHERE rowid = old.place;
END;

CREATE TABLE calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    direction INTEGER NOT NULL,
    peer TEXT NOT NULL,
    channel TEXT NOT NULL,
    number TEXT,
    started_ms INTEGER NOT NULL,
    answered_ms INTEGER,
    ended_ms INTEGER,
    -- None while it goes on.
    outcome INTEGER,
    failure_code INTEGER,
    failure_reason TEXT,
    seen INTEGER NOT NULL
) STRICT;

CREATE INDEX calls_in_order ON calls (started_ms, id);
CREATE INDEX calls_unseen ON calls (id) WHERE seen = 0;
CREATE INDEX calls_open ON calls (id) WHERE outcome IS NULL;

CREATE TABLE people (
    account TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- None for somebody who was only blocked.
    added_ms INTEGER,
    blocked INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rooms that are to be joined at the next start, and those that were once.
CREATE TABLE rooms (
    name TEXT NOT NULL PRIMARY KEY,
    joined INTEGER NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Values are JSON texts.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Work on the file itself that is due when nothing else is.
CREATE TABLE chores (
    name TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
