//! What an NTAG 424 DNA says of itself: Secure Unique NFC messages (SUN, AN12196) in AES mode.
//!
//! A tag writes its UID, its read counter and a MAC into the URL that it gives to a reader. Who holds
//! the tag's key checks the MAC. The URL of our tags, and what the MAC covers, stand in FORMAT.md
//! section 19. The counter stands in the URL with its highest byte first, and in the session vector with its
//! lowest first.
//!
//! The nonce-bound form (level 5) is **experimental**: it follows from the definition of the MAC, and has not
//! been tried on a real tag.

use aes::{
    Aes128,
    cipher::{BlockCipherDecrypt, KeyInit},
};
use cmac::{Cmac, Mac};
use data_encoding::{HEXUPPER, HEXUPPER_PERMISSIVE};
use subtle::ConstantTimeEq;

use super::tag_key::TagKey;
use crate::model::Hash;

/// Longest URL that is looked at.
pub const URL_MAX: usize = 512;
/// The largest counter: three bytes.
pub const COUNTER_MAX: u32 = 0x00ff_ffff;
/// What a tag's PICCData says it holds: UID and counter, and a UID of 7 bytes.
const PICC_TAG: u8 = 0xc7;

/// What a tag says in its URL. Nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SunMessage {
    /// UID and counter stand there for everybody to read.
    Plain(PlainSun),
    /// UID and counter are sealed with a key that phones do not have (PICCData).
    Sealed {
        /// UID and counter, sealed.
        picc: [u8; 16],
        /// What the MAC covers, as read.
        covered: String,
        /// The truncated CMAC.
        mac: [u8; 8],
    },
}

/// A message with plain mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainSun {
    /// The tag's UID.
    pub uid: [u8; 7],
    /// Its read counter.
    pub counter: u32,
    /// What a phone wrote to the tag before reading it (experimental).
    pub nonce: Option<[u8; 16]>,
    /// The truncated CMAC.
    pub mac: [u8; 8],
}

/// The keys of one reading.
#[derive(Debug)]
pub struct SessionKeys {
    /// For the MAC.
    pub mac: TagKey,
    /// For sealed file data.
    pub enc: TagKey,
}

impl SessionKeys {
    /// The session keys of a tag's `SDMFileRead` key. `counter` is at most [`COUNTER_MAX`].
    pub fn of(key: &TagKey, uid: &[u8; 7], counter: u32) -> Self {
        let [_, high, middle, low] = counter.to_be_bytes();
        let derived = |label: [u8; 2]| {
            let mut vector = [0; 16];
            let parts = label.into_iter().chain([0x00, 0x01, 0x00, 0x80]);
            let parts = parts.chain(*uid).chain([low, middle, high]);
            vector.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
            TagKey::new(cmac(key, &vector))
        };
        Self { mac: derived([0x3c, 0xc3]), enc: derived([0xc3, 0x3c]) }
    }

    /// The MAC that the tag shows: bytes 1, 3, … 15 of the CMAC.
    pub fn sign(&self, covered: &[u8]) -> [u8; 8] {
        let mut short = [0; 8];
        let odd = cmac(&self.mac, covered).into_iter().skip(1).step_by(2);
        short.iter_mut().zip(odd).for_each(|(to, from)| *to = from);
        short
    }

    /// Whether `mac` is the tag's over `covered`; in constant time.
    pub fn verifies(&self, covered: &[u8], mac: &[u8; 8]) -> bool {
        self.sign(covered).ct_eq(mac).into()
    }
}

/// Whether the tag with this key said so. `nonce` = of a bound message, what it must cover.
pub fn is_genuine(
    key: &TagKey,
    uid: &[u8; 7],
    counter: u64,
    nonce: Option<&[u8; 16]>,
    mac: &[u8; 8],
) -> bool {
    let Some(counter) = u32::try_from(counter).ok().filter(|counter| *counter <= COUNTER_MAX)
    else {
        return false;
    };
    SessionKeys::of(key, uid, counter).verifies(covered(uid, counter, nonce).as_bytes(), mac)
}

