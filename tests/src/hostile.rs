//! Bytes that somebody makes who wants to stop a document, a phone or the shore.
//!
//! A certified device can sign what it likes, so whatever it vouches for reaches the gate. The generator here
//! writes such changes: it takes changes apart ([`chunk`]), puts them together wrong in one way ([`classes`]), and
//! makes length, checksum and hash right again. The same seed gives the same bytes: there is no clock, and no
//! randomness but [`Dice`].
//!
//! [`corpus`] reads and writes the kept ones, [`scene`] has the devices that vouch for them, and [`bare`] gives
//! them to Automerge without the gate, in a process of its own, to see what they are for.

pub mod bare;
pub mod chunk;
pub mod classes;
pub mod corpus;
pub mod scene;
pub mod stage;

use deckwatch_core::{
    document::RawChange,
    entropy::{Entropy, SeededEntropy},
};

/// A way to be hostile. The order is that of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One to three bytes of a good change are other bytes.
    Bytes,
    /// The end is missing.
    Truncated,
    /// Another sort of chunk under a change's hash: document, deflated change, bundle, or none.
    Sort,
    /// Few bytes that inflate to many.
    Bomb,
    /// A dependency that does not exist, or an end of a chain whose beginning never comes.
    Orphan,
    /// Dependencies repeated, out of order, of itself as far as that can be claimed, or hundreds.
    Dependencies,
    /// Two different changes with one number of one actor, and what builds on them.
    Equivocation,
    /// Another device's actor id.
    Forged,
    /// An actor id of another length, or lists of actors that do not fit.
    Actors,
    /// The actor's number is not the next one.
    Sequence,
    /// The first operation's number is not the next one.
    Counter,
    /// Objects, marks, counters, and values that are no text and no number.
    Shape,
    /// Keys, values, messages and counts of operations larger than any honest one.
    Size,
    /// Changes without operations, with a message, or with bytes behind their columns.
    Empty,
    /// Columns that claim other lengths or counts than they hold.
    Columns,
    /// Replaces what is not there, what others wrote elsewhere, or itself.
    Replaces,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Bytes,
        Self::Truncated,
        Self::Sort,
        Self::Bomb,
        Self::Orphan,
        Self::Dependencies,
        Self::Equivocation,
        Self::Forged,
        Self::Actors,
        Self::Sequence,
        Self::Counter,
        Self::Shape,
        Self::Size,
        Self::Empty,
        Self::Columns,
        Self::Replaces,
    ];

    /// Its name in the corpus.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// What must become of a mutant's changes. Beyond that, everything in [`stage::holds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// None of it is ever applied.
    Never,
    /// At most one of its changes is on the main line, and the others are not lost.
    OneOfThem,
    /// It may be applied: a byte may as well be another letter of a text.
    Either,
}

impl Fate {
    /// All of them, by name.
    pub const ALL: [(&str, Self); 3] =
        [("never", Self::Never), ("one", Self::OneOfThem), ("either", Self::Either)];
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The way.
    pub class: Class,
    /// What is wrong with it, in a few words without spaces.
    pub what: String,
    /// What must become of it.
    pub fate: Fate,
    /// Its changes, in the order in which their author vouches for them.
    pub changes: Vec<RawChange>,
    /// So many of them, from the first, are good by themselves: its fate is that of the others.
    pub good: usize,
}

/// Repeatable choices.
#[derive(Debug, Clone)]
pub struct Dice(SeededEntropy);

impl Dice {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_be_bytes(bytes) % end as u64) as usize
    }

    /// One of `choices`.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    /// The same things in another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}
