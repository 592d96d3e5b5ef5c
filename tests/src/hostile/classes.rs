//! The classes of mutants: each takes a change as an honest writer makes it, and does one thing wrong.

mod content;
mod header;
mod wire;

pub use header::{forged_of, with_another_counter};
pub use wire::bomb;

use automerge::{
    ActorId, Automerge, ROOT, ReadDoc,
    transaction::{CommitOptions, Transactable, Transaction},
};
use deckwatch_core::{
    document::RawChange,
    model::{DeviceId, Hash},
};

use super::{Class, Dice, Fate, Mutant, scene::Device};

/// The run of the honest officer's program.
const HONEST_RUN: [u8; 8] = [1; 8];

/// What the honest officer wrote, and the hostile one has seen.
pub struct Ground {
    /// The Plan after it.
    pub document: Automerge,
    /// Its changes, oldest first.
    pub changes: Vec<RawChange>,
    /// What the honest officer writes after that, each on the one before.
    pub later: Vec<RawChange>,
    /// Who wrote it.
    pub honest: DeviceId,
    /// Who has seen it.
    pub hostile: DeviceId,
}

impl Ground {
    /// The ground that every mutant stands on.
    pub fn new() -> Self {
        let (honest, hostile) = (Device::honest().dev, Device::hostile().dev);
        let mut pen = Pen { document: Automerge::new() };
        pen.take(honest, HONEST_RUN);
        let first = pen.write(|tx| {
            tx.put(ROOT, "vessel/name", "Aurora")?;
            tx.put(ROOT, "vessel/contact_limit_hours", 48_i64)?;
            for at in ["a0", "a1", "a2", "a3"] {
                tx.put(ROOT, checkpoint(at), format!("Space {at}"))?;
            }
            Ok(())
        });
        let second = pen.write(|tx| {
            tx.put(ROOT, "vessel/name", "Aurora II")?;
            tx.delete(ROOT, checkpoint("a3"))
        });
        let document = pen.document.clone();
        let later = ["Borealis", "Castor", "Dunlin"]
            .map(|name| pen.write(|tx| tx.put(ROOT, "vessel/name", name)));
        Self { document, changes: vec![first, second], later: later.to_vec(), honest, hostile }
    }

    /// Its heads.
    pub fn heads(&self) -> Vec<Hash> {
        self.document.get_heads().iter().map(|head| Hash(head.0)).collect()
    }

    /// A pen of the hostile device, on what it has seen.
    pub(super) fn pen(&self, run: u8) -> Pen {
        let mut pen = Pen { document: self.document.clone() };
        pen.take(self.hostile, [run; 8]);
        pen
    }

    /// A good change of the hostile device: a new value, a replaced one, a deleted one, a number.
    pub fn good(&self, run: u8) -> RawChange {
        self.pen(run).write(|tx| {
            tx.put(ROOT, "checkpoint/b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0/name", "Paint locker")?;
            tx.put(ROOT, checkpoint("a0"), "Galley")?;
            tx.put(ROOT, checkpoint("a2"), "Galley")?;
            tx.delete(ROOT, checkpoint("a1"))?;
            tx.put(ROOT, "vessel/contact_limit_hours", 72_i64)
        })
    }
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of a checkpoint's name.
fn checkpoint(at: &str) -> String {
    format!("checkpoint/{}/name", at.repeat(16))
}

/// Writes changes with Automerge itself, as one device or another.
pub(super) struct Pen {
    pub document: Automerge,
}

impl Pen {
    pub fn take(&mut self, device: DeviceId, run: [u8; 8]) {
        let actor: Vec<u8> = device.0.into_iter().chain(run).collect();
        self.document.set_actor(ActorId::from(actor));
    }

    /// One change; it must change something.
    pub fn write(
        &mut self,
        what: impl FnOnce(&mut Transaction<'_>) -> Result<(), automerge::AutomergeError>,
    ) -> RawChange {
        self.write_with(CommitOptions::default().with_time(0), what)
    }

    pub fn write_with(
        &mut self,
        options: CommitOptions,
        what: impl FnOnce(&mut Transaction<'_>) -> Result<(), automerge::AutomergeError>,
    ) -> RawChange {
        let done = self.document.transact_with(|()| options, what).unwrap();
        raw(&self.document, done.hash.unwrap())
    }
}

/// One change of a document.
fn raw(document: &Automerge, hash: automerge::ChangeHash) -> RawChange {
    let change = document.get_change_by_hash(&hash).unwrap();
    RawChange { hash: Hash(hash.0), bytes: change.raw_bytes().to_vec() }
}

/// Gathers mutants of one class.
struct Into<'a> {
    class: Class,
    all: &'a mut Vec<Mutant>,
}

impl Into<'_> {
    fn add(&mut self, fate: Fate, what: impl std::fmt::Display, changes: Vec<RawChange>) {
        self.after(0, fate, what, changes);
    }

    /// The first `good` changes are as an honest device makes them.
    fn after(
        &mut self,
        good: usize,
        fate: Fate,
        what: impl std::fmt::Display,
        changes: Vec<RawChange>,
    ) {
        let what = what.to_string().replace(' ', "-");
        self.all.push(Mutant { class: self.class, what, fate, changes, good });
    }

    fn never(&mut self, what: impl std::fmt::Display, change: RawChange) {
        self.add(Fate::Never, what, vec![change]);
    }
}

/// Every recipe once, and `random` mutants of each class that is made by chance.
pub fn batch(seed: u64, random: usize) -> Vec<Mutant> {
    let (ground, mut dice, mut all) = (Ground::new(), Dice::new(seed), Vec::new());
    for class in Class::ALL {
        let mut into = Into { class, all: &mut all };
        match class {
            Class::Bytes => wire::bytes(&ground, &mut dice, random, &mut into),
            Class::Truncated => wire::truncated(&ground, &mut dice, random, &mut into),
            Class::Sort => wire::sorts(&ground, &mut dice, &mut into),
            Class::Bomb => wire::bombs(&ground, &mut into),
            Class::Columns => wire::columns(&ground, &mut dice, random, &mut into),
            Class::Orphan => header::orphans(&ground, &mut dice, &mut into),
            Class::Dependencies => header::dependencies(&ground, &mut dice, &mut into),
            Class::Equivocation => header::equivocations(&ground, &mut into),
            Class::Forged => header::forged(&ground, &mut into),
            Class::Actors => header::actors(&ground, &mut dice, &mut into),
            Class::Sequence => header::sequences(&ground, &mut into),
            Class::Counter => header::counters(&ground, &mut into),
            Class::Shape => content::shapes(&ground, &mut into),
            Class::Size => content::sizes(&ground, &mut into),
            Class::Empty => content::empty(&ground, &mut into),
            Class::Replaces => content::replaces(&ground, &mut into),
        }
    }
    all
}