/// What the MAC of our tags covers: from `u=` to `&m=`.
pub fn covered(uid: &[u8; 7], counter: u32, nonce: Option<&[u8; 16]>) -> String {
    let nonce = nonce.map_or_else(String::new, |nonce| format!("&n={}", HEXUPPER.encode(nonce)));
    format!("u={}&c={counter:06X}{nonce}&m=", HEXUPPER.encode(uid))
}

/// The nonce of a record that follows `head`: its first 16 bytes.
pub fn nonce_after(head: &Hash) -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce.iter_mut().zip(head.0).for_each(|(to, from)| *to = from);
    nonce
}

/// UID and counter that a tag sealed with its `SDMMetaRead` key.
pub fn open_picc(key: &TagKey, picc: &[u8; 16]) -> Option<([u8; 7], u32)> {
    let mut block = (*picc).into();
    Aes128::new(&(*key.expose()).into()).decrypt_block(&mut block);
    let plain: [u8; 16] = block.into();
    let [PICC_TAG, uid @ .., low, middle, high, _, _, _, _, _] = plain else { return None };
    Some((uid, u32::from_be_bytes([0, high, middle, low])))
}

impl SunMessage {
    /// Reads a URL. `None` = it holds no such message.
    ///
    /// Plain: `u`, `c`, `n` where it is bound, `m`, in this order and nothing else, as FORMAT.md section 19 has it.
    /// Sealed: the forms of AN12196, `e` and `c`, or `picc_data`, `enc` and `cmac`.
    pub fn parse(url: &str) -> Option<Self> {
        if url.len() > URL_MAX || !url.is_ascii() {
            return None;
        }
        let (_, query) = url.split_once('?')?;
        let fields: Vec<(&str, &str)> =
            query.split('&').map(|field| field.split_once('=')).collect::<Option<_>>()?;
        match fields.as_slice() {
            [("u", uid), ("c", counter), rest @ .., ("m", mac)] => {
                let nonce = match rest {
                    [] => None,
                    [("n", nonce)] => Some(hex(nonce)?),
                    _ => return None,
                };
                let [high, middle, low] = hex(counter)?;
                let counter = u32::from_be_bytes([0, high, middle, low]);
                Some(Self::Plain(PlainSun { uid: hex(uid)?, counter, nonce, mac: hex(mac)? }))
            }
            [("e", picc), ("c", mac)] | [("picc_data", picc), ("cmac", mac)] => {
                Some(Self::Sealed { picc: hex(picc)?, covered: String::new(), mac: hex(mac)? })
            }
            [("picc_data", picc), ("enc", enc), ("cmac", mac)] => {
                let covered = format!("{enc}&cmac=");
                Some(Self::Sealed { picc: hex(picc)?, covered, mac: hex(mac)? })
            }
            _ => None,
        }
    }
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXUPPER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn cmac(key: &TagKey, message: &[u8]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as KeyInit>::new(&(*key.expose()).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use aes::cipher::BlockCipherEncrypt;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::presence::diversify::{MAC_KEY_NUMBER, tag_key};

    fn text<'v>(of: &'v Value, field: &str) -> &'v str {
        of[field].as_str().unwrap_or_else(|| panic!("{field} of {of}"))
    }

    fn bytes<const N: usize>(of: &Value, field: &str) -> [u8; N] {
        hex(text(of, field)).unwrap()
    }

    fn key(of: &Value, field: &str) -> TagKey {
        TagKey::new(bytes(of, field))
    }

    fn published() -> Value {
        serde_json::from_str(include_str!("vectors/an12196_sdm_aes.json")).unwrap()
    }

