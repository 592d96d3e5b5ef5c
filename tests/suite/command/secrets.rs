//! Where the shore's secrets are, and where they are not.
#![cfg(unix)]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXUPPER};
use deckwatch::demo::phone::SimulatedPhone;
use deckwatch_core::{model::CrewNo, record::Enrolment};

use super::*;

/// A program that would make every file everybody's.
fn careless() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_deckwatch-program")]);
    command.env("RUST_LOG", "trace").env("NO_COLOR", "1");
    command
}

fn careless_run(data: &Path, arguments: &[&str]) -> String {
    said(&careless().args(arguments).arg("--data").arg(data).output().unwrap())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|it| endings.iter().any(|ending| it == *ending))
}

/// A shore with a vessel, keys of tags and a server that a phone has synced with; and what the server logged.
struct Busy {
    _folder: tempfile::TempDir,
    data: PathBuf,
    log: PathBuf,
    _serving: Serving,
}

impl Busy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        careless_run(&data, &["vessel", "add", "MV Test"]);
        let plan = folder.path().join("plan.toml");
        fs::write(&plan, PLAN).unwrap();
        careless_run(&data, &["plan", "import", "MV Test", plan.to_str().unwrap(), "--yes"]);
        let provision = ["tags", "provision", "MV Test", "--checkpoint", "Gangway"];
        let tag = ["--uid", "04de5f1eacc040", "--host", "dw.example", "--yes"];
        careless_run(&data, &[&provision[..], &tag].concat());
        let invitation = careless_run(&data, &["enrol", "MV Test"]);
        let text = invitation.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap();
        let invitation = Enrolment::from_text(text).unwrap();
        let child = careless()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn();
        let serving = Serving::of(child.unwrap());
        let now = deckwatch::clock::Clock::now(&deckwatch::clock::SystemClock) * 1_000;
        let at = folder.path().join("phone");
        fs::create_dir(&at).unwrap();
        let mut phone = SimulatedPhone::enrol(&at, 5, &invitation, CrewNo(7), now).unwrap();
        phone.sync(&serving.address, now + 20_000).unwrap();
        Self { _folder: folder, data, log, _serving: serving }
    }

    /// Each secret key that is kept in a file, and that file.
    fn secrets(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut secrets = Vec::new();
        for path in files(&self.data.join("keys")) {
            let text = || fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if has_ending(&path, &["tags"]) {
                let text: serde_json::Value = serde_json::from_str(&text()).unwrap();
                let key = text["masters"][0]["key"].as_str().unwrap();
                secrets.push((path.clone(), HEXLOWER.decode(key.as_bytes()).unwrap()));
            } else if has_ending(&path, &["key"]) && name.starts_with("ledger-") {
                let text = text();
                // PRIVATE+KEY+name+id+key: its type, then its seed. Base64 has a plus too.
                let key = BASE64.decode(text.trim().splitn(5, '+').last().unwrap().as_bytes());
                secrets.push((path.clone(), key.unwrap()[1..].to_vec()));
            } else if has_ending(&path, &["key"]) {
                secrets.push((path.clone(), HEXLOWER.decode(text().trim().as_bytes()).unwrap()));
            }
        }
        secrets
    }
}

/// Whether a secret stands somewhere: as it is, in hex, in base64 from any of its bytes on, or as Rust prints a list.
fn holds(haystack: &[u8], secret: &[u8]) -> bool {
    let mut forms = vec![
        secret.to_vec(),
        HEXLOWER.encode(secret).into_bytes(),
        HEXUPPER.encode(secret).into_bytes(),
        secret.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes(),
    ];
    for skipped in 0..3 {
        let whole = &secret[skipped..][..(secret.len() - skipped) / 3 * 3];
        forms.push(BASE64_NOPAD.encode(whole).into_bytes());
    }
    forms.iter().any(|form| haystack.windows(form.len()).any(|window| window == form.as_slice()))
}

#[test]
fn secret_files_and_the_database_are_their_owners_alone_whatever_the_umask() {
    let busy = Busy::new();
    for folder in [busy.data.clone(), busy.data.join("keys")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    let keys = files(&busy.data.join("keys"));
    let secret: Vec<_> = keys.iter().filter(|path| has_ending(path, &["key", "tags"])).collect();
    assert_eq!(secret.len(), 3, "a vessel's key, the ledger's and those of tags: {keys:?}");
    let database = files(&busy.data);
    let database: Vec<_> = database
        .iter()
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("deckwatch.db"))
        .collect();
    assert_eq!(database.len(), 3, "with its log and index: {database:?}");
    for path in secret.into_iter().chain(database) {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    let witness = busy.data.join("witness.key");
    let make = ["witness", "key", "flag.example/w1", "--key-file", witness.to_str().unwrap()];
    said(&careless().args(make).output().unwrap());
    assert_eq!(mode(&witness), 0o600);
}

#[test]
fn a_key_that_others_may_read_serves_nothing_and_an_open_folder_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    said(&run(folder.path(), &["vessel", "add", "MV Test"]));
    let keys = folder.path().join("keys");
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    for path in files(&keys).iter().filter(|path| has_ending(path, &["key"])) {
        set(path, 0o644).unwrap();
        let why = refused(&run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(why.contains("mode 644") && why.contains(name), "{why}");
        assert!(why.contains("chmod 600"), "{why}");
        set(path, 0o600).unwrap();
    }
    set(&keys, 0o755).unwrap();
    let output = run(folder.path(), &["vessel", "list"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is 700 now"));
    assert_eq!(mode(&keys), 0o700);
}

#[test]
fn no_secret_key_is_in_the_database_or_in_a_log() {
    let busy = Busy::new();
    let secrets = busy.secrets();
    assert_eq!(secrets.len(), 3);
    for (kept, secret) in &secrets {
        assert!(holds(&fs::read(kept).unwrap(), secret), "where it belongs it is found");
        let elsewhere = files(&busy.data).into_iter().filter(|path| path.is_file());
        let elsewhere: Vec<PathBuf> = elsewhere.chain([busy.log.clone()]).collect();
        assert!(elsewhere.len() >= 4, "{elsewhere:?}");
        for path in elsewhere {
            let bytes = fs::read(&path).unwrap();
            assert!(!holds(&bytes, secret), "{} in {}", kept.display(), path.display());
            // What would be there is found in each form.
            for planted in [
                secret.clone(),
                HEXLOWER.encode(secret).into_bytes(),
                BASE64.encode(&[&[7][..], secret].concat()).into_bytes(),
                format!("{secret:?}").into_bytes(),
            ] {
                let mut bytes = bytes.clone();
                bytes.write_all(&planted).unwrap();
                assert!(holds(&bytes, secret), "{planted:?}");
            }
        }
    }
}
