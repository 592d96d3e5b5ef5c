//! How well verdicts and detectors do on months that were sailed by a seed.

use std::{
    env,
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use deckwatch_tests::simulator::{Character, Family, Rate, Story, Tally};
use serde_json::json;

const HELP: &str = "How well verdicts and detectors do on simulated months: made-up ships, people and phones, real records and verdicts.

    deckwatch-evaluate [--seed N] [--months N] [--rough N] [--json]

    --seed N      the first seed (1); each month has a seed of its own, and the same seed sails the same month
    --months N    months for each row about made-up walks (40)
    --rough N     months of a bad ship, about patrols that are missed or await a sync (400)
    --json        one JSON object instead of tables

Examples:
    cargo run --release -p deckwatch-tests --bin deckwatch-evaluate
    cargo run --release -p deckwatch-tests --bin deckwatch-evaluate -- --seed 1000 --months 200 --json

The figures describe this generator and no fleet: see the documentation of `simulator` in tests/src. A flag says \"look here\".";

/// What was asked.
struct Options {
    seed: u64,
    months: u64,
    rough: u64,
    json: bool,
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(said) => {
            let asked = said == HELP;
            if asked {
                println!("{said}")
            } else {
                eprintln!("{said} (try --help)")
            }
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    let rough = Story { character: Character::rough(), days: 30, cheat: None };
    let lateness =
        sailed("phones that die, hide and get lost", rough, (options.seed, options.rough), 6);
    let careless = Character { careless: 1.0, ..Character::rough() };
    let careless = Story { character: careless, ..rough };
    let careless = sailed("codes that nobody shows", careless, (options.seed, options.rough), 6);
    let mut rows = Vec::new();
    for points in [8, 15, 30] {
        for family in Family::ALL {
            let character = Character::labels(points);
            let story = Story { character, days: 30, cheat: Some((family, 0.5)) };
            let what = format!("{points} points: {}", family.word());
            rows.push((points, family, sailed(&what, story, (options.seed, options.months), 0)));
        }
    }
    if options.json {
        as_json((&lateness, &careless), &rows)
    } else {
        as_tables((&lateness, &careless), &rows)
    }
    let broken = lateness.missed_but_walked + lateness.hidden + lateness.done_but_not_walked;
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { seed: 1, months: 40, rough: 400, json: false };
    while let Some(word) = words.next() {
        let mut number = |name: &str| {
            let text = words.next().unwrap_or_default();
            text.parse::<u64>().map_err(|_| format!("{name} takes a number, not {text:?}"))
        };
        match word.as_str() {
            "--seed" => options.seed = number("--seed")?,
            "--months" => options.months = number("--months")?.max(1),
            "--rough" => options.rough = number("--rough")?.max(1),
            "--json" => options.json = true,
            "--help" | "-h" => return Err(HELP.to_owned()),
            other => return Err(format!("deckwatch-evaluate: unknown argument {other}")),
        }
    }
    Ok(options)
}

/// Sails months on all cores; says how far it is where somebody looks.
fn sailed(what: &str, story: Story, (seed, months): (u64, u64), looks: usize) -> Tally {
    let next = AtomicU64::new(0);
    let shown = std::io::stderr().is_terminal();
    let work = || {
        let mut tally = Tally::default();
        loop {
            let month = next.fetch_add(1, Ordering::Relaxed);
            if month >= months {
                return tally;
            }
            tally.add(&Tally::of(story, seed + month, looks));
            if shown {
                eprint!("\r{what}: {}/{months}   ", month + 1);
                let _ = std::io::stderr().flush();
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            tally.add(&thread.join().unwrap());
        }
    });
    if shown {
        eprint!("\r{}\r", " ".repeat(what.len() + 24));
    }
    tally
}

fn percent(rate: Rate) -> String {
    let (low, high) = rate.interval();
    format!("{:5.1} %  ({:.1} to {:.1})", rate.share() * 100.0, low * 100.0, high * 100.0)
}

fn as_tables((lateness, careless): (&Tally, &Tally), rows: &[(usize, Family, Tally)]) {
    println!("Phones that die, lie in drawers, are put away and lost; no link for days");
    println!("  months                                        {:>10}", lateness.months);
    println!("  looks at a due patrol, at any moment          {:>10}", lateness.looks);
    println!("  missed said of a patrol that was walked       {:>10}", lateness.missed_but_walked);
    println!(
        "  done said of a patrol that was not walked     {:>10}",
        lateness.done_but_not_walked
    );
    println!("  not walked, and still awaited at the end      {:>10}", lateness.hidden);
    let found = Rate { hits: lateness.found_missing, of: lateness.not_walked };
    println!("  not walked, and called missed at the end      {}", percent(found));
    for (verdict, count) in &lateness.verdicts {
        println!("    {verdict:<44}{count:>10}");
    }
    println!(
        "  The same where nobody shows the code of a phone that was put away and is used again out of reach:"
    );
    println!("  missed said of a patrol that was walked       {:>10}", careless.missed_but_walked);
    println!("\nMade-up walks on ships with labels alone (95 % intervals)");
    println!("  {:<26}{:>8}  {:<26}{:>18}", "family", "walks", "flagged", "false flags a month");
    let mut before = 0;
    for (points, family, tally) in rows {
        if before != *points {
            println!("  {points} points");
            before = *points;
        }
        let rate = tally.families.get(family).copied().unwrap_or_default();
        let (flagged, falsely) = (percent(rate), tally.false_flags_a_month());
        println!("    {:<24}{:>8}  {flagged:<26}{falsely:>18.2}", family.word(), rate.of);
    }
}

fn as_json((lateness, careless): (&Tally, &Tally), rows: &[(usize, Family, Tally)]) {
    let rows: Vec<_> = rows
        .iter()
        .map(|(points, family, tally)| {
            let rate = tally.families.get(family).copied().unwrap_or_default();
            let flagged = (rate.hits + tally.honest.hits) as f64;
            json!({
                "points": points,
                "family": family,
                "recall": rate.share(),
                "recall_95": rate.interval(),
                "precision": if flagged > 0.0 { rate.hits as f64 / flagged } else { 1.0 },
                "false_flags_a_month": tally.false_flags_a_month(),
                "tally": tally,
            })
        })
        .collect();
    println!("{}", json!({ "lateness": lateness, "careless": careless, "families": rows }));
}
