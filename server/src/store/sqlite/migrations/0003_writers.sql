-- Who wrote a change and who brought it, so that one device's flood can be bounded without reading what others wrote;
-- and what is known of each page, so that opening a vessel does not merge ten years of them.

ALTER TABLE document_change ADD COLUMN author BLOB NOT NULL -- whose actor id it carries; zeros: kept before this was noted
    DEFAULT x'0000000000000000' CHECK (length(author) = 8);
ALTER TABLE document_change ADD COLUMN carried_by BLOB NOT NULL
    DEFAULT x'0000000000000000' CHECK (length(carried_by) = 8);
ALTER TABLE document_change ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0; -- so that counting never reads the bytes

UPDATE document_change SET size_bytes = length(bytes);

-- Answers "what did this device bring", lately and ever, without touching the rows.
CREATE INDEX document_change_by_age ON document_change (
    vessel, carried_by, received_at, doc_kind, doc_id, size_bytes
);
CREATE INDEX document_change_by_carrier ON document_change (
    vessel, carried_by, arrival, doc_kind, doc_id, hash, author, received_at, size_bytes
);

-- Worked out from the sources, like the other projections.
CREATE TABLE page_state (
    vessel BLOB NOT NULL REFERENCES vessel (id),
    page BLOB NOT NULL CHECK (length(page) = 16),
    made_of BLOB NOT NULL CHECK (length(made_of) = 32), -- names the changes, records and standings it was made from
    body TEXT NOT NULL, -- JSON, kept byte for byte
    PRIMARY KEY (vessel, page)
) STRICT;
