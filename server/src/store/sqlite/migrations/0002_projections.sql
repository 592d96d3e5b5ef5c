-- What is worked out from the sources. These tables can be emptied and filled again.

CREATE TABLE vessel_state (
    vessel BLOB NOT NULL PRIMARY KEY REFERENCES vessel (id),
    as_of INTEGER NOT NULL, -- Unix seconds
    next_change INTEGER, -- Unix seconds; NULL if time alone changes nothing any more
    summary TEXT NOT NULL -- JSON, kept byte for byte
) STRICT;

CREATE INDEX vessel_state_by_next_change ON vessel_state (next_change, vessel)
WHERE next_change IS NOT NULL;

CREATE TABLE due_patrol (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    due BLOB NOT NULL CHECK (length(due) = 16),
    day INTEGER NOT NULL CHECK (day BETWEEN -2147483648 AND 2147483647), -- ship-time days since 1970-01-01
    opens INTEGER NOT NULL, -- Unix seconds
    closes INTEGER NOT NULL, -- Unix seconds
    route BLOB NOT NULL CHECK (length(route) = 8),
    verdict TEXT NOT NULL,
    body TEXT NOT NULL, -- JSON, kept byte for byte
    PRIMARY KEY (vessel, due)
) STRICT;

-- The fleet page counts from this index alone: one seek a vessel.
CREATE INDEX due_patrol_by_day ON due_patrol (vessel, day, verdict);

CREATE INDEX due_patrol_by_due ON due_patrol (due, vessel);

CREATE TABLE flag (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    id BLOB NOT NULL CHECK (length(id) = 32), -- hash of its content
    due BLOB CHECK (length(due) = 16), -- NULL if it is not about one due patrol
    day INTEGER NOT NULL CHECK (day BETWEEN -2147483648 AND 2147483647), -- ship-time days since 1970-01-01
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    at INTEGER NOT NULL, -- Unix seconds
    body TEXT NOT NULL, -- JSON, kept byte for byte
    PRIMARY KEY (vessel, id)
) STRICT;

-- The flag inbox: of one vessel, of all, and counted.
CREATE INDEX flag_by_vessel_and_age ON flag (vessel, at, id);
CREATE INDEX flag_by_age ON flag (at, vessel, id);
CREATE INDEX flag_by_code ON flag (vessel, code);
