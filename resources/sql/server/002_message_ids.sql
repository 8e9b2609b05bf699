-- Messages have an id, by which their receivers know them, and may be of other kinds than instant messages. What waits
-- already gets an id that no other message of its inbox has.
ALTER TABLE inbox ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'instant';
UPDATE inbox SET id = sent_ms || '-' || ver;
