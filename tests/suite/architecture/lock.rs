//! What Cargo.lock brings in, and the reasons that clippy.toml gives.

use toml::{Table, Value};

use super::read;

/// The next multiple of 25 above what there is. Raising it is a decision, seen in a review: 275 became
/// 300 with UniFFI's generator and the 13 packages below it, which build and test, and do not ship. 300 became 350 with
/// rustls on ring, which are 8 packages here, 10 more for Windows alone, and 19 that rcgen names for its tests, of which 8 are built.
const MOST_PACKAGES: usize = 350;

/// Never, in any version. `deny.toml` has the reasons.
const BANNED: &[&str] = &["openssl", "sqlx", "native-tls", "aws-lc"];

/// Exactly one version of each.
const ONE_OF: &[&str] = &[
    "libsqlite3-sys",
    "rusqlite",
    "p256",
    "ed25519-dalek",
    "automerge",
    "uniffi",
    "uniffi_bindgen",
];

fn packages() -> Vec<String> {
    let lock: Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    packages.iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_lock_stays_small() {
    let count = packages().len();
    println!("Cargo.lock: {count} packages, at most {MOST_PACKAGES}");
    assert!(
        count <= MOST_PACKAGES,
        "{count} packages: drop one, or raise MOST_PACKAGES and say why"
    );
}

#[test]
fn nothing_banned_came_in() {
    for package in packages() {
        let found = BANNED.iter().find(|banned| package.starts_with(**banned));
        assert_eq!(found, None, "{package}");
    }
}

#[test]
fn one_sqlite_and_one_of_each_that_must_be_one() {
    let packages = packages();
    for name in ONE_OF {
        assert_eq!(packages.iter().filter(|package| package == name).count(), 1, "{name}");
    }
}

/// The lists that `deny.toml` and this file keep say the same.
#[test]
fn deny_toml_agrees() {
    let deny: Table = read("deny.toml").parse().unwrap();
    let entries = deny["bans"]["deny"].as_array().unwrap();
    let single = |entry: &&Value| {
        entry.get("deny-multiple-versions").and_then(Value::as_bool).unwrap_or(false)
    };
    let name = |entry: &Value| entry["crate"].as_str().unwrap().to_owned();
    let ones: Vec<String> = entries.iter().filter(single).map(name).collect();
    assert_eq!(ones, ONE_OF);
    let banned: Vec<String> = entries.iter().filter(|entry| !single(entry)).map(name).collect();
    for prefix in BANNED {
        assert!(banned.iter().any(|name| name.starts_with(prefix)), "{prefix}");
    }
    for name in &banned {
        assert!(BANNED.iter().any(|prefix| name.starts_with(prefix)), "{name}");
    }
    for entry in entries {
        assert!(entry.get("reason").is_some(), "{entry}");
    }
}

#[test]
fn every_banned_method_says_what_to_do_instead() {
    let clippy: Table = read("clippy.toml").parse().unwrap();
    let methods = clippy["disallowed-methods"].as_array().unwrap();
    for wanted in ["std::time::SystemTime::now", "std::thread::sleep", "getrandom::fill"] {
        let found = methods.iter().any(|method| method["path"].as_str() == Some(wanted));
        assert!(found, "{wanted} is not banned");
    }
    for method in methods {
        let reason = method.get("reason").and_then(Value::as_str).unwrap_or_default();
        assert!(reason.len() >= 15, "{method}: a reason that says what to do");
    }
}
