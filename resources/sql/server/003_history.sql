-- Who set an attribute (NULL: not known, or the service) and when, in milliseconds since the Unix epoch (0: not known).
ALTER TABLE attrs ADD COLUMN time_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attrs ADD COLUMN author TEXT;
