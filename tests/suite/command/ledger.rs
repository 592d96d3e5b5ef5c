//! The shore's ledger, as auditors and witnesses ask for it and as its operator sees it.

use deckwatch_core::{
    ledger::{
        Frontier, KeyType, Leaf, LeafKind, LoggedProof, Policy, SignedTreeHead, VerifierKey,
        leaf_hash,
        merkle::verify_consistency,
        tile::{TileKind, TilePath, unbundle},
    },
    model::Hash,
};

use super::{witness::Desk as Witness, *};

/// A served shore with a vessel.
struct Shore {
    folder: tempfile::TempDir,
    key: VerifierKey,
}

impl Shore {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        said(&run(folder.path(), &["vessel", "add", "MV Test"]));
        let key = shown_key(folder.path());
        Self { folder, key }
    }

    fn start(&self, more: &[&str]) -> Serving {
        let data = self.folder.path().to_str().unwrap();
        Serving::start(&[&["serve", "--listen", "127.0.0.1:0", "--data", data], more].concat())
    }
}

fn shown_key(data: &Path) -> VerifierKey {
    let shown = said(&run(data, &["ledger", "show"]));
    let key = shown.lines().find_map(|line| line.strip_prefix("key")).unwrap().trim();
    VerifierKey::parse_as(key, KeyType::Ed25519).unwrap()
}

impl Serving {
    fn bytes(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.address);
        // Under any name: it says nothing of any vessel.
        let answer = ureq::get(&url).header("host", "ledger.example").call();
        answer.unwrap().body_mut().read_to_vec().unwrap()
    }

    fn status(&self, path: &str) -> u16 {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.get(format!("http://{}{path}", self.address)).call().unwrap().status().as_u16()
    }
}

#[test]
fn what_is_served_of_a_ledger_is_checked_without_its_server() {
    let shore = Shore::new();
    let serving = shore.start(&[]);
    let head = SignedTreeHead::parse(&serving.bytes("/ledger/checkpoint")).unwrap();
    let (size, root) = {
        let said = head.verify(&shore.key).unwrap();
        (said.size, said.root)
    };
    // Everything from the tiles: the leaves, and their tree.
    let tile = |kind| TilePath::in_ledger(kind, 0, size).unwrap();
    let entries = serving.bytes(&format!("/ledger/{}", tile(TileKind::Entries)));
    let entries = unbundle(&entries, tile(TileKind::Entries).width).unwrap();
    let mut edge = Frontier::default();
    let mut roots = vec![edge.root()];
    for entry in &entries {
        edge.append(entry).unwrap();
        roots.push(edge.root());
    }
    assert_eq!((edge.size(), edge.root()), (size, root));
    let leaves: Vec<Leaf> = entries.iter().map(|entry| Leaf::decode(entry).unwrap()).collect();
    assert_eq!(leaves[0].kind, LeafKind::ORIGIN);
    let hashes: Vec<u8> = entries.iter().flat_map(|entry| leaf_hash(entry).0).collect();
    assert_eq!(serving.bytes(&format!("/ledger/{}", tile(TileKind::Hashes(0)))), hashes);
    // A proof for each leaf, and from each size.
    let policy = Policy::of_ledger(shore.key.clone());
    for (entry, index) in entries.iter().zip(0_u64..) {
        let proof = serving.bytes(&format!("/ledger/proof?index={index}"));
        let proof = LoggedProof::parse(&proof).unwrap();
        assert_eq!((proof.index, proof.extra.as_deref()), (index, Some(*entry)));
        assert!(proof.verify(leaf_hash(entry), &policy).unwrap().is_met());
    }
    for old in 1..=size {
        let text =
            String::from_utf8(serving.bytes(&format!("/ledger/consistency?old={old}"))).unwrap();
        let none = text.strip_prefix('\n').map(|note| ("", note));
        let (lines, note) = none.or_else(|| text.split_once("\n\n")).unwrap();
        assert_eq!(SignedTreeHead::parse(note.as_bytes()).unwrap().head().root, root);
        let decode = |line: &str| {
            Hash::from_slice(&data_encoding::BASE64.decode(line.as_bytes()).unwrap()).unwrap()
        };
        let mut path: Vec<Hash> = lines.lines().map(decode).collect();
        let from = roots[usize::try_from(old).unwrap()];
        // The form that a reader can convict with says the older root in any case.
        if old < size && old.is_power_of_two() {
            assert_eq!(path.remove(0), from);
        }
        verify_consistency(old, from, size, root, &path).unwrap();
        assert!(old == size || verify_consistency(old, Hash::ZERO, size, root, &path).is_err());
    }
    for nothing in [
        format!("/ledger/proof?index={size}"),
        format!("/ledger/consistency?old={}", size + 1),
        "/ledger/tile/0/001".to_owned(),
        "/ledger/tile/0/000".to_owned(),
        "/ledger/tile/99/000".to_owned(),
        "/ledger/tile/entries/../../healthz".to_owned(),
    ] {
        assert_eq!(serving.status(&nothing), 404, "{nothing}");
    }
    assert_eq!(serving.status("/ledger/proof"), 400);
}

