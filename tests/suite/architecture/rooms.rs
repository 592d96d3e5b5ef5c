//! The rooms of the core, and which may use which.

use std::collections::BTreeMap;

use super::{
    none, read, shipped_files,
    source::{PathUse, Source},
};

/// A room, and the rooms it may use. Tests inside a room may use any.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("entropy", &["model"]),
    ("record", &["model", "entropy"]),
    ("time", &["model", "record"]),
    ("presence", &["model", "record"]),
    ("login", &["model", "record", "time", "entropy"]),
    ("authority", &["model", "record", "time"]),
    ("document", &["model", "record", "entropy", "authority"]),
    ("plan", &["model", "record", "time", "document", "entropy"]),
    ("page", &["model", "record", "time", "document", "authority", "plan"]),
    ("patrol", &["model", "record", "time", "plan", "presence", "authority"]),
    ("assess", &["model", "record", "time", "document", "plan", "page", "authority"]),
    ("ledger", &["model", "record", "time", "assess"]),
    ("sync", &["model", "record", "time", "document", "authority", "ledger"]),
    (
        "audit",
        &["model", "record", "time", "document", "plan", "page", "authority", "assess", "ledger"],
    ),
    ("store", &["model", "record", "time", "document", "sync", "entropy", "authority"]),
    (
        "phone",
        &[
            "model",
            "entropy",
            "record",
            "time",
            "presence",
            "authority",
            "document",
            "plan",
            "page",
            "patrol",
            "assess",
            "sync",
            "ledger",
            "audit",
            "login",
            "store",
        ],
    ),
];

fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    ROOMS.iter().copied().collect()
}

/// The modules that a file of the core is, from the crate's root: `core/src/record/key.rs` is
/// `record::key`, and `core/src/lib.rs` is nothing.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("core/src/").unwrap().strip_suffix(".rs").unwrap();
    if inner == "lib" { Vec::new() } else { inner.split('/').map(str::to_owned).collect() }
}

/// The room that a path leads to, if it leaves the modules it is written in.
fn room_of(path: &PathUse, module: &[String]) -> Option<String> {
    let first = path.segments.first()?;
    if first == "crate" || first == "deckwatch_core" {
        return path.segments.get(1).cloned();
    }
    let ups = path.segments.iter().take_while(|segment| *segment == "super").count();
    let depth = module.len() + path.inside.len();
    if ups == 0 || ups < depth { None } else { path.segments.get(ups).cloned() }
}

/// What is wrong in one file.
fn faults_in(path: &str, text: &str) -> Vec<String> {
    let allowed = allowed();
    let source = Source::read(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let module = module_of(path);
    let Some(room) = module.first() else {
        return source
            .modules
            .iter()
            .filter(|name| !allowed.contains_key(name.as_str()))
            .map(|name| {
                format!("{path}: `{name}` is not a room: add it to ROOMS, or find its room")
            })
            .collect();
    };
    let Some(may_use) = allowed.get(room.as_str()) else {
        return vec![format!("{path}: `{room}` is not a room: add it to ROOMS, or find its room")];
    };
    let mut faults = Vec::new();
    for used in &source.paths {
        let Some(to) = room_of(used, &module) else { continue };
        if !allowed.contains_key(to.as_str()) {
            faults.push(format!(
                "{path}:{}: `{}` leads to no room",
                used.line,
                used.segments.join("::")
            ));
        } else if to != *room && !may_use.contains(&to.as_str()) {
            faults.push(format!("{path}:{}: `{room}` may not use `{to}`", used.line));
        }
    }
    faults.dedup();
    faults
}

#[test]
fn rooms_of_the_core_use_only_what_they_may() {
    let faults: Vec<String> =
        shipped_files("core/src").iter().flat_map(|path| faults_in(path, &read(path))).collect();
    none(&faults);
}

/// Every room uses only rooms above it in the table, so no circle can come in with a new row.
#[test]
fn the_table_has_no_circle() {
    for (at, (room, may_use)) in ROOMS.iter().enumerate() {
        for used in *may_use {
            let found = ROOMS.iter().position(|(name, _)| name == used);
            assert!(found.is_some_and(|found| found < at), "{room} -> {used}");
        }
    }
}

#[test]
fn a_planted_edge_is_found_however_it_is_written() {
    let wrong = [
        ("core/src/model/id.rs", "use crate::store::Db;"),
        ("core/src/record.rs", "use super::store;"),
        ("core/src/record.rs", "use crate::{model::Hash, store::{Db, Row}};"),
        ("core/src/record/segment.rs", "fn f() { super::super::store::open() }"),
        ("core/src/record/segment.rs", "mod deep { use super::super::super::plan::Plan; }"),
        ("core/src/time/bounds.rs", "fn f() { debug_assert!(crate::assess::sure()); }"),
        ("core/src/sync.rs", "pub(crate) use deckwatch_core::store::Db;"),
        ("core/src/ledger/tree.rs", "#[derive(crate::audit::Bundle)] struct S;"),
    ];
    for (path, text) in wrong {
        let faults = faults_in(path, text);
        assert_eq!(faults.len(), 1, "{path}: {text}: {faults:?}");
        assert!(faults[0].contains("may not use"), "{faults:?}");
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    let right = [
        ("core/src/record/segment.rs", "use crate::model::Hash; use super::key::DeviceKey;"),
        ("core/src/record/segment.rs", "#[cfg(test)] mod tests { use crate::store::Db; }"),
        (
            "core/src/record/segment.rs",
            "// use crate::store::Db;\nconst S: &str = \"crate::store\";",
        ),
        ("core/src/record/segment.rs", "mod deep { use super::super::key; use self::x::Y; }"),
        ("core/src/phone.rs", "pub(in crate::phone) use crate::{store::Db, audit};"),
        ("core/src/lib.rs", "pub mod store;"),
    ];
    for (path, text) in right {
        assert_eq!(faults_in(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn an_unknown_room_is_found() {
    for (path, text) in [
        ("core/src/lib.rs", "pub mod shed;"),
        ("core/src/shed/tools.rs", ""),
        ("core/src/model.rs", "use crate::shed::Tool;"),
        ("core/src/model.rs", "use crate::*;"),
    ] {
        assert_eq!(faults_in(path, text).len(), 1, "{path}: {text}");
    }
}
