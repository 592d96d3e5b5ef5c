//! `deckwatch backup`, of a server that is at work, and what was copied put back.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

use deckwatch::demo::phone::SimulatedPhone;
use deckwatch_core::{model::CrewNo, phone::SyncOutcome, record::Enrolment, sync::ProblemCode};

use super::*;

/// A shore that is served, and a phone that has synced with it once.
pub(super) struct Served {
    pub folder: tempfile::TempDir,
    pub data: PathBuf,
    phone: SimulatedPhone,
    now: i64,
    pub serving: Serving,
}

fn serve(data: &Path) -> Serving {
    Serving::start(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
}

impl Served {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        said(&run(&data, &["vessel", "add", "MV Test"]));
        let invitation = said(&run(&data, &["enrol", "MV Test"]));
        let text = invitation.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap();
        let invitation = Enrolment::from_text(text).unwrap();
        let serving = serve(&data);
        let now = deckwatch::clock::Clock::now(&deckwatch::clock::SystemClock) * 1_000;
        let at = folder.path().join("phone");
        fs::create_dir(&at).unwrap();
        let phone = SimulatedPhone::enrol(&at, 5, &invitation, CrewNo(7), now).unwrap();
        let mut served = Self { folder, data, phone, now, serving };
        let address = served.serving.address.clone();
        served.sync(&address);
        served
    }

    pub fn sync(&mut self, address: &str) -> SyncOutcome {
        self.now += 20_000;
        self.phone.sync(address, self.now).unwrap()
    }

    pub fn backup(&self, name: &str, more: &[&str]) -> Output {
        let file = self.folder.path().join(name);
        run(&self.data, &[&["backup", file.to_str().unwrap()][..], more].concat())
    }

    /// What a backup has, put into an empty folder as `deckwatch backup --help` says.
    fn restored(&self, name: &str, into: &str) -> PathBuf {
        let data = self.folder.path().join(into);
        fs::create_dir(&data).unwrap();
        fs::copy(self.folder.path().join(name), data.join("deckwatch.db")).unwrap();
        let keys = self.folder.path().join(format!("{name}.keys"));
        fs::rename(keys, data.join("keys")).unwrap();
        data
    }
}

#[test]
fn a_backup_while_phones_sync_is_whole_and_is_put_back() {
    let mut served = Served::new();
    let address = served.serving.address.clone();
    let (stop, syncs) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (data, folder) = (served.data.clone(), served.folder.path().to_owned());
    thread::scope(|scope| {
        let syncing = scope.spawn(|| {
            while !stop.load(SeqCst) {
                served.sync(&address);
                syncs.fetch_add(1, SeqCst);
            }
        });
        let file = folder.join("busy.db");
        let copy = ["backup", file.to_str().unwrap(), "--with-keys", "--force"];
        // Again until phones have synced meanwhile.
        while syncs.load(SeqCst) < 10 {
            assert!(!syncing.is_finished(), "the phone is refused");
            let told = said(&run(&data, &copy));
            assert!(told.contains("busy.db") && told.contains("signs nothing before"), "{told}");
        }
        stop.store(true, SeqCst);
    });
    // The phone has seen a later tree head than the backup holds.
    served.sync(&address);
    let restored = served.restored("busy.db", "restored");
    assert!(said(&run(&restored, &["rebuild"])).contains("all identical"));
    assert!(said(&run(&restored, &["ledger", "show"])).contains("Nothing is signed"));
    let served_again = serve(&restored);
    let address = served_again.address.clone();
    let outcome = served.sync(&address);
    let codes: Vec<ProblemCode> = outcome.problems.iter().map(|it| it.code).collect();
    assert!(codes.contains(&ProblemCode::Collecting) && outcome.receipted_seq.is_none());
    let resume = said(&run(&restored, &["ledger", "resume"]));
    assert!(resume.contains("Leaves are lost"), "{resume}");
    assert!(
        refused(&run(&restored, &["ledger", "resume", "--end", "--yes"])).contains("does not hold")
    );
    said(&run(&restored, &["ledger", "begin", "--reason", "Disk failure", "--yes"]));
    assert!(served.sync(&address).receipted_seq.is_some());
    assert_eq!(served.phone.phone.split_view().unwrap(), None);
}

#[test]
fn nothing_is_lost_where_nothing_came_after_the_backup() {
    let mut served = Served::new();
    said(&served.backup("quiet.db", &["--with-keys"]));
    let restored = served.restored("quiet.db", "restored");
    let ended = said(&run(&restored, &["ledger", "resume", "--end", "--yes"]));
    assert!(ended.contains("The ledger goes on"), "{ended}");
    let again = serve(&restored);
    let address = again.address.clone();
    assert!(served.sync(&address).receipted_seq.is_some());
    assert_eq!(served.phone.phone.split_view().unwrap(), None);
}

#[test]
fn a_backup_replaces_nothing_unasked_and_says_what_is_not_in_it() {
    let served = Served::new();
    let told = said(&served.backup("a.db", &[]));
    assert!(told.contains("The keys are not in it"), "{told}");
    assert!(told.contains("deckwatch ledger resume --yes"), "{told}");
    let before = fs::read(served.folder.path().join("a.db")).unwrap();
    assert!(refused(&served.backup("a.db", &[])).contains("--force"));
    assert_eq!(fs::read(served.folder.path().join("a.db")).unwrap(), before);
    said(&served.backup("a.db", &["--force", "--with-keys"]));
    let keys = served.folder.path().join("a.db.keys");
    assert!(refused(&served.backup("b/c.db", &[])).contains("check that the folder exists"));
    fs::remove_file(served.folder.path().join("a.db")).unwrap();
    assert!(refused(&served.backup("a.db", &["--with-keys"])).contains("a.db.keys exists"));
    // Somebody's own folder is not taken for an older copy.
    fs::write(keys.join("letter.txt"), "dear").unwrap();
    let foreign = refused(&served.backup("a.db", &["--with-keys", "--force"]));
    assert!(foreign.contains("is no copy of keys") && keys.join("letter.txt").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&served.folder.path().join("a.db")), mode(&keys)), (0o600, 0o700));
        for key in fs::read_dir(&keys).unwrap().map(|it| it.unwrap().path()) {
            let ours = key.extension().is_some_and(|it| it != "txt");
            assert!(!ours || mode(&key) == 0o600, "{}", key.display());
        }
    }
    let hidden = |it: &fs::DirEntry| it.file_name().to_str().unwrap().starts_with('.');
    let left: Vec<_> =
        fs::read_dir(served.folder.path()).unwrap().flatten().filter(hidden).collect();
    assert!(left.is_empty(), "{left:?}");
    let nowhere = served.folder.path().join("nowhere");
    assert!(refused(&run(&nowhere, &["backup", "x.db"])).contains("name the folder with --data"));
    assert!(!nowhere.exists());
}
