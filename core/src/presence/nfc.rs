//! What an NFC reader gives becomes evidence. Nothing is checked here: phones hold no keys.

use super::{
    label::Label,
    ndef,
    sun::{PlainSun, SunMessage, nonce_after},
};
use crate::{
    model::{Hash, TagUid},
    record::{Evidence, reason::scan_failed},
};

/// What a reading of an NFC tag is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NfcReading {
    /// What may be recorded, the strongest first: never empty. A tag that the Plan knows by its UID
    /// alone may hold a message all the same.
    Evidence(Vec<Evidence>),
    /// Nothing to record but that it failed; as in FORMAT.md section 4.
    Failed {
        /// What was tried.
        evidence_type: u64,
        /// Why it failed.
        reason: u64,
    },
}

/// Reads the UID and the NDEF message of a tag. `head` is the newest record of the phone's chain, after which
/// this reading will be recorded.
pub fn read(uid: Option<TagUid>, message: &[u8], head: Option<&Hash>) -> NfcReading {
    let texts = ndef::texts(message);
    let readable = texts.is_ok();
    let texts = texts.unwrap_or_default();
    let by_uid = |uid: TagUid| Evidence::NfcUid { uid: uid.as_bytes().to_vec(), originality: None };
    let mut found = Vec::new();
    if let Some(SunMessage::Plain(sun)) = texts.iter().find_map(|text| SunMessage::parse(text)) {
        // A message that was copied to another tag. Random UIDs have 4 bytes and say nothing.
        if uid.and_then(|uid| uid.seven()).is_some_and(|seven| seven != sun.uid) {
            let reason = scan_failed::ANOTHER_TAGS_MESSAGE;
            return NfcReading::Failed { evidence_type: 4, reason };
        }
        found.push(evidence_of(&sun, head));
    } else {
        found.extend(uid.map(by_uid));
        let label = texts.iter().find_map(|text| Label::parse(text).ok());
        found.extend(label.map(|label| Evidence::Qr { tag: label.tag }));
    }
    if found.is_empty() {
        let reason = if readable && !texts.is_empty() {
            scan_failed::NOT_OURS
        } else {
            scan_failed::UNREADABLE
        };
        return NfcReading::Failed { evidence_type: 2, reason };
    }
    NfcReading::Evidence(found)
}

/// A message that is bound to another record than the one before this cannot be checked by anybody who reads
/// this chain: it is worth the tag's UID.
fn evidence_of(sun: &PlainSun, head: Option<&Hash>) -> Evidence {
    let PlainSun { uid, counter, nonce, mac } = *sun;
    let here = head.map(nonce_after);
    match nonce {
        Some(nonce) if Some(nonce) != here => {
            Evidence::NfcUid { uid: uid.to_vec(), originality: None }
        }
        nonce => Evidence::Sun { uid, counter: counter.into(), mac, nonce_bound: nonce.is_some() },
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXUPPER;

    use super::*;
    use crate::{
        model::{TagId, VesselId},
        presence::{label::Label, sun::covered},
    };

    const UID: [u8; 7] = [4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40];
    const MAC: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    fn message(url: &str) -> Vec<u8> {
        let mut bytes = vec![0xd1, 1, u8::try_from(url.len() + 1).unwrap(), b'U', 4];
        bytes.extend(url.as_bytes());
        bytes
    }

    fn sun(nonce: Option<&[u8; 16]>) -> Vec<u8> {
        let window = covered(&UID, 42, nonce);
        message(&format!("dw.example/T/1/ZZZZZZ?{window}{}", HEXUPPER.encode(&MAC)))
    }

    fn evidence(uid: Option<TagUid>, message: &[u8], head: Option<&Hash>) -> Vec<Evidence> {
        match read(uid, message, head) {
            NfcReading::Evidence(found) => found,
            failed => panic!("{failed:?}"),
        }
    }

    #[test]
    fn a_signed_message_is_what_is_recorded() {
        let uid = Some(TagUid::from(UID));
        let wanted = Evidence::Sun { uid: UID, counter: 42, mac: MAC, nonce_bound: false };
        assert_eq!(evidence(uid, &sun(None), None), std::slice::from_ref(&wanted));
        assert_eq!(evidence(None, &sun(None), None), std::slice::from_ref(&wanted));
        let random = TagUid::from_slice(&[8, 1, 2, 3]);
        assert_eq!(evidence(random, &sun(None), None), [wanted]);
        // Written to a tag that can be bought anywhere.
        let other = Some(TagUid::from([9; 7]));
        let failed = NfcReading::Failed { evidence_type: 4, reason: 4 };
        assert_eq!(read(other, &sun(None), None), failed);
    }

    #[test]
    fn a_bound_message_counts_for_the_next_record_alone() {
        let (head, other) = (Hash([3; 32]), Hash([4; 32]));
        let bound = sun(Some(&nonce_after(&head)));
        let wanted = Evidence::Sun { uid: UID, counter: 42, mac: MAC, nonce_bound: true };
        assert_eq!(evidence(None, &bound, Some(&head)), [wanted]);
        let by_uid = Evidence::NfcUid { uid: UID.to_vec(), originality: None };
        assert_eq!(evidence(None, &bound, Some(&other)), std::slice::from_ref(&by_uid));
        assert_eq!(evidence(None, &bound, None), [by_uid]);
    }

    #[test]
    fn plain_tags_give_their_uid_and_what_they_carry() {
        let uid = TagUid::from_slice(&[1, 2, 3, 4]).unwrap();
        let by_uid = Evidence::NfcUid { uid: vec![1, 2, 3, 4], originality: None };
        assert_eq!(evidence(Some(uid), &[], None), std::slice::from_ref(&by_uid));
        assert_eq!(
            evidence(Some(uid), &[0xff; 3], None),
            std::slice::from_ref(&by_uid),
            "unreadable"
        );
        let tag = TagId([7; 16]);
        let payload = Label::new(VesselId([1; 16]), tag).payload("dw.example").unwrap();
        let text = [
            &[0xd1, 1, u8::try_from(payload.len() + 3).unwrap(), b'T', 2][..],
            b"en",
            payload.as_bytes(),
        ]
        .concat();
        assert_eq!(evidence(Some(uid), &text, None), [by_uid, Evidence::Qr { tag }]);
        assert_eq!(evidence(None, &text, None), [Evidence::Qr { tag }]);
    }

    #[test]
    fn what_is_neither_has_failed() {
        let not_ours = NfcReading::Failed { evidence_type: 2, reason: 2 };
        assert_eq!(read(None, &message("example.org/"), None), not_ours);
        let sealed = "a/?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
        assert_eq!(read(None, &message(sealed), None), not_ours);
        let unreadable = NfcReading::Failed { evidence_type: 2, reason: 1 };
        assert_eq!(read(None, &[], None), unreadable);
        assert_eq!(read(None, &[0xff], None), unreadable);
    }
}
