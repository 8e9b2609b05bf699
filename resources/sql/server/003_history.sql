-- Who set an attribute (NULL: not known, or the service) and when, in milliseconds since the Unix epoch (0: not known).
ALTER TABLE attrs ADD COLUMN time_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attrs ADD COLUMN author TEXT;

-- What was said in channels that have lasting members. `msgid` rises over all channels of an app.
CREATE TABLE history (
    app TEXT NOT NULL,
    channel TEXT NOT NULL,
    msgid INTEGER NOT NULL,
    sender TEXT NOT NULL,
    uid INTEGER NOT NULL,
    id TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- With the time, so that a start reads the numbers without the texts.
CREATE UNIQUE INDEX history_by_number ON history (app, channel, msgid, sent_ms);

-- Lasting members of channels, with the number of the last event that each heard (NULL: is there).
CREATE TABLE members (
    app TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    heard INTEGER,
    PRIMARY KEY (app, channel, account)
) STRICT, WITHOUT ROWID;
