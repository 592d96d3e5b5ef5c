-- The tables of truth. Rows are added and never removed.
-- A table whose rows are small is kept in the order of its key (WITHOUT ROWID). Where rows hold long bytes the key is
-- an index of its own, so that looking for a key does not read past the bytes of others.

CREATE TABLE vessel (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- Unix seconds
    shore_key BLOB NOT NULL CHECK (length(shore_key) = 33) -- compressed P-256 key of this vessel's shore device
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    token BLOB NOT NULL CHECK (length(token) = 16), -- the one-time secret of the QR, repeated by the genesis
    roles INTEGER NOT NULL CHECK (roles BETWEEN 0 AND 4294967295), -- sum of 1 crew, 2 SSO, 4 hub, 8 shore
    label TEXT NOT NULL, -- free words for the shore
    created_at INTEGER NOT NULL, -- Unix seconds
    expires_at INTEGER NOT NULL, -- Unix seconds
    used_by BLOB CHECK (length(used_by) = 8), -- NULL until a device took it; never changes after that
    used_at INTEGER, -- Unix seconds
    PRIMARY KEY (vessel, token),
    CHECK ((used_by IS NULL) = (used_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX enrolment_by_age ON enrolment (vessel, created_at, token);

CREATE TABLE segment (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    dev BLOB NOT NULL CHECK (length(dev) = 8), -- the author
    from_seq INTEGER NOT NULL CHECK (from_seq >= 0),
    to_seq INTEGER NOT NULL CHECK (to_seq >= from_seq),
    prev BLOB NOT NULL CHECK (length(prev) = 32), -- hash of the record before the first
    head BLOB NOT NULL CHECK (length(head) = 32), -- hash of the last record
    received_at INTEGER NOT NULL, -- Unix seconds
    carried_by BLOB NOT NULL CHECK (length(carried_by) = 8),
    size_bytes INTEGER NOT NULL CHECK (size_bytes = length(bytes)), -- so that counting never reads the bytes
    bytes BLOB NOT NULL, -- last, so that the short columns are read without the rest
    PRIMARY KEY (vessel, dev, to_seq, head) -- forks have one (dev, to_seq) and different heads: all are kept
) STRICT;

-- Answers "what is held" of a vessel (spans, counts, sizes, newest arrival) without touching the rows.
CREATE INDEX segment_by_place ON segment (
    vessel, dev, from_seq, head, to_seq, prev, received_at, size_bytes
);

CREATE TABLE document_change (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    doc_kind INTEGER NOT NULL CHECK (doc_kind BETWEEN 0 AND 4294967295), -- 1 plan, 2 page
    doc_id BLOB NOT NULL CHECK (length(doc_id) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- what a record vouches for
    arrival INTEGER NOT NULL CHECK (arrival >= 1), -- counts the changes of the vessel as they came
    received_at INTEGER NOT NULL, -- Unix seconds
    bytes BLOB NOT NULL, -- the uncompressed change chunk
    PRIMARY KEY (vessel, doc_kind, doc_id, hash),
    UNIQUE (vessel, arrival)
) STRICT;

CREATE INDEX document_change_by_arrival ON document_change (vessel, doc_kind, doc_id, arrival);

CREATE TABLE receipt (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    dev BLOB NOT NULL CHECK (length(dev) = 8), -- whose chain it is about
    seq INTEGER NOT NULL CHECK (seq >= 0), -- held up to here without a gap
    head BLOB NOT NULL CHECK (length(head) = 32),
    time INTEGER NOT NULL, -- Unix seconds, as in the receipt
    bytes BLOB NOT NULL, -- the signed receipt, the first one given
    PRIMARY KEY (vessel, dev, seq, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    number INTEGER NOT NULL CHECK (number >= 1), -- counts the revisions of the vessel
    due BLOB NOT NULL CHECK (length(due) = 16),
    at INTEGER NOT NULL, -- Unix seconds
    from_verdict TEXT NOT NULL, -- what was shown before
    to_verdict TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (vessel, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX revision_by_due ON revision (vessel, due, number);
