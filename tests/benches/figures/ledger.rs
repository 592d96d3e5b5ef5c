//! The ledger: what a proof costs in a ledger of 10 million leaves, and what a signed tree head adds to its signature.

use std::convert::Infallible;
use std::hint::black_box;

use deckwatch_core::{
    entropy::{SeededEntropy, draw},
    ledger::{
        Frontier, Hashes, Leaf, LeafKind, LedgerKey, SignedTreeHead,
        merkle::{node_hash, prove_inclusion, verify_inclusion},
    },
    model::{Hash, VesselId},
};

use super::{Table, shown, timed};

const LEAVES: u64 = 10_000_000;
const PROOFS: u64 = 2_000;

pub fn measure(table: &mut Table) {
    proofs(table);
    appending(table);
}

/// All complete subtrees, level by level, as a store holds them: 640 MB.
struct Stored(Vec<Vec<Hash>>);

impl Stored {
    fn of(leaves: u64) -> Self {
        let leaf = |index: u64| {
            let bytes = index.to_be_bytes();
            let mut hash = Hash::ZERO;
            hash.0.iter_mut().zip(bytes.iter().cycle()).for_each(|(to, from)| *to = *from);
            hash
        };
        let mut levels = vec![(0..leaves).map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let above = below.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
            levels.push(above);
        }
        Self(levels)
    }
}

impl Hashes for Stored {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(level)][index as usize])
    }
}

fn proofs(table: &mut Table) {
    let (stored, building) = timed(|| Stored::of(LEAVES));
    let root = Frontier::load(&stored, LEAVES).unwrap().root();
    let mut entropy = SeededEntropy::new(1);
    let indexes: Vec<u64> =
        (0..PROOFS).map(|_| u64::from_be_bytes(draw(&mut entropy)) % LEAVES).collect();
    let (paths, proving) = timed(|| {
        let prove = |index: &u64| prove_inclusion(&stored, *index, LEAVES).unwrap();
        indexes.iter().map(prove).collect::<Vec<_>>()
    });
    let longest = paths.iter().map(Vec::len).max().unwrap();
    let ((), verifying) = timed(|| {
        for (index, path) in indexes.iter().zip(&paths) {
            let leaf = stored.node(0, *index).unwrap();
            verify_inclusion(*index, LEAVES, leaf, path, root).unwrap();
        }
    });
    // The bare cost: as many hashes of 64 bytes as the tree is high.
    let (_, bare) = timed(|| {
        (0..PROOFS * 24).fold([7_u8; 64], |mut block, _| {
            let hash = Hash::of(&block).0;
            block[..32].copy_from_slice(&hash);
            black_box(block)
        })
    });
    let each =
        |time: std::time::Duration| format!("{:.2} µs", time.as_secs_f64() * 1e6 / PROOFS as f64);
    let ratio = |time: std::time::Duration| time.as_secs_f64() / bare.as_secs_f64();
    table.row(
        "an inclusion proof, 10 million leaves",
        each(proving),
        format!(
            "{longest} hashes; {:.2} times 24 SHA-256 of 64 bytes ({})",
            ratio(proving),
            each(bare)
        ),
    );
    table.row(
        "its verification",
        each(verifying),
        format!("{:.2} times 24 SHA-256 of 64 bytes", ratio(verifying)),
    );
    table.row("all nodes of 10 million leaves", shown(building), "once, from their hashes");
}

fn appending(table: &mut Table) {
    const ROUNDS: u64 = 2_000;
    let key = LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap();
    let text = SignedTreeHead::sign(LEAVES, Hash::ZERO, &key).unwrap().head().text();
    let (_, bare) = timed(|| (0..ROUNDS).for_each(|_| drop(black_box(key.sign(&text)))));
    let mut frontier = Frontier::default();
    let mut leaf = Leaf::after(None, VesselId([1; 16]), LeafKind::SEGMENT, Hash::ZERO);
    let ((), whole) = timed(|| {
        for number in 0..ROUNDS {
            leaf =
                Leaf::after(Some(&leaf), leaf.vessel, leaf.kind, Hash::of(&number.to_be_bytes()));
            black_box(frontier.append(&leaf.encode()).unwrap());
            let head = SignedTreeHead::sign(frontier.size(), frontier.root(), &key).unwrap();
            black_box(head.encode());
        }
    });
    let each =
        |time: std::time::Duration| format!("{:.1} µs", time.as_secs_f64() * 1e6 / ROUNDS as f64);
    table.row(
        "a leaf appended and its tree head signed",
        each(whole),
        format!(
            "{:.2} times a bare Ed25519 signature ({})",
            whole.as_secs_f64() / bare.as_secs_f64(),
            each(bare)
        ),
    );
}
