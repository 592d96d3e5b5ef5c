use deckwatch_core::model::{DeviceId, DocumentId, Hash, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::rows_within;
use crate::store::{
    BroughtSince, ChangeName, ChangeRow, Changes, ChangesMut, DocumentRef, DocumentRow, Each,
    NewChange, StoreError,
};

fn read_doc(fields: &Fields<'_>) -> Result<DocumentRef, StoreError> {
    Ok(DocumentRef { kind: fields.number("doc_kind")?, id: fields.id("doc_id")? })
}

fn read(fields: &Fields<'_>) -> Result<ChangeRow, StoreError> {
    Ok(ChangeRow {
        vessel: fields.id("vessel")?,
        doc: read_doc(fields)?,
        hash: fields.id("hash")?,
        bytes: fields.bytes("bytes")?,
        author: fields.id("author")?,
        carried_by: fields.id("carried_by")?,
        received_at: fields.integer("received_at")?,
        arrival: fields.number("arrival")?,
    })
}

fn read_document(fields: &Fields<'_>) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        doc: read_doc(fields)?,
        changes: fields.number("changes")?,
        newest_arrival: fields.number("newest_arrival")?,
    })
}

fn read_name(fields: &Fields<'_>) -> Result<ChangeName, StoreError> {
    Ok(ChangeName {
        doc: read_doc(fields)?,
        hash: fields.id("hash")?,
        author: fields.id("author")?,
        received_at: fields.integer("received_at")?,
        arrival: fields.number("arrival")?,
        size_bytes: fields.number("size_bytes")?,
    })
}

impl Changes for SqliteTx<'_> {
    fn change_names(
        &self,
        vessel: VesselId,
        after: u64,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError> {
        let Ok(after) = i64::try_from(after) else { return Ok(()) };
        let sql = "
            SELECT doc_kind, doc_id, hash, author, arrival, received_at, size_bytes
            FROM document_change WHERE vessel = ?1 AND arrival > ?2 ORDER BY arrival";
        self.each(sql, params![vessel.as_bytes(), after], read_name, each)
    }

    fn changes_of(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        after: u64,
        each: Each<'_, ChangeRow>,
    ) -> Result<(), StoreError> {
        let Ok(after) = i64::try_from(after) else { return Ok(()) };
        let sql = "
            SELECT vessel, doc_kind, doc_id, hash, arrival, author, carried_by, received_at, bytes
            FROM document_change
            WHERE vessel = ?1 AND doc_kind = ?2 AND doc_id = ?3 AND arrival > ?4
            ORDER BY arrival";
        let wanted = params![vessel.as_bytes(), doc.kind, doc.id.as_bytes(), after];
        self.each(sql, wanted, read, each)
    }

    fn change(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        hash: Hash,
    ) -> Result<Option<ChangeRow>, StoreError> {
        let sql = "
            SELECT vessel, doc_kind, doc_id, hash, arrival, author, carried_by, received_at, bytes
            FROM document_change
            WHERE vessel = ?1 AND doc_kind = ?2 AND doc_id = ?3 AND hash = ?4";
        let name = params![vessel.as_bytes(), doc.kind, doc.id.as_bytes(), hash.as_bytes()];
        self.first(sql, name, read)
    }

    fn changes_carried_by(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT doc_kind, doc_id, hash, author, arrival, received_at, size_bytes
            FROM document_change WHERE vessel = ?1 AND carried_by = ?2 ORDER BY arrival";
        self.each(sql, params![vessel.as_bytes(), dev.as_bytes()], read_name, each)
    }

    fn brought_since(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        since: i64,
    ) -> Result<BroughtSince, StoreError> {
        let sql = "
            SELECT COUNT(*) AS documents, COALESCE(SUM(bytes), 0) AS bytes FROM (
                SELECT SUM(size_bytes) AS bytes FROM document_change
                WHERE vessel = ?1 AND carried_by = ?2 AND received_at >= ?3
                GROUP BY doc_kind, doc_id
            )";
        let wanted = params![vessel.as_bytes(), dev.as_bytes(), since];
        let found = self.first(sql, wanted, |fields| {
            Ok(BroughtSince {
                documents: fields.number("documents")?,
                bytes: fields.number("bytes")?,
            })
        })?;
        Ok(found.unwrap_or_default())
    }

    fn documents(
        &self,
        vessel: VesselId,
        after: Option<DocumentRef>,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        // No kind is -1, so "after" it begins with the first document.
        let kind = after.map_or(-1, |after| i64::from(after.kind));
        let id = after.map_or(DocumentId([0; DocumentId::LEN]), |after| after.id);
        let sql = "
            SELECT doc_kind, doc_id, COUNT(*) AS changes, MAX(arrival) AS newest_arrival
            FROM document_change
            WHERE vessel = ?1 AND (doc_kind, doc_id) > (?2, ?3)
            GROUP BY doc_kind, doc_id ORDER BY doc_kind, doc_id LIMIT ?4";
        let wanted = params![vessel.as_bytes(), kind, id.as_bytes(), rows_within(limit)];
        self.all(sql, wanted, read_document)
    }
}

impl ChangesMut for SqliteTx<'_> {
    fn put_change(&mut self, change: &NewChange) -> Result<bool, StoreError> {
        change.check()?;
        self.require_vessel(change.vessel)?;
        let sql = "
            INSERT INTO document_change
                (vessel, doc_kind, doc_id, hash, arrival, author, carried_by, received_at, size_bytes, bytes)
            SELECT ?1, ?2, ?3, ?4, COALESCE(MAX(arrival), 0) + 1, ?5, ?6, ?7, length(?8), ?8
            FROM document_change WHERE vessel = ?1
            ON CONFLICT (vessel, doc_kind, doc_id, hash) DO NOTHING";
        let row = params![
            change.vessel.as_bytes(),
            change.doc.kind,
            change.doc.id.as_bytes(),
            change.hash.as_bytes(),
            change.author.as_bytes(),
            change.carried_by.as_bytes(),
            change.received_at,
            change.bytes,
        ];
        Ok(self.execute(sql, row)? == 1)
    }
}
