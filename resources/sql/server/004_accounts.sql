-- The last login of an account that was granted more than 1.x: what, as names parted by spaces, and when the session began
-- or, if the account is away, ended.
CREATE TABLE accounts (
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    caps TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    away INTEGER NOT NULL,
    PRIMARY KEY (app, account)
) STRICT, WITHOUT ROWID;

-- Who wants to hear nothing of whom.
CREATE TABLE blocks (
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    peer TEXT NOT NULL,
    PRIMARY KEY (app, account, peer)
) STRICT, WITHOUT ROWID;
