//! What is written to an NTAG 424 DNA so that it signs what it says: the NDEF file, and where the tag
//! puts UID, counter and MAC in it. Offsets are counted from the start of the file, as the tag counts.
//!
//! The settings follow the data sheet (NT4H2421Gx) and AN12196, and have not been tried on a real tag.

use super::{
    label::{LabelError, VesselHint, checked_host},
    sun::covered,
};
use crate::model::VesselId;

/// Bytes of the file before the URL: its length (2), and the head of an NDEF record of one URI (5).
const BEFORE_URL: usize = 7;
/// The short form of an NDEF record of a well-known type, the only one of its message.
const NDEF_HEAD: u8 = 0xd1;
/// Stands for "https://" in a URI record.
const HTTPS: u8 = 0x04;
const MAC_DIGITS: usize = 16;

/// A tag's NDEF file and the settings that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SunTemplate {
    /// The URL with zeros where the tag writes.
    pub url: String,
    /// Where the UID stands.
    pub uid_offset: usize,
    /// Where the counter stands.
    pub counter_offset: usize,
    /// Where a phone writes its nonce; level 5 alone, experimental.
    pub nonce_offset: Option<usize>,
    /// Where begins what the MAC covers.
    pub mac_input_offset: usize,
    /// Where the MAC stands.
    pub mac_offset: usize,
}

impl SunTemplate {
    /// The template for a vessel's tags. `bound` = level 5, experimental.
    pub fn new(vessel: VesselId, host: &str, bound: bool) -> Result<Self, LabelError> {
        let host = checked_host(host).map_err(LabelError::BadHost)?.to_ascii_lowercase();
        let path = format!("{host}/T/1/{}?", VesselHint::of(vessel));
        let zeros = [0; 16];
        let window = covered(&[0; 7], 0, bound.then_some(&zeros));
        let start = BEFORE_URL + path.len();
        let place = |field: &str| window.find(field).map(|at| start + at + field.len());
        Ok(Self {
            uid_offset: place("u=").unwrap_or(start),
            counter_offset: place("&c=").unwrap_or(start),
            nonce_offset: place("&n="),
            mac_input_offset: start,
            mac_offset: start + window.len(),
            url: format!("{path}{window}{}", "0".repeat(MAC_DIGITS)),
        })
    }

    /// The NDEF file.
    pub fn file(&self) -> Vec<u8> {
        // A host has at most 64 characters, so the URL has at most 150.
        let url = u8::try_from(self.url.len()).unwrap_or(u8::MAX);
        let mut file =
            vec![0, url.saturating_add(5), NDEF_HEAD, 1, url.saturating_add(1), b'U', HTTPS];
        file.extend(self.url.as_bytes());
        file
    }

    /// The data of `ChangeFileSettings` for file 2: signed mirrors of UID and counter in plain, reading free,
    /// writing with key 0 (level 5: free, because every phone writes its nonce), changes with key 0, MAC by key 2.
    pub fn settings(&self) -> Vec<u8> {
        let write = if self.nonce_offset.is_some() { 0xe } else { 0x0 };
        // SDM on, plain communication; read-write 0 and change 0; read free and write.
        let mut data = vec![0x40, 0x00, 0xe0 | write];
        // UID and counter mirrored as text; counter retrieval by nobody; UID and counter plain, MAC by key 2.
        data.extend([0xc1, 0xff, 0xe2]);
        for offset in [self.uid_offset, self.counter_offset, self.mac_input_offset, self.mac_offset]
        {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes();
            data.extend(offset.iter().take(3));
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presence::{
        ndef::texts,
        sun::{PlainSun, SunMessage},
    };

    const VESSEL: VesselId = VesselId([0xff; 16]);

    #[test]
    fn the_offsets_point_at_what_the_tag_writes() {
        for bound in [false, true] {
            let template = SunTemplate::new(VESSEL, "DW.example", bound).unwrap();
            let mut file = template.file();
            assert_eq!(usize::from(file[1]) + 2, file.len());
            let mut put = |at: usize, text: &[u8]| file[at..at + text.len()].copy_from_slice(text);
            put(template.uid_offset, b"04DE5F1EACC040");
            put(template.counter_offset, b"00002A");
            put(template.mac_offset, b"0011223344556677");
            if let Some(nonce) = template.nonce_offset {
                put(nonce, b"97BB9E1663D52746E2D4860A6AD168F6");
            }
            let text = texts(&file[2..]).unwrap().remove(0);
            assert!(text.starts_with("https://dw.example/T/1/ZZZZZZ?u="), "{text}");
            let Some(SunMessage::Plain(read)) = SunMessage::parse(&text) else { panic!("{text}") };
            let PlainSun { uid, counter, nonce, mac } = read;
            assert_eq!((counter, mac[7], nonce.is_some()), (42, 0x77, bound));
            let window = &file[template.mac_input_offset..template.mac_offset];
            assert_eq!(window, covered(&uid, counter, nonce.as_ref()).as_bytes());
        }
    }

    #[test]
    fn the_settings_are_those_of_the_data_sheet() {
        let template = SunTemplate::new(VESSEL, "dw.example", false).unwrap();
        let settings = template.settings();
        assert_eq!(settings.len(), 18);
        assert_eq!(settings[..6], [0x40, 0x00, 0xe0, 0xc1, 0xff, 0xe2]);
        let path = "dw.example/T/1/ZZZZZZ?".len();
        let offset = |at: usize| usize::from(settings[at]);
        assert_eq!([6, 9, 12, 15].map(offset), [9 + path, 26 + path, 7 + path, 35 + path]);
        let bound = SunTemplate::new(VESSEL, "dw.example", true).unwrap();
        assert_eq!(bound.settings()[2], 0xee, "phones write their nonce");
        assert!(SunTemplate::new(VESSEL, "not a host", false).is_err());
    }
}
