//! The figures of Deckwatch, as a table: `cargo bench -p deckwatch-tests`.
//!
//! Every figure is measured beside its bare cost in the same run, because machines differ and are
//! noisy. `cargo bench -p deckwatch-tests -- scan sync` runs the parts named: scan, sync, assess, audit, fleet,
//! documents, labels, ledger, times.

mod assess;
mod audit;
mod documents;
mod fleet;
mod labels;
mod ledger;
mod scan;
mod sync;
mod times;

use std::time::{Duration, Instant};

fn main() {
    if documents::measure_alone() {
        return;
    }
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    type Measure = fn(&mut Table);
    let parts: [(&str, Measure); 9] = [
        ("scan", scan::measure),
        ("sync", sync::measure),
        ("assess", assess::measure),
        ("audit", audit::measure),
        ("fleet", fleet::measure),
        ("documents", documents::measure),
        ("labels", labels::measure),
        ("ledger", ledger::measure),
        ("times", times::measure),
    ];
    let mut table = Table::default();
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("measuring {name} ...");
            measure(&mut table);
        }
    }
    table.print();
}

/// What was measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    /// Adds a figure, and how it stands against something.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        value: impl Into<String>,
        note: impl Into<String>,
    ) {
        self.rows.push([what.into(), value.into(), note.into()]);
    }

    fn print(&self) {
        let width = |column: usize| {
            self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let (first, second) = (width(0), width(1));
        for [what, value, note] in &self.rows {
            println!("{what:first$}  {value:>second$}  {note}");
        }
    }
}

/// Runs `work` and says how long it took.
#[expect(clippy::disallowed_methods, reason = "benchmarks measure")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// For people.
pub fn shown(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 10_000 { format!("{micros} µs") } else { format!("{:.1} ms", micros as f64 / 1e3) }
}