#[test]
fn a_witness_cosigns_what_is_served_and_a_policy_can_ask_for_it() {
    let shore = Shore::new();
    let witness = Witness::of(&shore.key);
    let asked = witness.start();
    let at = format!("http://{}={}", asked.address, witness.key);
    let serving = shore.start(&["--witness", &at]);
    let key = &shore.key;
    let policy = format!("log {key}\nwitness w {}\nquorum w\n", witness.key);
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    // It is asked at once, beside the pages.
    let cosigned = (0..20_000).find_map(|_| {
        let head = SignedTreeHead::parse(&serving.bytes("/ledger/checkpoint")).unwrap();
        policy.judge(&head).is_met().then_some(head)
    });
    let cosigned = cosigned.expect("the witness was asked, and cosigned");
    // What was cosigned stays so over a restart.
    drop(serving);
    let again = shore.start(&[]);
    assert_eq!(again.bytes("/ledger/checkpoint"), cosigned.encode());
    for wrong in ["http://127.0.0.1:1", "https://w.example=k", "http://w.example=key"] {
        let refused = run(shore.folder.path(), &["serve", "--witness", wrong]);
        assert!(!refused.status.success());
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains("--witness"), "{why}");
    }
}

#[test]
fn a_second_server_of_one_folder_is_refused_and_told_why() {
    let shore = Shore::new();
    let serving = shore.start(&[]);
    let mut second = deckwatch();
    second.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(shore.folder.path());
    let mut second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that serves says where, and never ends by itself.
    let mut where_at = String::new();
    BufReader::new(second.stdout.as_mut().unwrap()).read_line(&mut where_at).unwrap();
    if !where_at.is_empty() {
        second.kill().unwrap();
    }
    assert_eq!(where_at, "");
    let why = refused(&second.wait_with_output().unwrap());
    let process = format!("another server process ({})", serving.child.id());
    assert!(why.contains(&process) && why.contains("end it first"), "{why}");
    // The first one goes on, and commands run beside it.
    said(&run(shore.folder.path(), &["vessel", "add", "MV Second"]));
    assert!(serving.get("/").contains("MV Second"));
    drop(serving);
    drop(shore.start(&[]));
}

/// The tree head beside the key is what tells an old copy of the database, so no process may ever put a smaller one there.
#[test]
fn processes_that_sign_at_once_never_lower_the_tree_head_beside_the_key() {
    let shore = Shore::new();
    let serving = shore.start(&[]);
    let keys = shore.folder.path().join("keys");
    let beside = || {
        let mut files = std::fs::read_dir(&keys).unwrap().flatten().map(|entry| entry.path());
        let head = files.find(|path| path.extension().is_some_and(|it| it == "head"));
        let note = std::fs::read(head.unwrap()).unwrap();
        SignedTreeHead::parse(&note).unwrap().verify(&shore.key).unwrap().size
    };
    serving.bytes("/ledger/checkpoint");
    let mut sizes = vec![beside()];
    for round in 0..4 {
        let vessels: Vec<String> = (0..4).map(|n| format!("MV {round}-{n}")).collect();
        let started = vessels.iter().flat_map(|vessel| {
            let add = vec!["vessel", "add", vessel.as_str()];
            [add, vec!["ledger", "show"]].map(|arguments| {
                let mut command = deckwatch();
                command.args(arguments).arg("--data").arg(shore.folder.path());
                command.stdout(Stdio::null()).spawn().unwrap()
            })
        });
        let mut started: Vec<Child> = started.collect();
        while started.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
            serving.bytes("/ledger/checkpoint");
            sizes.push(beside());
        }
        assert!(started.iter_mut().all(|child| child.wait().unwrap().success()));
    }
    serving.bytes("/ledger/checkpoint");
    sizes.push(beside());
    assert!(sizes.is_sorted(), "{sizes:?}");
    let shown = said(&run(shore.folder.path(), &["ledger", "show"]));
    let leaves = sizes.last().unwrap().to_string();
    assert!(
        sizes[0] + 16 <= *sizes.last().unwrap() && shown.contains(&leaves),
        "{sizes:?} {shown}"
    );
}

