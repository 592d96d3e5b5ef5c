//! Evidence handed out: a bundle that needs this shore no more (`core/src/audit/README.md`).

use std::collections::BTreeSet;

use deckwatch_core::{
    audit::{Bundle, Manifest, Sources, UnreadableReceipt, Withheld},
    ledger::{LeafKind, NO_VESSEL, SignedTreeHead, Withdrawal},
    model::VesselId,
    record::{Chain, Segment},
};

use super::{Ledger, LedgerError, Statement};
use crate::projection::read::receipts;
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{DocumentRef, ReadTx, StoreError, gather};

const UNREADABLE_RECEIPT: StoreError = StoreError::Unreadable { what: "receipt" };

/// A clock that was set back by no more than this (s) is passed over.
const CLOCK_BEHIND: i64 = 86_400;

/// What to hand out, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// Patrols that were due from here on, Unix seconds.
    pub from: i64,
    /// Patrols that were due before this, Unix seconds.
    pub to: i64,
    /// To whom.
    pub recipient: String,
    /// Parts of records that are not shown.
    pub withheld: Vec<Withheld>,
    /// Whether it is shown what people wrote on Pages.
    pub pages: bool,
}

impl Shore {
    /// Hands out a vessel's evidence. In one transaction the vessel is assessed, its flags are logged, that it is handed
    /// out becomes the last leaf, and the tree head is signed: nothing can have been left out after it.
    pub fn export(&self, vessel: VesselId, request: &ExportRequest) -> Result<Bundle, ShoreError> {
        let (bundle, ledger, head) = self.writing_held(vessel, |tx, held| {
            let ledger = self.open_ledger(tx)?;
            let as_of = self.as_of(&*tx, held, &ledger)?;
            let flags = crate::projection::replace(tx, held, as_of)?;
            self.log_flags(tx, vessel, &flags, as_of)?;
            let prepared = sources(&*tx, held, &ledger, request.pages)?;
            let prepared = prepared.prepare(&request.withheld);
            let prepared = prepared.map_err(|UnreadableReceipt| UNREADABLE_RECEIPT)?;
            let manifest = Manifest {
                vessel,
                from: request.from,
                to: request.to.max(request.from),
                as_of,
                shore_key: *held.shore_key(),
                first: 0,
                recipient: recipient(&request.recipient),
                withheld: request.withheld.clone(),
                parts: prepared.named(),
            };
            self.log(tx, vessel, &[Statement::Export(manifest.encode())])?;
            let head = self.sign_tree_head(tx, &ledger)?;
            let unreadable = |_| StoreError::Unreadable { what: "tree head" };
            let signed = SignedTreeHead::parse(&head.note).map_err(unreadable)?;
            let newest = tx.newest_leaf_of(ledger.number(), vessel)?;
            let newest = newest.ok_or(StoreError::Unreadable { what: "leaf" })?;
            let export = (newest.index, newest.leaf);
            let bundle = prepared.write(&manifest, export, &signed, &ledger.hashes(&*tx));
            let bundle = bundle.map_err(damaged)?;
            Ok::<_, ShoreError>((bundle, ledger, head))
        })?;
        self.ledger_folder().note_handed_out(ledger.key(), &head.note)?;
        Ok(bundle)
    }

    /// The moment as of which evidence is handed out: now, but not before anything that the shore itself has signed or
    /// logged. A clock that is far behind is not argued with: a reader would have to call the bundle contradictory.
    fn as_of(&self, tx: &dyn ReadTx, held: &Held, ledger: &Ledger) -> Result<i64, ShoreError> {
        let now = self.now();
        let mut known: Vec<i64> =
            receipts(tx, held.vessel())?.into_iter().map(|receipt| receipt.time).collect();
        let contents =
            |kind| gather(|each| tx.ledger_contents_of(ledger.number(), held.vessel(), kind, each));
        for (_, content) in contents(LeafKind::FLAG_REVISED)? {
            known.extend(content.and_then(|it| Withdrawal::decode(&it).ok()).map(|it| it.as_of));
        }
        for (_, content) in contents(LeafKind::EXPORT)? {
            known.extend(content.and_then(|it| Manifest::decode(&it).ok()).map(|it| it.as_of));
        }
        let own = held.chain(held.authority().root()).into_iter().flat_map(Chain::all);
        let walls = own.filter_map(|entry| i64::try_from(entry.time?.wall).ok());
        let newest = walls.chain(known).max().map_or(now, |newest| newest.max(now));
        match newest.saturating_sub(now) {
            secs if secs > CLOCK_BEHIND => Err(ShoreError::ClockBehind { secs }),
            _ => Ok(newest),
        }
    }
}

/// A name as a manifest holds it.
fn recipient(name: &str) -> String {
    let mut plain: String = name.chars().filter(|it| !it.is_control()).collect();
    while plain.len() > deckwatch_core::audit::manifest::MAX_RECIPIENT {
        plain.pop();
    }
    plain
}

