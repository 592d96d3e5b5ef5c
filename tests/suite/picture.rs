//! The README's picture: it is there, and the real program made it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Chromium's place in a test: fetches the page that it is to photograph, so that the test can read it, and
/// gives a small picture.
const BROWSER: &str = r#"#!/usr/bin/env python3
import os, struct, sys, urllib.request, zlib
chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
page = urllib.request.urlopen(sys.argv[-1], timeout=60).read()
with open(os.environ["PAGE"], "wb") as file:
    file.write(page)
options = dict(part.split("=", 1) for part in sys.argv[1:-1] if "=" in part)
width, height = map(int, options["--window-size"].split(","))
header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
rows = zlib.compress(bytes((width + 1) * height))
with open(options["--screenshot"], "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A PNG: its width, its height, and what made it.
fn png(path: &Path) -> (u32, u32, String) {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && &bytes[12..16] == b"IHDR", "{path:?}");
    let (mut at, mut maker) = (8, String::new());
    while &bytes[at + 4..at + 8] != b"IEND" {
        let length = number(at) as usize;
        let body = &bytes[at + 8..at + 8 + length];
        if let (b"tEXt", Some(by)) = (&bytes[at + 4..at + 8], body.strip_prefix(b"Software\0")) {
            maker = String::from_utf8(by.to_vec()).unwrap();
        }
        at += 12 + length;
    }
    assert_eq!(at + 12, bytes.len(), "{path:?} has an end, and nothing behind it");
    (number(16), number(20), maker)
}

#[test]
fn the_readme_shows_a_picture_that_the_program_made() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown: Vec<(&str, &str)> = readme
        .split("![")
        .skip(1)
        .filter_map(|rest| rest.split_once("](")?.1.split_once(')').map(|(to, _)| (rest, to)))
        .map(|(rest, to)| (rest.split(']').next().unwrap(), to))
        .collect();
    assert_eq!(shown.len(), 1, "{shown:?}");
    let (says, path) = shown[0];
    assert!(says.len() > 20, "who cannot see it reads what it shows: {says:?}");
    let (width, height, maker) = png(&root().join(path));
    assert_eq!((width, height), (1280, 900));
    let size = fs::metadata(root().join(path)).unwrap().len();
    assert!((20_000..200_000).contains(&size), "{size} bytes");

    // The script that makes it names this file and this program, and the picture names both back.
    let script = fs::read_to_string(root().join("docs/screenshot")).unwrap();
    assert!(script.contains(&format!("picture=\"$here/{path}\"")), "{path}");
    assert!(
        script.contains("--package deckwatch --bin deckwatch") && script.contains(" demo --listen")
    );
    let (program, rest) = maker.split_once(' ').unwrap();
    assert!(program == "deckwatch" && rest.ends_with(" demo --days 31"), "{maker:?}");
    assert!(readme.contains("docs/screenshot"), "the README says how it is made");
}

#[test]
fn the_script_photographs_the_demonstration_and_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("browser"), BROWSER).unwrap();
    fs::set_permissions(at("browser"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(root().join("docs/screenshot"))
        .args(["--days", "5", "--program", env!("CARGO_BIN_EXE_deckwatch-program"), "--to"])
        .arg(at("fleet.png"))
        .env("CHROMIUM", at("browser"))
        .env("PAGE", at("page.html"))
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let version = env!("CARGO_PKG_VERSION");
    let maker = format!("deckwatch {version} demo --days 5");
    assert_eq!(png(&at("fleet.png")), (1280, 900, maker));
    let page = fs::read_to_string(at("page.html")).unwrap();
    for expected in ["MV Dunlin", "MV Bering Light", "Who to call"] {
        assert!(page.contains(expected), "{expected:?} is not on: {page}");
    }
    // The script's and the demonstration's own folders are gone: it ended as it ends for its user.
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<String> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["browser", "fleet.png", "page.html"]);
}

#[test]
fn a_picture_that_was_not_taken_is_said_and_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("fleet.png");
    fs::write(&picture, "the old one").unwrap();
    let run = |program: &str, browser: &str| {
        let output = Command::new(root().join("docs/screenshot"))
            .args(["--days", "5", "--program", program, "--to"])
            .arg(&picture)
            .env("CHROMIUM", browser)
            .env("TMPDIR", folder.path())
            .output()
            .unwrap();
        assert!(!output.status.success());
        assert_eq!(fs::read(&picture).unwrap(), b"the old one");
        String::from_utf8(output.stderr).unwrap()
    };
    let program = env!("CARGO_BIN_EXE_deckwatch-program");
    assert!(run(program, "no-such-browser").contains("apt-get install chromium"));
    assert!(run("/bin/false", "/bin/true").contains("without printing an address"));
    let broken = folder.path().join("broken");
    fs::write(&broken, "#!/bin/sh\necho it broke >&2\nexit 3\n").unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let said = run(program, broken.to_str().unwrap());
    assert!(said.contains("it broke") && said.contains("took no picture"), "{said}");
}
