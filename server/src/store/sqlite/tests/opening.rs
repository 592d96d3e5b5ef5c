use std::fs;

use rusqlite::Connection;

use super::*;
use crate::store::conformance::vessel_row;
use crate::store::{Scope, reading, writing};

/// Opening is refused with this, and the folder stays as it is: no byte, no file more.
fn assert_refused_untouched(folder: &TempDir, path: &Path, expected: impl Fn(&OpenError) -> bool) {
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (bytes, files) = (fs::read(path).unwrap(), names());
    let error = SqliteStore::open(path, &SqliteOptions::default()).map(|_| ()).unwrap_err();
    assert!(expected(&error), "{error:?}");
    assert!(error.hint().contains("the file was not changed"));
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(names(), files);
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    drop(open(&path));
    let conn = Connection::open(&path).unwrap();
    let known: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    conn.pragma_update(None, "user_version", known + 1).unwrap();
    drop(conn);
    assert_refused_untouched(&folder, &path, |error| {
        matches!(error, OpenError::Newer { found, .. } if *found == known + 1)
            && error.to_string()
                == format!(
                    "the database has version {}, this program knows versions up to {known}",
                    known + 1
                )
    });
}

#[test]
fn the_database_of_another_program_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE vessel (name TEXT)").unwrap();
    drop(conn);
    let not_ours = |error: &OpenError| matches!(error, OpenError::NotOurs);
    assert_refused_untouched(&folder, &path, not_ours);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("DROP TABLE vessel; PRAGMA application_id = 7").unwrap();
    drop(conn);
    assert_refused_untouched(&folder, &path, not_ours);
    let text = folder.path().join("letter.txt");
    fs::write(&text, "Dear company security officer, ".repeat(40)).unwrap();
    assert_refused_untouched(&folder, &text, not_ours);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    fs::write(&path, "").unwrap();
    let store = open(&path);
    assert_eq!(reading(&store, |tx| tx.vessels(Scope::All)).unwrap(), []);
}

#[test]
fn a_missing_folder_is_an_error_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/deckwatch.db");
    let error = SqliteStore::open(&path, &SqliteOptions::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Failed(_))));
    assert!(!error.hint().is_empty());
}

#[test]
fn a_path_is_never_read_as_an_address() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("file:")).unwrap();
    let path = folder.path().join("file:/x?mode=memory");
    drop(open(&path));
    assert!(path.exists());
}

#[test]
fn connections_are_set_up_as_promised() {
    let on = OnTempDir::new();
    let store = &on.store;
    let pragma = |conn: &Connection, name: &str| -> String {
        conn.pragma_query_value(None, name, |row| row.get_ref(0).map(|v| format!("{v:?}"))).unwrap()
    };
    let writer = store.writer.enter().unwrap();
    assert_eq!(pragma(&writer, "journal_mode"), "Text([119, 97, 108])", "wal");
    for (name, value) in [
        ("synchronous", "Integer(2)"),
        ("foreign_keys", "Integer(1)"),
        ("trusted_schema", "Integer(0)"),
        ("busy_timeout", "Integer(5000)"),
        ("application_id", "Integer(1147495275)"),
        ("query_only", "Integer(0)"),
    ] {
        assert_eq!(pragma(&writer, name), value, "{name}");
    }
    store
        .readers
        .with(|reader| {
            assert_eq!(pragma(reader, "query_only"), "Integer(1)");
            assert_eq!(pragma(reader, "busy_timeout"), "Integer(5000)");
            assert!(reader.execute_batch("DELETE FROM vessel").is_err());
            Ok(())
        })
        .unwrap();
}

#[test]
fn two_programs_open_a_new_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let start = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                open(&path)
            });
        }
    });
    let store = open(&path);
    let empty = reading(&store, |tx| tx.vessels(Scope::All)).unwrap();
    assert_eq!(empty, []);
}

#[test]
fn a_row_of_wrong_form_is_reported_and_not_guessed() {
    let on_disk = OnTempDir::new();
    writing(&on_disk, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    on_disk
        .store
        .writer
        .enter()
        .unwrap()
        .execute_batch(
            "PRAGMA ignore_check_constraints = ON; UPDATE vessel SET shore_key = x'0102';",
        )
        .unwrap();
    let error = reading(&on_disk, |tx| tx.vessels(Scope::All)).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { what: "shore_key" }));
    assert!(error.hint().contains("PRAGMA integrity_check"));
}