fn damaged(error: deckwatch_core::audit::WriteError<LedgerError>) -> ShoreError {
    StoreError::Failed(Box::new(error)).into()
}

fn sources(
    tx: &dyn ReadTx,
    held: &Held,
    ledger: &Ledger,
    pages: bool,
) -> Result<Sources, ShoreError> {
    const UNREADABLE: StoreError = StoreError::Unreadable { what: "segment" };
    let vessel = held.vessel();
    let leaves = gather(|each| tx.ledger_leaves_of(ledger.number(), vessel, each))?;
    let about_itself = gather(|each| tx.ledger_leaves_of(ledger.number(), NO_VESSEL, each))?;
    let mut contents = Vec::new();
    let kept = leaves.iter().chain(&about_itself).filter(|row| row.leaf.kind != LeafKind::CHANGE);
    for row in kept {
        contents.extend(tx.ledger_content(row.leaf.subject)?);
    }
    contents.extend(changes(tx, vessel, pages)?);
    let rows = gather(|each| tx.segments_of(vessel, each))?;
    let segments: Result<Vec<Segment>, StoreError> =
        rows.iter().map(|row| Segment::decode(&row.bytes).map_err(|_| UNREADABLE)).collect();
    let receipts = gather(|each| tx.receipts_of(vessel, each))?;
    Ok(Sources {
        leaves: leaves.iter().map(|row| (row.index, row.leaf)).collect(),
        ledger_leaves: about_itself.iter().map(|row| (row.index, row.leaf)).collect(),
        contents,
        segments: segments?,
        receipts: receipts.into_iter().map(|row| row.bytes).collect(),
    })
}

/// All changes of the Plan, and of Pages where they are shown.
fn changes(tx: &dyn ReadTx, vessel: VesselId, pages: bool) -> Result<Vec<Vec<u8>>, StoreError> {
    let names = gather(|each| tx.change_names(vessel, 0, each))?;
    let documents: BTreeSet<DocumentRef> = names.iter().map(|name| name.doc).collect();
    let mut changes = Vec::new();
    for doc in documents.into_iter().filter(|doc| pages || doc.kind == 1) {
        let rows = gather(|each| tx.changes_of(vessel, doc, 0, each))?;
        changes.extend(rows.into_iter().map(|row| row.bytes));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use deckwatch_core::{
        audit::{Options, Report, Shown, verify},
        authority::Roles,
        ledger::Policy,
        plan::PlanContent,
        record::Body,
    };

    use super::*;
    use crate::phone::{START, Scene};

    fn request(withheld: Vec<Withheld>, pages: bool) -> ExportRequest {
        let recipient = "the flag\nstate".to_owned();
        ExportRequest { from: START - 86_400, to: START, recipient, withheld, pages }
    }

    fn lived() -> Scene {
        let scene = Scene::new();
        let mut phone = scene.enrolled(2, Roles::CREW);
        phone.record(START + 1, 0, &[Body::Alive, Body::Alive]);
        phone.sync(&scene).unwrap();
        let plan = PlanContent { vessel_name: "Aurora".to_owned(), ..PlanContent::default() };
        scene.shore.edit_plan(scene.vessel, &plan).unwrap();
        phone.record(START + 90, 0, &[Body::Alive]);
        phone.sync(&scene).unwrap();
        scene
    }

    fn report(scene: &Scene, request: &ExportRequest) -> Report {
        let bundle = scene.shore.export(scene.vessel, request).unwrap();
        let archive = bundle.to_archive().unwrap();
        let bundle = Bundle::from_archive(&archive).unwrap();
        let ledger = crate::store::try_reading(&*scene.store, |tx| Ledger::newest(tx));
        let policy = Policy::of_ledger(ledger.unwrap().unwrap().key().clone());
        verify(&bundle, &policy, &Options::default()).unwrap()
    }

    #[test]
    fn what_is_handed_out_verifies_and_is_in_the_ledger() {
        let scene = lived();
        let first = report(&scene, &request(Vec::new(), true));
        assert_eq!(first.exit_code(), 0, "{first}");
        assert_eq!((first.ledger.after, first.recipient.as_str()), (0, "the flagstate"));
        assert_eq!(first.not_shown, Default::default());
        // The same again, at the same second: what was handed out before is shown too.
        let second = report(&scene, &request(Vec::new(), true));
        assert_eq!(second.exit_code(), 0, "{second}");
        let before: Vec<&String> = second.ledger.statements.iter().collect();
        assert!(before.iter().any(|it| it.contains("handed out before")), "{second}");
    }

    #[test]
    fn what_is_withheld_leaves_integrity() {
        let scene = lived();
        for parts in (1..=7).filter_map(Shown::from_number) {
            let report = report(&scene, &request(vec![Withheld::everywhere(parts)], false));
            assert!(report.integrity, "{report}");
            assert!(report.reassessment.differences.is_empty(), "{report}");
        }
    }
}
