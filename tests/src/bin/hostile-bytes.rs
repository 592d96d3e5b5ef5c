//! What hostile changes do to Automerge without the gate, and the corpus of those that tell the most.
//!
//! ```text
//! hostile-bytes measure [SEED [RANDOM]]    counts by class
//! hostile-bytes corpus                     writes tests/fixtures/hostile/changes.txt
//! hostile-bytes bare FILE FROM             one process of a measurement
//! hostile-bytes gate FILE                  the gate instead, each by itself
//! ```

use std::{env, path::Path, process::ExitCode};

use deckwatch_tests::hostile::{
    Class, Mutant,
    bare::{self, Bare},
    classes, corpus,
    scene::Vessel,
    stage,
};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bare", file, from] => bare::serve(Path::new(file), from.parse().unwrap()),
        ["gate", file] => gate(Path::new(file)),
        ["measure"] => measured(corpus::SEED, 500),
        ["measure", seed] => measured(seed.parse().unwrap(), 500),
        ["measure", seed, random] => measured(seed.parse().unwrap(), random.parse().unwrap()),
        ["corpus"] => write_corpus(),
        _ => {
            println!("hostile-bytes measure [SEED [RANDOM]] | corpus | bare FILE FROM | gate FILE");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn gate(file: &Path) {
    std::panic::set_hook(Box::new(|_| {}));
    let ground = classes::Ground::new();
    let mutants = corpus::read(&std::fs::read_to_string(file).unwrap());
    for (mutant, _) in &mutants {
        let mut vessel = Vessel::new();
        vessel.honest.vouch(&ground.changes);
        vessel.hostile.vouch(&mutant.changes);
        let changes = [&mutant.changes[..], &ground.changes].concat();
        let outcome = stage::merge(&vessel.shore.public(), &vessel.chains(), &changes);
        stage::holds(&outcome, &ground.changes, &[mutant]);
    }
    println!("{} mutants, the ground came through", mutants.len());
}

fn found(mutants: Vec<Mutant>) -> Vec<(Mutant, Bare)> {
    let outcomes = bare::measure(&env::current_exe().unwrap(), &mutants);
    mutants.into_iter().zip(outcomes).collect()
}

fn measured(seed: u64, random: usize) {
    let found = found(classes::batch(seed, random));
    println!("seed {seed}, {} mutants, Automerge 0.12.0 without the gate:\n", found.len());
    let names = Bare::ALL.map(|bare| format!("{:>9}", bare.name())).concat();
    println!("{:14}{names}", "class");
    for class in Class::ALL {
        let count = |bare: Bare| {
            found.iter().filter(|(mutant, it)| mutant.class == class && *it == bare).count()
        };
        let counts = Bare::ALL.map(|bare| format!("{:>9}", count(bare))).concat();
        println!("{:14}{counts}", class.name());
    }
}

fn write_corpus() {
    let kept = corpus::telling(found(classes::batch(corpus::SEED, 2_000)));
    let text = corpus::with_ground(&classes::Ground::new(), &kept);
    println!("{} mutants, {} bytes", kept.len(), text.len());
    std::fs::write(corpus::PATH, text).unwrap();
}
