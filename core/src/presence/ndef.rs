//! NDEF messages (NFC Forum): the texts and URIs in what a tag gives. The bytes come from whoever made
//! the tag: sizes are checked before anything is copied, and nothing is followed.

/// Bytes of the longest message that is looked at. Tags hold at most 888 (NTAG 216).
pub const MESSAGE_MAX: usize = 1_024;
/// Records of a message that are looked at.
const RECORDS: usize = 8;

const CHUNKED: u8 = 0x20;
const SHORT: u8 = 0x10;
const WITH_ID: u8 = 0x08;
const KIND: u8 = 0x07;
const WELL_KNOWN: u8 = 1;
const LAST: u8 = 0x40;

/// NFC Forum URI record: what a first byte stands for.
const PREFIXES: [&str; 7] =
    ["", "http://www.", "https://www.", "http://", "https://", "tel:", "mailto:"];

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an NDEF message; read the tag again")]
pub struct NdefError;

/// The texts and URIs of a message, in order. Records of other kinds are left out; none may be cut short
/// or in chunks.
pub fn texts(message: &[u8]) -> Result<Vec<String>, NdefError> {
    if message.len() > MESSAGE_MAX {
        return Err(NdefError);
    }
    let mut found = Vec::new();
    let mut rest = message;
    for _ in 0..RECORDS {
        if rest.is_empty() {
            break;
        }
        let (record, after) = Record::read(rest).ok_or(NdefError)?;
        found.extend(record.text());
        rest = if record.last { &[] } else { after };
    }
    Ok(found)
}

/// One record of a message.
struct Record<'m> {
    well_known: bool,
    name: &'m [u8],
    payload: &'m [u8],
    last: bool,
}

impl<'m> Record<'m> {
    fn read(bytes: &'m [u8]) -> Option<(Self, &'m [u8])> {
        let (head, rest) = bytes.split_first()?;
        if head & CHUNKED != 0 {
            return None;
        }
        let (name_len, rest) = rest.split_first()?;
        let (payload_len, rest) = if head & SHORT == 0 {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_be_bytes(*len)).ok()?, rest)
        } else {
            let (len, rest) = rest.split_first()?;
            (usize::from(*len), rest)
        };
        let (id_len, rest) = match head & WITH_ID {
            0 => (0, rest),
            _ => rest.split_first().map(|(len, rest)| (usize::from(*len), rest))?,
        };
        let (name, rest) = rest.split_at_checked(usize::from(*name_len))?;
        let (_, rest) = rest.split_at_checked(id_len)?;
        let (payload, rest) = rest.split_at_checked(payload_len)?;
        let well_known = head & KIND == WELL_KNOWN;
        Some((Self { well_known, name, payload, last: head & LAST != 0 }, rest))
    }

    fn text(&self) -> Option<String> {
        if !self.well_known {
            return None;
        }
        let (first, rest) = self.payload.split_first()?;
        match self.name {
            b"U" => {
                let prefix = PREFIXES.get(usize::from(*first))?;
                Some(format!("{prefix}{}", std::str::from_utf8(rest).ok()?))
            }
            // The first byte: bit 7 says UTF-16, which nobody needs for a label; bits 0 to 5 the language's length.
            b"T" if first & 0x80 == 0 => {
                let (_, text) = rest.split_at_checked(usize::from(first & 0x3f))?;
                std::str::from_utf8(text).ok().map(str::to_owned)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn short(head: u8, name: &str, payload: &[u8]) -> Vec<u8> {
        let len = u8::try_from(payload.len()).unwrap();
        let mut bytes = vec![head, u8::try_from(name.len()).unwrap(), len];
        bytes.extend(name.as_bytes());
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn texts_and_uris_are_read_in_order() {
        let uri = short(0x91, "U", b"\x04dw.example/T/1");
        let text = short(0x51, "T", b"\x02enBow");
        let both = [&uri[..], &text].concat();
        assert_eq!(texts(&both).unwrap(), ["https://dw.example/T/1", "Bow"]);
        // A long record with an id.
        let long = [&[0xc9, 1, 0, 0, 0, 3, 2][..], b"U", b"id", b"\x00a:"].concat();
        assert_eq!(texts(&long).unwrap(), ["a:"]);
        // What follows the last record is padding of the tag's memory.
        let padded = [&text[..], &[0xfe, 0, 0]].concat();
        assert_eq!(texts(&padded).unwrap(), ["Bow"]);
        // Kinds that say nothing here.
        for other in [
            short(0xd2, "text/plain", b"Bow"),
            short(0xd1, "Sp", b""),
            short(0xd1, "U", b"\x30x"),
            short(0xd1, "T", b"\x82enBow"),
            short(0xd1, "T", b"\x3fen"),
            short(0xd1, "U", b"\x00\xff"),
            vec![0xd0, 0, 0],
            Vec::new(),
        ] {
            assert_eq!(texts(&other).unwrap(), [""; 0], "{other:02x?}");
        }
    }

    #[test]
    fn cut_chunked_and_long_messages_are_refused() {
        let uri = short(0xd1, "U", b"\x04dw.example");
        for end in 1..uri.len() {
            assert_eq!(texts(&uri[..end]), Err(NdefError), "{end}");
        }
        assert_eq!(texts(&short(0xb1, "U", b"\x04a")), Err(NdefError), "chunked");
        assert_eq!(texts(&[0xc1, 1, 0xff, 0xff, 0xff, 0xff, b'U']), Err(NdefError));
        assert_eq!(texts(&vec![0; MESSAGE_MAX + 1]), Err(NdefError));
        // Many records: the first eight are looked at.
        let many = short(0x11, "T", b"\x00a").repeat(100);
        assert_eq!(texts(&many).unwrap().len(), RECORDS);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(found) = texts(&bytes) {
                // Nothing is invented: texts are no longer than the message and its prefixes.
                let len: usize = found.iter().map(String::len).sum();
                prop_assert!(len <= bytes.len() + RECORDS * 12);
            }
        }
    }
}
