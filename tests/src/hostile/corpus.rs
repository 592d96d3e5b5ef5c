//! The kept mutants: a line each, `CLASS FATE GOOD WHAT BARE HASH:BYTES...`, hashes and bytes in hex.

use std::fmt::Write;

use deckwatch_core::{document::RawChange, model::Hash};

use super::{Class, Fate, Mutant, bare::Bare, classes::Ground};

/// Where they are, from the root of the repository.
pub const PATH: &str = "tests/fixtures/hostile/changes.txt";
/// The seed of the kept ones.
pub const SEED: u64 = 20_261_124;
/// Longer ones are made when they are needed.
const MOST_BYTES: usize = 6_000;

/// The kept ones, with what Automerge did with each when it was kept.
pub fn kept() -> Vec<(Mutant, Bare)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hostile/changes.txt");
    read(&std::fs::read_to_string(path).unwrap())
}

/// Reads lines.
pub fn read(text: &str) -> Vec<(Mutant, Bare)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| mutant(line).unwrap_or_else(|| panic!("not a mutant: {line}"))).collect()
}

fn mutant(line: &str) -> Option<(Mutant, Bare)> {
    let mut words = line.split(' ');
    let class = Class::named(words.next()?)?;
    let name = words.next()?;
    let (_, fate) = Fate::ALL.into_iter().find(|(known, _)| *known == name)?;
    let good = words.next()?.parse().ok()?;
    let what = words.next()?.to_owned();
    let bare = Bare::named(words.next()?)?;
    let change = |word: &str| {
        let (hash, bytes) = word.split_once(':')?;
        Some(RawChange { hash: Hash(from_hex(hash)?.try_into().ok()?), bytes: from_hex(bytes)? })
    };
    let changes = words.map(change).collect::<Option<_>>()?;
    Some((Mutant { class, what, fate, changes, good }, bare))
}

/// Writes lines.
pub fn write(mutants: &[(Mutant, Bare)]) -> String {
    let mut text = String::new();
    for (mutant, bare) in mutants {
        let (fate, _) = Fate::ALL.into_iter().find(|(_, fate)| *fate == mutant.fate).unwrap();
        let (class, bare) = (mutant.class.name(), bare.name());
        write!(text, "{class} {fate} {} {} {bare}", mutant.good, mutant.what).unwrap();
        for change in &mutant.changes {
            write!(text, " {}:{}", hex(&change.hash.0), hex(&change.bytes)).unwrap();
        }
        text.push('\n');
    }
    text
}

/// The same, behind a comment with the honest changes that all of them build on.
pub fn with_ground(ground: &Ground, mutants: &[(Mutant, Bare)]) -> String {
    let mut text = "# ground".to_owned();
    for change in &ground.changes {
        write!(text, " {}:{}", hex(&change.hash.0), hex(&change.bytes)).unwrap();
    }
    text + "\n" + &write(mutants)
}

/// The most telling of `mutants`: every recipe that is short, and of those made by chance some of each outcome.
pub fn telling(mutants: Vec<(Mutant, Bare)>) -> Vec<(Mutant, Bare)> {
    let mut left: [(Bare, usize); 6] =
        Bare::ALL.map(|bare| (bare, if bare == Bare::Refused { 10 } else { 40 }));
    let mut keep = |(mutant, bare): &(Mutant, Bare)| {
        let size: usize = mutant.changes.iter().map(|change| change.bytes.len()).sum();
        let by_chance = mutant.what.starts_with("mutant-") || mutant.what.starts_with("noise-");
        if !by_chance {
            return size <= MOST_BYTES || mutant.class == Class::Bomb;
        }
        let room = left.iter_mut().find(|(outcome, _)| outcome == bare);
        room.is_some_and(|(_, room)| {
            let kept = *room > 0;
            *room = room.saturating_sub(1);
            kept
        })
    };
    mutants.into_iter().filter(|mutant| keep(mutant)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs.map(|pair| Some((pair.first()? << 4 | pair.get(1)?) as u8)).collect()
}
