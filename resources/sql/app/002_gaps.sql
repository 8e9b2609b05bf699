-- Rooms whose messages are being looked up at the server, the newest first, and are not all here yet.
CREATE TABLE gaps (
    room TEXT NOT NULL PRIMARY KEY,
    -- The server's number of the oldest message that was looked up; none before the first.
    below INTEGER,
    -- Whatever was kept before this time has nothing missing between it.
    since_ms INTEGER NOT NULL,
    -- How many of those that are missing nobody has read.
    unread INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
