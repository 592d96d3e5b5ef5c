//! `deckwatch doctor`: what it finds, and that it changes nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::Value;

use super::{backup::Served, *};

/// All files below a folder, with what is in them.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if path.is_dir() {
            files.extend(all(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn copied(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir(to).unwrap();
    for path in fs::read_dir(from).unwrap().map(|file| file.unwrap().path()) {
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &copy);
        } else {
            fs::copy(&path, copy).unwrap();
        }
    }
    let mode = fs::metadata(from).unwrap().permissions();
    fs::set_permissions(to, mode).unwrap();
    to.to_owned()
}

/// The exit code, and what is wrong: about what, with the words for it.
fn examined(data: &Path) -> (i32, BTreeMap<String, String>) {
    let output = run(data, &["doctor", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let findings: Vec<Value> = serde_json::from_str(&text).unwrap();
    let wrong = findings.iter().filter(|finding| finding["ok"] == false);
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let wrong = wrong.map(|finding| (word(finding, "about"), word(finding, "words"))).collect();
    (output.status.code().unwrap(), wrong)
}

#[test]
fn a_folder_that_is_well_is_told_so_and_stays_as_it_is() {
    let served = Served::new();
    // Beside a server that runs.
    let told = said(&run(&served.data, &["doctor"]));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 8, "{told}");
    assert!(lines.iter().all(|line| line.starts_with("\u{2713} ")), "{told}");
    for expected in ["modes", "disk", "version", "database", "keys", "ledger", "verdicts", "clock"]
    {
        assert!(lines.iter().any(|line| line[4..].starts_with(expected)), "{expected}: {told}");
    }
    let Served { folder, data, serving, .. } = served;
    drop(serving);
    let before = all(&data);
    assert_eq!(examined(&data), (0, BTreeMap::new()));
    assert!(all(&data) == before, "nothing was changed");
    let none = folder.path().join("none");
    let (code, wrong) = examined(&none);
    assert!(code == 1 && wrong["folder"].contains("--data") && !none.exists(), "{wrong:?}");
}

#[test]
fn what_is_wrong_with_a_folder_is_found() {
    let mut served = Served::new();
    let address = served.serving.address.clone();
    said(&served.backup("old.db", &[]));
    served.sync(&address);
    let Served { folder, data: well, serving, .. } = served;
    drop(serving);
    let harmed = |name: &str, harm: &dyn Fn(&Path)| {
        let data = copied(&well, &folder.path().join(name));
        harm(&data);
        let before = all(&data);
        let (code, wrong) = examined(&data);
        assert_eq!(code, i32::from(!wrong.is_empty()), "{name}: {wrong:?}");
        assert!(all(&data) == before, "{name}: nothing was changed");
        wrong
    };
    let sql = |data: &Path, sql: &str| {
        let database = Connection::open(data.join("deckwatch.db")).unwrap();
        assert_eq!(database.execute(sql, []).map_err(|error| error.to_string()), Ok(1), "{sql}");
    };
    let only = |wrong: BTreeMap<String, String>, about: &str, words: &str| {
        assert_eq!(wrong.keys().collect::<Vec<_>>(), [about], "{wrong:?}");
        assert!(wrong[about].contains(words), "{wrong:?}");
    };
    assert_eq!(harmed("well", &|_| {}), BTreeMap::new());
    let wrong = harmed("old", &|data| {
        fs::copy(folder.path().join("old.db"), data.join("deckwatch.db")).unwrap();
    });
    only(wrong, "ledger", "old copy");
    let wrong =
        harmed("edited", &|data| sql(data, "UPDATE vessel_state SET summary = '{\"x\":1}'"));
    only(wrong, "verdicts", "MV Test");
    // As between a sync and the assessment that follows it.
    let waiting = "UPDATE vessel_state SET summary = '{}', next_change = as_of";
    assert_eq!(harmed("waiting", &|data| sql(data, waiting)), BTreeMap::new());
    let future =
        "UPDATE receipt SET time = time + 10000 WHERE seq = (SELECT max(seq) FROM receipt)";
    only(harmed("future", &|data| sql(data, future)), "clock", "before the newest receipt");
    let wrong = harmed("newer", &|data| {
        let database = Connection::open(data.join("deckwatch.db")).unwrap();
        database.pragma_update(None, "user_version", 999).unwrap();
    });
    only(wrong, "database", "999");
    let wrong = harmed("damaged", &|data| {
        let path = data.join("deckwatch.db");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4_096 * 4_096;
        bytes[middle..middle + 4_096].fill(0xa5);
        fs::write(&path, bytes).unwrap();
    });
    assert!(wrong.contains_key("database"), "{wrong:?}");
    let vessel_key = |data: &Path| {
        let keys = fs::read_dir(data.join("keys")).unwrap().map(|file| file.unwrap().path());
        let named = |path: &PathBuf| path.file_stem().unwrap().len() == 32;
        keys.filter(|path| path.extension().is_some_and(|it| it == "key")).find(named).unwrap()
    };
    let wrong = harmed("keyless", &|data| fs::remove_file(vessel_key(data)).unwrap());
    only(wrong, "keys", "is missing");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let wrong = harmed("open", &|data| mode(&vessel_key(data), 0o644));
        assert!(wrong["modes"].contains("mode 644") && wrong["keys"].contains("chmod 600"));
        let wrong = harmed("read", &|data| mode(&data.join("deckwatch.db"), 0o640));
        only(wrong, "modes", "deckwatch.db (mode 640)");
        let wrong = harmed("entered", &|data| mode(&data.join("keys"), 0o750));
        only(wrong, "modes", "keys (mode 750)");
    }
}
