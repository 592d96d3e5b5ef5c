//! `tests/fixtures/audit`: bundles that anybody can hold another verifier against, and what each must give.
//!
//! `tests/fixtures/check_bundles.py` does, without this code. To write them anew: `DECKWATCH_REGENERATE=1 cargo test -p
//! deckwatch-core audit::tests::vectors`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};

use super::{
    super::{parts::*, *},
    codes::lies,
    ship::{NOW, Ship, Story, policy, policy_text},
};
use crate::model::Hash;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/audit"))
}

fn short() -> Story {
    Story { short: true, ..Story::default() }
}

/// Bundles that are what they should be, or differ only in what their shore wrote.
fn stories() -> Vec<(&'static str, Ship)> {
    let all = vec![Withheld::everywhere(Shown::ALL)];
    let persons = Shown { person: true, ..Shown::default() };
    let persons = vec![Withheld::everywhere(persons)];
    let erased = Ship::new(Story { erases: true, ..Story::default() });
    let accepted = |content: &Vec<u8>| !content.windows(8).any(|it| it == b"accepted");
    vec![
        ("honest", Ship::honest()),
        ("withheld", Ship::new(Story { withheld: all, ..short() })),
        ("persons-withheld", Ship::new(Story { withheld: persons, ..short() })),
        ("erased", erased.showing(|sources| sources.contents.retain(accepted))),
        ("partial", Ship::new(Story { first: 9, ..short() })),
        ("fork", Ship::new(Story { forks: true, ..short() })),
        ("named-elsewhere", Ship::new(Story { sees: true, ..short() })),
        ("clock-set-back", Ship::new(Story { dates_back: 30, ..short() })),
        ("flag-missing", Ship::new(Story { drops_flag: Some("missed_checkpoint"), ..short() })),
        ("flag-unfounded", Ship::new(Story { makes_up_a_flag: true, ..short() })),
        ("ends-early", Ship::new(Story { as_of: Some(NOW - 86_400), ..short() })),
        ("records-not-logged", Ship::new(Story { forgets_to_log: true, ..short() })),
        ("receipt-contradicts", Ship::new(Story { loses: true, ..short() })),
        ("tree-contradicts", Ship::new(Story { shows_two_faces: true, ..short() })),
        ("earlier-ledger", Ship::new(Story { follows: true, ..short() })),
        ("ledger-unknown", Ship::new(Story { hides_a_ledger: true, ..short() })),
        ("other-ledger", Ship::new(Story { names_another_ledger: true, ..short() })),
        (
            "as-of-too-early",
            Ship::new(Story { as_of: Some(0), ..short() })
                .showing(|sources| sources.receipts.clear()),
        ),
    ]
}

/// Every bundle by its name.
fn bundles() -> BTreeMap<String, Vec<u8>> {
    let archive = |bundle: &Bundle| bundle.to_archive().unwrap();
    let mut bundles: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, ship) in stories() {
        bundles.insert(name.to_owned(), archive(&ship.bundle()));
    }
    let ship = Ship::new(short());
    for (code, bundle) in lies(&ship) {
        let name = code.replace('_', "-");
        let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
        let free = { names }.find(|name| !bundles.contains_key(name)).unwrap();
        bundles.insert(free, archive(&bundle));
    }
    // No bundles.
    let mut longer = archive(&ship.bundle());
    longer.push(0);
    bundles.insert("no-bundle-longer".to_owned(), longer);
    let mut fewer = ship.bundle();
    fewer.take(RECEIPTS);
    bundles.insert("no-bundle-part-missing".to_owned(), archive(&fewer));
    let mut twice = ship.bundle();
    let contents = Parts::read(&twice).unwrap().contents;
    let mut contents: Vec<Vec<u8>> = contents.values().map(|it| it.to_vec()).collect();
    contents.push(ship.manifest.encode());
    contents.sort_by_key(|content| Hash::of(content));
    twice.put(CONTENTS, write_in_order(contents.iter().map(Vec::as_slice)));
    bundles.insert("no-bundle-manifest-twice".to_owned(), archive(&twice));
    bundles
}

/// As `deckwatch verify --json` says it.
fn outcome(archive: &[u8]) -> Value {
    let Ok(bundle) = Bundle::from_archive(archive) else { return json!({ "exit_code": 2 }) };
    match verify(&bundle, &policy(), &Options::default()) {
        Ok(report) => json!({ "exit_code": report.exit_code(), "report": report }),
        Err(_) => json!({ "exit_code": 2 }),
    }
}

#[test]
fn bundles_and_reports_are_those_that_are_written_down() {
    let bundles = bundles();
    let lines: Vec<String> = bundles
        .iter()
        .map(|(name, archive)| format!("{}: {}", json!(name), outcome(archive)))
        .collect();
    let expected = format!("{{\n{}\n}}\n", lines.join(",\n"));
    #[expect(clippy::disallowed_methods, reason = "how a developer asks for new vectors")]
    if std::env::var("DECKWATCH_REGENERATE").is_ok() {
        for (name, archive) in &bundles {
            fs::write(folder().join(format!("{name}.zip")), archive).unwrap();
        }
        fs::write(folder().join("policy.txt"), policy_text()).unwrap();
        fs::write(folder().join("expected.json"), expected).unwrap();
        return;
    }
    let committed = |name: &str| fs::read(folder().join(name)).unwrap();
    for (name, archive) in &bundles {
        assert!(committed(&format!("{name}.zip")) == *archive, "{name}.zip differs");
    }
    assert_eq!(committed("policy.txt"), policy_text().as_bytes());
    let text = String::from_utf8(committed("expected.json")).unwrap();
    for (line, committed) in lines.iter().zip(text.lines().skip(1)) {
        assert_eq!(committed.trim_end_matches(','), line);
    }
    assert_eq!(text.lines().count(), lines.len() + 2);
    let known = fs::read_dir(folder()).unwrap().flatten();
    let zips = known.filter(|entry| entry.path().extension().is_some_and(|it| it == "zip"));
    assert_eq!(zips.count(), bundles.len(), "a bundle that nothing makes");
}
