//! A phone that scans without end: FOLDER INVITATION UNIX-SECONDS. Says "taken N" when scan N is
//! durable, and not before. With FOLDER seal it opens the store there, and ends.

use std::io::Write;

use deckwatch::demo::phone::SimulatedPhone;
use deckwatch_core::{model::TagId, record::Enrolment};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().unwrap());
    let next = arguments.next().unwrap();
    if next == "seal" {
        drop(deckwatch_tests::open_store(&folder));
        return;
    }
    let invitation = Enrolment::from_text(&next).unwrap();
    let mut now: i64 = arguments.next().unwrap().parse().unwrap();
    let clock = deckwatch_tests::scanning_clock(now);
    let mut phone = SimulatedPhone::open(&folder, 5, clock, now * 1_000).unwrap();
    phone.phone.enrol(&invitation, &clock.read(now * 1_000)).unwrap();
    phone.phone.start(None, None, &clock.read(now * 1_000)).unwrap();
    for taken in 0_u32.. {
        now += 1;
        let label = phone.label(TagId([(taken % 250) as u8; 16])).unwrap();
        phone.phone.scan_text(&label, &clock.read(now * 1_000)).unwrap();
        let mut out = std::io::stdout().lock();
        // The reader is gone once it has seen enough.
        if writeln!(out, "taken {taken}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}