    #[test]
    fn the_published_readings_of_an12196() {
        let file = published();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let name = text(vector, "name");
            let (uid, counter) = (bytes(vector, "uid"), vector["sdm_read_ctr"].as_u64().unwrap());
            let counter = u32::try_from(counter).unwrap();
            let keys = SessionKeys::of(&key(vector, "sdm_file_read_key"), &uid, counter);
            let (mac, enc) = ("k_ses_sdm_file_read_mac", "k_ses_sdm_file_read_enc");
            assert_eq!(*keys.mac.expose(), bytes(vector, mac), "{name}");
            assert_eq!(*keys.enc.expose(), bytes(vector, enc), "{name}");
            if vector["picc_enc_data"].is_string() {
                let picc = bytes(vector, "picc_enc_data");
                let meta = key(vector, "sdm_meta_read_key");
                assert_eq!(open_picc(&meta, &picc), Some((uid, counter)), "{name}");
                assert_eq!(open_picc(&TagKey::new([9; 16]), &picc), None, "{name}");
            }
            if vector["mac_input_ascii"].is_string() {
                let covered = text(vector, "mac_input_ascii").as_bytes();
                assert_eq!(cmac(&keys.mac, covered), bytes(vector, "mac_full"), "{name}");
                assert!(keys.verifies(covered, &bytes(vector, "sdmmac")), "{name}");
                let read = SunMessage::parse(text(vector, "url")).unwrap();
                let covered = text(vector, "mac_input_ascii").to_owned();
                let picc = bytes(vector, "picc_enc_data");
                let mac = bytes(vector, "sdmmac");
                assert_eq!(read, SunMessage::Sealed { picc, covered, mac }, "{name}");
            }
            if vector["sdm_enc_file_data"].is_string() {
                // One block of CBC: the vector is the sealed counter, and what is sealed follows it.
                let cipher = Aes128::new(&(*keys.enc.expose()).into());
                let mut vector_block = [0; 16];
                vector_block[..3].copy_from_slice(&bytes::<3>(vector, "sdm_read_ctr_lsb_first"));
                let mut vector_block = vector_block.into();
                cipher.encrypt_block(&mut vector_block);
                assert_eq!(<[u8; 16]>::from(vector_block), bytes(vector, "iv"), "{name}");
                let mut block = bytes::<16>(vector, "sdm_enc_file_data").into();
                cipher.decrypt_block(&mut block);
                let plain: Vec<u8> = block.iter().zip(vector_block).map(|(a, b)| a ^ b).collect();
                assert_eq!(plain, bytes::<16>(vector, "file_data_plain"), "{name}");
            }
        }
    }

    /// Changed MACs, a misprint among them. The tag with plain mirrors that the file names as a base is the one
    /// of nfc-developer/sdm-backend (MIT): all keys zero, a MAC over nothing.
    #[test]
    fn changed_macs_are_refused() {
        let file = published();
        let zero = TagKey::new([0; 16]);
        let real = SessionKeys::of(&zero, &hex("041E3C8A2D6B80").unwrap(), 6);
        assert!(real.verifies(b"", &hex("4B00064004B0B3D3").unwrap()));
        let negative = file["negative"].as_array().unwrap();
        assert_eq!(negative.len(), 3);
        for case in negative {
            let (_, mac) = text(case, "change").split_once('=').unwrap();
            let mac = hex(mac).unwrap();
            let vectors = file["vectors"].as_array().unwrap();
            let base = vectors.iter().find(|vector| vector["name"] == case["base"]);
            let Some(base) = base else {
                assert!(!real.verifies(b"", &mac), "{case}");
                continue;
            };
            let counter = u32::try_from(base["sdm_read_ctr"].as_u64().unwrap()).unwrap();
            let keys =
                SessionKeys::of(&key(base, "sdm_file_read_key"), &bytes(base, "uid"), counter);
            assert!(!keys.verifies(text(base, "mac_input_ascii").as_bytes(), &mac), "{case}");
        }
    }

    #[test]
    fn a_bound_message_covers_the_chain_it_was_made_for() {
        let vector: Value =
            serde_json::from_str(include_str!("vectors/sun_nonce_bound.json")).unwrap();
        let uid = bytes(&vector, "uid");
        let file_read = tag_key(&key(&vector, "master"), &uid, MAC_KEY_NUMBER);
        assert_eq!(*file_read.expose(), bytes(&vector, "file_read_key"));
        let nonce: [u8; 16] = bytes(&vector, "nonce");
        let mac: [u8; 8] = bytes(&vector, "sdmmac");
        assert_eq!(covered(&uid, 42, Some(&nonce)), text(&vector, "mac_window_ascii"));
        let keys = SessionKeys::of(&file_read, &uid, 42);
        assert_eq!(*keys.mac.expose(), bytes(&vector, "k_ses_mac"));
        assert!(is_genuine(&file_read, &uid, 42, Some(&nonce), &mac));
        assert!(!is_genuine(&file_read, &uid, 42, None, &mac), "a bound one is no unbound one");
        assert!(!is_genuine(&file_read, &uid, 43, Some(&nonce), &mac));
        assert!(!is_genuine(&file_read, &uid, 42 + (1 << 24), Some(&nonce), &mac));
        let without: [u8; 8] = bytes(&vector, "same_without_nonce");
        assert_eq!(keys.sign(b""), without, "a tag whose MAC covers nothing");
        assert!(!is_genuine(&file_read, &uid, 42, None, &without), "is none of ours");
        assert!(!is_genuine(&file_read, &uid, 42, Some(&nonce), &without));
        let mut other = nonce;
        other[0] ^= 1;
        assert!(!is_genuine(&file_read, &uid, 42, Some(&other), &mac));
        let mut head = [0xee; 32];
        head[..16].copy_from_slice(&nonce);
        assert_eq!(nonce_after(&Hash(head)), nonce);
        let url = format!(
            "https://dw.example/T/1/ZZZZZZ?{}{}",
            text(&vector, "mac_window_ascii"),
            text(&vector, "sdmmac")
        );
        let plain = PlainSun { uid, counter: 42, nonce: Some(nonce), mac };
        assert_eq!(SunMessage::parse(&url), Some(SunMessage::Plain(plain)));
    }

    #[test]
    fn the_counter_in_the_url_has_its_highest_byte_first() {
        let read =
            SunMessage::parse("https://a/T/1/ZZZZZZ?u=04de5f1eacc040&c=010203&m=0011223344556677");
        let Some(SunMessage::Plain(plain)) = read else { panic!("{read:?}") };
        assert_eq!((plain.counter, plain.nonce), (0x01_0203, None));
        assert_eq!(covered(&plain.uid, plain.counter, None), "u=04DE5F1EACC040&c=010203&m=");
    }

    #[test]
    fn what_is_no_message_is_none() {
        let good = "https://a/?u=04DE5F1EACC040&c=00002A&m=0011223344556677";
        assert!(SunMessage::parse(good).is_some());
        for (from, to) in [
            ("c=00002A", "c=2A"),
            ("c=00002A&", ""),
            ("u=04DE5F1EACC040", "u=04DE5F1EACC0"),
            ("&c=", "&c=00002A&c="),
            ("&m=", "&x=1&m="),
            ("&m=", "&n=00&m="),
            ("6677", "667"),
            ("6677", "6677&z=1"),
            ("?", ""),
            ("c=0", "c=+"),
            ("04D", "0ä"),
        ] {
            let wrong = good.replacen(from, to, 1);
            assert_eq!(SunMessage::parse(&wrong), None, "{wrong}");
        }
        let long = good.replacen("a/", &"a".repeat(URL_MAX), 1);
        assert_eq!(SunMessage::parse(&long), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(https://a/\\?)?[ -~é]{0,80}", fields in "(u|c|m|n|e|=|&|[0-9A-F]{2}){0,40}") {
            let _ = SunMessage::parse(&text);
            let _ = SunMessage::parse(&format!("https://a/?{fields}"));
        }
    }
}
