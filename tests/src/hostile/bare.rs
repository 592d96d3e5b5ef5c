//! Automerge without the gate: what each mutant does to a receiver that loads it as it comes.
//!
//! In a process of its own with a limit on memory and processor time, because some never end.

use std::{
    io::{BufRead, BufReader},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Stdio},
};

use automerge::{Automerge, ChangeHash, ReadDoc};

use super::{Mutant, classes::Ground, corpus};

/// Seconds of processor time for one mutant.
const SECONDS: u32 = 3;
/// KiB of memory.
const MEMORY_KIB: u32 = 1024 * 1024;

/// What Automerge does with a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bare {
    /// It says that it is wrong.
    Refused,
    /// It says nothing, and nothing is applied.
    Ignored,
    /// It is applied, and the document saves and loads.
    Taken,
    /// It panics.
    Panics,
    /// It is applied, and what is saved then does not load, or has other heads.
    Spoils,
    /// It does not end, or wants more memory than there is.
    Endless,
}

impl Bare {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Refused, Self::Ignored, Self::Taken, Self::Panics, Self::Spoils, Self::Endless];

    /// In the corpus.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bare| bare.name() == name)
    }
}

/// Gives one mutant to Automerge, in this process.
pub fn give(ground: &Ground, mutant: &Mutant) -> Bare {
    let given = AssertUnwindSafe(|| {
        let mut document = ground.document.clone();
        for change in &mutant.changes {
            if document.load_incremental(&change.bytes).is_err() {
                return Bare::Refused;
            }
        }
        let held = |change: &ChangeHash| document.get_change_by_hash(change).is_some();
        let mut changes = mutant.changes.iter().map(|change| ChangeHash(change.hash.0));
        if document.get_heads() == ground.document.get_heads() && !changes.any(|it| held(&it)) {
            return Bare::Ignored;
        }
        let heads = document.get_heads();
        match Automerge::load(&document.save()) {
            Ok(loaded) if loaded.get_heads() == heads => Bare::Taken,
            _ => Bare::Spoils,
        }
    });
    catch_unwind(given).unwrap_or(Bare::Panics)
}

/// The process that [`measure`] starts: gives the mutants of a file, from the one with this number, and prints a
/// line for each.
pub fn serve(file: &Path, from: usize) {
    std::panic::set_hook(Box::new(|_| {}));
    let ground = Ground::new();
    let mutants = corpus::read(&std::fs::read_to_string(file).unwrap());
    for (mutant, _) in mutants.iter().skip(from) {
        println!("{}", give(&ground, mutant).name());
    }
}

/// Gives every mutant to Automerge, in processes started from `program` with the words `bare FILE FROM`.
pub fn measure(program: &Path, mutants: &[Mutant]) -> Vec<Bare> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mutants.txt");
    let lines: Vec<(Mutant, Bare)> =
        mutants.iter().map(|mutant| (mutant.clone(), Bare::Refused)).collect();
    std::fs::write(&file, corpus::write(&lines)).unwrap();
    let mut found: Vec<Bare> = Vec::new();
    while found.len() < mutants.len() {
        let from = found.len();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -t {SECONDS} -v {MEMORY_KIB}; exec \"$@\""))
            .arg("sh")
            .arg(program)
            .arg("bare")
            .arg(&file)
            .arg(from.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        found.extend(lines.map_while(Result::ok).filter_map(|line| Bare::named(&line)));
        child.wait().unwrap();
        // Ended before its time, on the first one that it was given: that one does not end.
        if found.len() == from {
            found.push(Bare::Endless);
        }
    }
    found
}