#[test]
fn a_new_ledger_is_shown_before_it_begins_and_says_why() {
    let shore = Shore::new();
    let data = shore.folder.path();
    let shown = said(&run(data, &["ledger", "begin", "--reason", "A test."]));
    assert!(shown.contains("is whole") && shown.contains("Nothing was changed"), "{shown}");
    assert_eq!(shown_key(data), shore.key);
    let begun = said(&run(data, &["ledger", "begin", "--reason", "A test.", "--yes"]));
    let key = shown_key(data);
    assert!(key != shore.key && begun.contains(&key.to_string()), "{begun}");
    // Its first leaf stands in the ledger with what it says, and the vessel's shore names the new one.
    let serving = shore.start(&[]);
    let head = SignedTreeHead::parse(&serving.bytes("/ledger/checkpoint")).unwrap();
    assert!(head.verify(&key).unwrap().size > 3 && head.verify(&shore.key).is_err());
    assert!(
        refused(&run(data, &["ledger", "begin", "--reason", " "])).contains("a reason is needed")
    );
    assert!(said(&run(data, &["device", "forks", "MV Test"])).contains("no device"));
}

#[test]
fn a_restored_shore_is_resumed_on_the_command_line() {
    let shore = Shore::new();
    let data = shore.folder.path();
    let shown = said(&run(data, &["ledger", "resume"]));
    assert!(shown.contains("does not collect") && shown.contains("Nothing is known to be lost"));
    assert!(refused(&run(data, &["ledger", "resume", "--end", "--yes"])).contains("not collect"));
    let shown = said(&run(data, &["ledger", "resume", "--yes"]));
    assert!(shown.contains("The shore collects since") && shown.contains("MV Test"), "{shown}");
    let serving = shore.start(&[]);
    assert_eq!(serving.status("/ledger/checkpoint") / 100, 5, "nothing is signed");
    assert!(serving.get("/").contains("MV Test"), "pages are shown all the same");
    let why = refused(&run(data, &["vessel", "add", "MV Second"]));
    assert!(why.contains("collects what phones bring back"), "{why}");
    assert!(said(&run(data, &["ledger", "show"])).contains("collects what phones bring back"));
    // The server follows at once.
    let ended = said(&run(data, &["ledger", "resume", "--end", "--yes"]));
    assert!(ended.contains("The ledger goes on"), "{ended}");
    SignedTreeHead::parse(&serving.bytes("/ledger/checkpoint")).unwrap();
    assert_eq!(shown_key(data), shore.key);
}

#[test]
fn an_erasure_is_shown_before_it_is_done() {
    let shore = deckwatch_tests::TestShore::start();
    let ship = shore.commission(&deckwatch::demo::fleet::SHIPS[0], 1);
    let (officer, _) = shore.crewed(&ship, deckwatch_tests::BEGIN);
    let (vessel, dev) = (ship.vessel.to_string(), officer.phone.device().to_string());
    let erase = |more: &[&str]| {
        let named =
            ["erase", "--vessel", &vessel, "--device", &dev[..8], "--from", "0", "--to", "2"];
        run(shore.folder.path(), &[&named[..], more].concat())
    };
    let asked = ["--parts", "person", "--because", "asked", "--reason", "Asked for in writing."];
    let shown = said(&erase(&asked));
    assert!(shown.contains("3 persons and 0 contents would be erased"), "{shown}");
    assert!(shown.contains("Backups") && shown.contains("Nothing was changed"), "{shown}");
    assert!(
        refused(&erase(&["--parts", "person", "--reason", " "])).contains("a reason is needed")
    );
    let done = said(&erase(&[&asked[..], &["--yes"]].concat()));
    assert!(done.contains("3 persons and 0 contents were erased"), "{done}");
    assert!(refused(&erase(&asked)).contains("none of these parts is held"));
}
