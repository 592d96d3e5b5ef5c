use deckwatch_core::ledger::{Leaf, LeafKind, Node};
use deckwatch_core::model::{Hash, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::rows_within;
use crate::store::ledger::check_content;
use crate::store::{Each, LedgerLeafRow, LedgerRow, Ledgers, LedgersMut, StoreError, TreeHeadRow};

fn read_leaf(fields: &Fields<'_>) -> Result<LedgerLeafRow, StoreError> {
    Ok(LedgerLeafRow {
        index: fields.number("place")?,
        at: fields.integer("at")?,
        leaf: Leaf {
            kind: LeafKind(fields.number("kind")?),
            vessel: fields.id("vessel")?,
            number: fields.number("number")?,
            previous: fields.id("previous")?,
            subject: fields.id("subject")?,
        },
    })
}

/// A number of the store: what does not fit is nowhere.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(-1)
}

impl Ledgers for SqliteTx<'_> {
    fn ledgers(&self) -> Result<Vec<LedgerRow>, StoreError> {
        let sql = "SELECT number, key, since FROM ledger ORDER BY number";
        self.all(sql, [], |fields| {
            Ok(LedgerRow {
                number: fields.number("number")?,
                key: fields.text("key")?,
                since: fields.integer("since")?,
            })
        })
    }

    fn ledger_size(&self, ledger: u32) -> Result<u64, StoreError> {
        let sql = "SELECT COALESCE(MAX(place) + 1, 0) AS size FROM ledger_leaf WHERE ledger = ?1";
        let size = self.first(sql, [ledger], |fields| fields.number("size"))?;
        Ok(size.unwrap_or(0))
    }

    fn ledger_node(&self, ledger: u32, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        let sql = "
            SELECT hash FROM ledger_node WHERE ledger = ?1 AND level = ?2 AND place = ?3";
        self.first(sql, params![ledger, level, stored(index)], |fields| fields.id("hash"))
    }

    fn ledger_leaves(
        &self,
        ledger: u32,
        index: u64,
        limit: u32,
    ) -> Result<Vec<LedgerLeafRow>, StoreError> {
        let Ok(from) = i64::try_from(index) else { return Ok(Vec::new()) };
        let sql = "
            SELECT place, at, kind, vessel, number, previous, subject FROM ledger_leaf
            WHERE ledger = ?1 AND place >= ?2 ORDER BY place LIMIT ?3";
        self.all(sql, params![ledger, from, rows_within(limit)], read_leaf)
    }

    fn ledger_leaves_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        each: Each<'_, LedgerLeafRow>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT place, at, kind, vessel, number, previous, subject FROM ledger_leaf
            WHERE ledger = ?1 AND vessel = ?2 ORDER BY number";
        self.each(sql, params![ledger, vessel.as_bytes()], read_leaf, each)
    }

    fn newest_leaf_of(
        &self,
        ledger: u32,
        vessel: VesselId,
    ) -> Result<Option<LedgerLeafRow>, StoreError> {
        let sql = "
            SELECT place, at, kind, vessel, number, previous, subject FROM ledger_leaf
            WHERE ledger = ?1 AND vessel = ?2 ORDER BY number DESC LIMIT 1";
        self.first(sql, params![ledger, vessel.as_bytes()], read_leaf)
    }

    fn ledger_leaf_about(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        subject: Hash,
    ) -> Result<Option<LedgerLeafRow>, StoreError> {
        let sql = "
            SELECT place, at, kind, vessel, number, previous, subject FROM ledger_leaf
            WHERE ledger = ?1 AND vessel = ?2 AND kind = ?3 AND subject = ?4
            ORDER BY place DESC LIMIT 1";
        let wanted = params![ledger, vessel.as_bytes(), kind.0, subject.as_bytes()];
        self.first(sql, wanted, read_leaf)
    }

    fn ledger_contents_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        each: Each<'_, (LedgerLeafRow, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT place, at, kind, vessel, number, previous, l.subject AS subject, bytes
            FROM ledger_leaf AS l LEFT JOIN ledger_content AS c ON c.subject = l.subject
            WHERE ledger = ?1 AND vessel = ?2 AND kind = ?3 ORDER BY place";
        let read = |fields: &Fields<'_>| Ok((read_leaf(fields)?, fields.optional_bytes("bytes")?));
        self.each(sql, params![ledger, vessel.as_bytes(), kind.0], read, each)
    }

    fn ledger_content(&self, subject: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM ledger_content WHERE subject = ?1";
        self.first(sql, [subject.as_bytes()], |fields| fields.bytes("bytes"))
    }

    fn newest_tree_head(&self, ledger: u32) -> Result<Option<TreeHeadRow>, StoreError> {
        let sql = "
            SELECT size, at, note FROM tree_head WHERE ledger = ?1 ORDER BY size DESC LIMIT 1";
        self.first(sql, [ledger], |fields| {
            Ok(TreeHeadRow {
                size: fields.number("size")?,
                at: fields.integer("at")?,
                note: fields.bytes("note")?,
            })
        })
    }
}

impl LedgersMut for SqliteTx<'_> {
    fn begin_ledger(&mut self, ledger: &LedgerRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO ledger (number, key, since) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![ledger.number, ledger.key, ledger.since]).map(|_| ())
    }

    fn append_leaf(
        &mut self,
        ledger: u32,
        row: &LedgerLeafRow,
        complete: &[Node],
    ) -> Result<(), StoreError> {
        let sql = "
            INSERT INTO ledger_leaf
                (ledger, place, at, kind, vessel, number, previous, subject)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Leaf { kind, vessel, number, previous, subject } = &row.leaf;
        let values = params![
            ledger,
            stored(row.index),
            row.at,
            kind.0,
            vessel.as_bytes(),
            stored(*number),
            previous.as_bytes(),
            subject.as_bytes(),
        ];
        self.execute(sql, values)?;
        for node in complete {
            let sql = "
                INSERT INTO ledger_node (ledger, level, place, hash) VALUES (?1, ?2, ?3, ?4)";
            let values = params![ledger, node.level, stored(node.index), node.hash.as_bytes()];
            self.execute(sql, values)?;
        }
        Ok(())
    }

    fn put_ledger_content(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        check_content(bytes)?;
        let sql = "
            INSERT INTO ledger_content (subject, bytes) VALUES (?1, ?2)
            ON CONFLICT (subject) DO NOTHING";
        self.execute(sql, params![Hash::of(bytes).as_bytes(), bytes]).map(|_| ())
    }

    fn put_tree_head(&mut self, ledger: u32, head: &TreeHeadRow) -> Result<(), StoreError> {
        head.check()?;
        let sql = "
            INSERT INTO tree_head (ledger, size, at, note) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (ledger, size) DO UPDATE SET note = excluded.note";
        self.execute(sql, params![ledger, stored(head.size), head.at, head.note]).map(|_| ())
    }
}
