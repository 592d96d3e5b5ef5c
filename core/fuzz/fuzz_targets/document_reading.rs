#![no_main]

use deckwatch_core::{
    document::{DocumentKind, Line, Value, merge, write, write::actor_of},
    model::{DocumentId, VesselId},
    page::PageContent,
    plan::{PlanDocument, due_patrols},
};
use deckwatch_core_fuzz::{OFFICERS, VESSEL, vouchers};
use libfuzzer_sys::fuzz_target;

/// Lines of keys and values; a value that reads as a number is one.
fn entries(text: &str) -> Vec<(&str, Value)> {
    let mut entries: Vec<(&str, Value)> = Vec::new();
    for line in text.lines() {
        let (key, value) = line.split_once('\t').unwrap_or((line, ""));
        let value = value.parse().map_or_else(|_| Value::Text(value.to_owned()), Value::Int);
        if !entries.iter().any(|(known, _)| *known == key) {
            entries.push((key, value));
        }
    }
    entries
}

// Whatever stands in a document, it reads as a Plan and as a Page.
fuzz_target!(|text: &str| {
    let mut line = Line::default();
    let entries = entries(text);
    let named = entries.iter().map(|(key, value)| (*key, Some(value)));
    let Ok(Some(change)) = write(&mut line, actor_of(OFFICERS.hostile, [1; 8]), 0, named) else {
        return;
    };
    let content = PlanDocument::from(line).content();
    // Its patrols of a week are counted, whatever its times say.
    let patrols = due_patrols(VESSEL, &content, 1_793_577_600, 1_793_577_600 + 7 * 86_400);
    assert!(patrols.len() <= content.schedules.len() * 9 * 1_440);
    // What was read can be written, and reads the same, unless the reader had to leave something out.
    let mut again = PlanDocument::default();
    if again.edit(OFFICERS.honest, [1; 8], 0, &content).is_ok() && content.problems.is_empty() {
        assert_eq!(again.content(), content);
    }
    let id = DocumentId([3; 16]);
    let change = std::slice::from_ref(&change);
    let vouchers = vouchers(DocumentKind::Page, id, &[(OFFICERS.hostile, change)]);
    let merged = merge(DocumentKind::Page, change, &vouchers);
    assert!(merged.holds(change[0].hash));
    let page = PageContent::read(VESSEL, id, &merged);
    assert_eq!(page, PageContent::read(VESSEL, id, &merged));
    let _ = PageContent::read(VesselId([0; 16]), id, &merged);
});
