#![doc = include_str!("../README.md")]

pub mod browser;
pub mod camera;
pub mod hostile;
pub mod simulator;
pub mod tag;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use deckwatch::{
    clock::SettableClock,
    demo::{
        fleet::Ship,
        phone::{PhoneError, SimulatedPhone, post},
        seed::tag_at,
    },
    shore::{KeyFolder, Shore},
    store::{SqliteStore, sqlite::SqliteOptions},
};
use deckwatch_core::{
    authority::Roles,
    entropy::SeededEntropy,
    model::{CrewNo, VesselId},
    plan::{DuePatrol, PlanContent, due_patrols},
    record::Enrolment,
};

/// 2026-11-01 00:00 UTC.
pub const BEGIN: i64 = 1_793_491_200;
/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A shore on loopback, with a clock that the test sets.
pub struct TestShore {
    /// Its files.
    pub folder: tempfile::TempDir,
    /// The shore.
    pub shore: Arc<Shore>,
    /// Its clock.
    pub clock: Arc<SettableClock>,
    /// Where it answers.
    pub address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
    /// Folders of a shore before this one; phones have theirs there.
    before: Vec<tempfile::TempDir>,
}

impl TestShore {
    /// Starts a shore whose clock stands at [`BEGIN`].
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SettableClock::at(BEGIN));
        let shore = open(folder.path(), &clock);
        Self::serve(folder, clock, shore)
    }

    /// A copy of the database as it is now.
    pub fn backup(&self, to: &Path) {
        let path = self.folder.path().join("deckwatch.db");
        let store = SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
        store.backup_to(to).unwrap();
    }

    /// Another machine with this backup and with the folder of keys as it is now. This one goes away.
    pub fn restored(mut self, backup: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(backup, folder.path().join("deckwatch.db")).unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        for file in std::fs::read_dir(self.folder.path().join("keys")).unwrap().flatten() {
            std::fs::copy(file.path(), folder.path().join("keys").join(file.file_name())).unwrap();
        }
        let clock = Arc::clone(&self.clock);
        let shore = open_with(folder.path(), &clock, 5);
        let kept = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        drop(self);
        let mut restored = Self::serve(folder, clock, shore);
        restored.before.push(kept);
        restored
    }

    fn serve(folder: tempfile::TempDir, clock: Arc<SettableClock>, shore: Shore) -> Self {
        let shore = Arc::new(shore);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let hosts = deckwatch::http::Hosts::default();
        let serving =
            deckwatch::http::serve(listener, Arc::clone(&shore), hosts, std::future::pending());
        runtime.spawn(serving);
        let before = Vec::new();
        Self { folder, shore, clock, address, runtime: Some(runtime), before }
    }

    /// A page's text.
    pub fn get(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// A ship of the demonstration's kind, with its plan ashore.
    pub fn commission(&self, ship: &Ship, seed: u64) -> TestVessel {
        let vessel = self.shore.add_vessel(ship.name).unwrap();
        let plan = ship.plan(&mut SeededEntropy::new(seed));
        self.shore.edit_plan(vessel, &plan).unwrap();
        TestVessel { vessel, plan, seed }
    }

    /// An invitation for one phone.
    pub fn invite(&self, vessel: VesselId, roles: Roles) -> Enrolment {
        let server = format!("http://{}", self.address);
        self.shore.invite(vessel, roles, "phone", &server, DAY).unwrap()
    }

    /// A phone that is enrolled now and has not synced yet.
    pub fn phone(&self, of: &TestVessel, roles: Roles, crew: u32, at: i64) -> SimulatedPhone {
        let invitation = self.invite(of.vessel, roles);
        let folder = self.phone_folder(crew);
        std::fs::create_dir_all(&folder).unwrap();
        let seed = of.seed * 100 + u64::from(crew);
        SimulatedPhone::enrol(&folder, seed, &invitation, CrewNo(crew), at * 1_000).unwrap()
    }

    /// Where the files of a crew's phone are.
    pub fn phone_folder(&self, crew: u32) -> PathBuf {
        self.folder.path().join(format!("phone-{crew}"))
    }

    /// A sync at `at`, with the shore's clock there too.
    pub fn sync(&self, phone: &mut SimulatedPhone, at: i64) {
        self.clock.set(at);
        phone.sync(&self.address.to_string(), at * 1_000).unwrap();
    }

    /// Posts bytes to the sync endpoint.
    pub fn post(&self, body: &[u8]) -> Result<Vec<u8>, PhoneError> {
        post(&format!("http://{}/v1/sync", self.address), body)
    }

    /// An officer's phone that has adopted the plan, and a patrol phone, both synced.
    pub fn crewed(&self, of: &TestVessel, at: i64) -> (SimulatedPhone, SimulatedPhone) {
        let mut officer = self.phone(of, Roles::CREW.and(Roles::OFFICER), 2, at);
        let mut walker = self.phone(of, Roles::CREW, 11, at);
        self.sync(&mut officer, at + 60);
        self.sync(&mut walker, at + 70);
        let reading = officer.clock.read((at + 120) * 1_000);
        officer.phone.adopt_plan(at + 120, &reading).unwrap();
        self.sync(&mut officer, at + 130);
        self.sync(&mut walker, at + 140);
        (officer, walker)
    }

    /// Everything that the shore's source tables and projections hold, as one digest a vessel.
    pub fn sources(&self, vessel: VesselId) -> usize {
        self.shore
            .reading_held(vessel, |held| {
                held.chains().iter().map(|chain| chain.all().count()).sum()
            })
            .unwrap()
    }
}

