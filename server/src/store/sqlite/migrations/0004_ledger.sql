-- The ledger: a Merkle tree over everything that can change a verdict, for the whole fleet. Rows are added and never
-- changed; `ledger` counts the ledgers, because after a loss a new one begins.

CREATE TABLE ledger (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number >= 1),
    key TEXT NOT NULL, -- verifier key, as a C2SP text
    since INTEGER NOT NULL -- Unix seconds
) STRICT;

CREATE TABLE ledger_leaf (
    ledger INTEGER NOT NULL REFERENCES ledger (number),
    place INTEGER NOT NULL CHECK (place >= 0), -- among all leaves, from 0
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    vessel BLOB NOT NULL CHECK (length(vessel) = 16), -- zeros: about the ledger or the fleet
    number INTEGER NOT NULL CHECK (number >= 0), -- of the vessel's leaves, from 0
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    subject BLOB NOT NULL CHECK (length(subject) = 32), -- SHA-256 of the content
    at INTEGER NOT NULL, -- Unix seconds
    PRIMARY KEY (ledger, place),
    UNIQUE (ledger, vessel, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_leaf_by_subject ON ledger_leaf (ledger, vessel, kind, subject, place);
CREATE INDEX ledger_leaf_by_kind ON ledger_leaf (ledger, vessel, kind, place);

-- Complete subtrees: with these every proof takes a logarithm of look-ups.
CREATE TABLE ledger_node (
    ledger INTEGER NOT NULL REFERENCES ledger (number),
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
    place INTEGER NOT NULL CHECK (place >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (ledger, level, place)
) STRICT, WITHOUT ROWID;

-- What leaves are about, where it stands nowhere else: document changes stand in document_change.
CREATE TABLE ledger_content (
    subject BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 32), -- SHA-256 of the bytes
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE tree_head (
    ledger INTEGER NOT NULL REFERENCES ledger (number),
    size INTEGER NOT NULL CHECK (size >= 0),
    at INTEGER NOT NULL, -- Unix seconds
    note BLOB NOT NULL, -- signed
    PRIMARY KEY (ledger, size)
) STRICT, WITHOUT ROWID;
