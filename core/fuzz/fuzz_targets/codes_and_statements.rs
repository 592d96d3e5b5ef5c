#![no_main]

use deckwatch_core::{
    audit::Erasure,
    ledger::{FlagStatement, Publication, Withdrawal},
    model::{Hash, TagUid},
    presence::{
        frame::{Luminance, SIDE_MIN},
        label::Label,
        ndef,
        nfc::{self, NfcReading},
        reading::{Effort, read_texts},
        sun::SunMessage,
    },
    record::{Enrolment, EnrolmentAnswer, EnrolmentRequest, JoinCode, Marker, Receipt, Record},
};
use libfuzzer_sys::fuzz_target;

/// What people scan and type: a text is refused, or says what it says and nothing else.
fn texts(text: &str) {
    if let Ok(label) = Label::parse(text) {
        let written = label.payload("dw.example").unwrap();
        assert_eq!(Label::parse(&written).unwrap(), label);
    }
    if let Ok(code) = JoinCode::from_text(text) {
        assert_eq!(code.to_text(), text.trim());
    }
    if let Ok(enrolment) = Enrolment::from_text(text) {
        assert_eq!(enrolment.to_text(), text.trim());
    }
    if let Ok(answer) = EnrolmentAnswer::from_text(text) {
        assert_eq!(answer.to_text(), text.trim());
    }
    // It carries a signature of the key that it names, which nobody makes by chance.
    if let Ok(request) = EnrolmentRequest::from_text(text) {
        assert_eq!(request.to_text(), text.trim());
    }
    let _ = SunMessage::parse(text);
}

/// What an NFC reader gives: the length of the UID, the UID, and the message.
fn tap(data: &[u8]) {
    let Some((length, rest)) = data.split_first() else { return };
    let (uid, message) = rest.split_at(usize::from(length % 12).min(rest.len()));
    let uid = TagUid::from_slice(uid);
    for head in [None, Some(&Hash::ZERO)] {
        match nfc::read(uid, message, head) {
            NfcReading::Evidence(found) => assert!(!found.is_empty()),
            NfcReading::Failed { .. } => {}
        }
    }
    let _ = ndef::texts(message);
}

/// What a camera gives: the width behind the least one, and a grey value for every point.
fn frame(data: &[u8]) {
    let Some((width, points)) = data.split_first() else { return };
    let width = u32::from(width % 64) + SIDE_MIN;
    let height = (points.len() / width as usize).min(96) as u32;
    if let Ok(frame) = Luminance::new(width, height, width, &points[..(width * height) as usize]) {
        let _ = read_texts(&frame, Effort::Quick);
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        texts(text);
    }
    tap(data);
    frame(data);
    let one_form = |written: Option<Vec<u8>>| assert!(written.is_none_or(|it| it == data));
    one_form(Receipt::decode(data).ok().map(|it| it.encode()));
    one_form(Record::decode(data).ok().map(|it| it.encode()));
    one_form(FlagStatement::decode(data).ok().map(|it| it.encode()));
    one_form(Withdrawal::decode(data).ok().map(|it| it.encode()));
    one_form(Publication::decode(data).ok().map(|it| it.encode()));
    one_form(Erasure::decode(data).ok().map(|it| it.encode()));
    one_form(Marker::from_bytes(data).map(|it| it.to_bytes().to_vec()));
});