impl Drop for TestShore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Opens the shore whose files are in `folder`.
pub fn open(folder: &Path, clock: &Arc<SettableClock>) -> Shore {
    open_with(folder, clock, 4)
}

fn open_with(folder: &Path, clock: &Arc<SettableClock>, seed: u64) -> Shore {
    let store = SqliteStore::open(&folder.join("deckwatch.db"), &SqliteOptions::default()).unwrap();
    let keys = KeyFolder::open(&folder.join("keys")).unwrap();
    let clock: Arc<SettableClock> = Arc::clone(clock);
    Shore::new(Arc::new(store), keys, clock, Box::new(SeededEntropy::new(seed)))
}

/// A ship in a test.
pub struct TestVessel {
    /// Its id.
    pub vessel: VesselId,
    /// Its plan.
    pub plan: PlanContent,
    seed: u64,
}

impl TestVessel {
    /// Its due patrols with an opening in `from..until`.
    pub fn due(&self, from: i64, until: i64) -> Vec<DuePatrol> {
        due_patrols(self.vessel, &self.plan, from, until)
    }
}

/// Walks a patrol as planned, from `start`, one point a minute, without the points in `skip`.
pub fn walk(
    phone: &mut SimulatedPhone,
    plan: &PlanContent,
    due: &DuePatrol,
    start: i64,
    skip: &[usize],
) {
    let at = |phone: &SimulatedPhone, now: i64| phone.clock.read(now * 1_000);
    let reading = at(phone, start);
    phone.phone.start(Some(due.id), None, &reading).unwrap();
    let mut now = start;
    for (index, point) in due.points.iter().enumerate() {
        if skip.contains(&index) {
            continue;
        }
        now += 60;
        let label = phone.label(tag_at(plan, *point).unwrap()).unwrap();
        let reading = at(phone, now);
        phone.phone.scan_text(&label, &reading).unwrap();
    }
    let reading = at(phone, now + 30);
    phone.phone.end(1, 0, &reading).unwrap();
}

/// The store in `folder`, with the safe beside it.
pub fn open_store(folder: &std::path::Path) -> deckwatch_core::store::Store {
    use deckwatch_core::{
        entropy::SeededEntropy,
        store::{FileSafe, Store},
    };
    let safe = FileSafe::open(&folder.join("safe"), Box::new(SeededEntropy::new(5))).unwrap();
    let path = folder.join("store.db");
    Store::open(&path, &safe, &mut SeededEntropy::new(6)).unwrap()
}

/// The clocks of the phone in `scanning-phone`, which two processes must agree on.
pub fn scanning_clock(begin: i64) -> deckwatch::demo::phone::PhoneClock {
    deckwatch::demo::phone::PhoneClock::new((begin - 3_600) * 1_000, &mut SeededEntropy::new(5))
}
