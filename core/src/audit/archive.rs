//! The archive: parts by name, as a ZIP file with exactly one encoding. README.md section 1.
//!
//! Nothing is compressed: a bundle is mostly hashes and signatures, which do not shrink, and what is not inflated cannot
//! burst. With stored entries, fixed times and one order there is one sequence of bytes for one set of parts, so a reader accepts
//! what it would write itself and nothing else.

use std::collections::BTreeMap;

/// Bytes of an archive at most: 1 GiB.
pub const MAX_ARCHIVE: usize = 1 << 30;
/// Parts of an archive at most.
pub const MAX_PARTS: usize = 4_096;
/// Bytes of a part's name at most.
pub const MAX_NAME: usize = 64;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Bytes of a local header, a central header and the end record, without names.
const FRAMES: [usize; 3] = [30, 46, 22];
/// 1980-01-01, the first day that a ZIP file knows.
const DATE: u16 = 0x0021;

/// Why bytes are not a bundle's archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Larger than any that is read or written.
    #[error(
        "the archive is larger than 1 GiB or has more than {MAX_PARTS} parts; export a shorter period"
    )]
    TooLarge,
    /// Not a ZIP file, or one that ends early.
    #[error("not a Deckwatch bundle, or only a piece of one; copy the file again")]
    NotAnArchive,
    /// A ZIP file that something else wrote.
    #[error(
        "this ZIP file is not in the form of a bundle (byte {0}); it was packed again or changed, so ask for the original file"
    )]
    NotCanonical(usize),
}

/// Parts by name. What is in them is another question: [`crate::audit::verify()`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    parts: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// A part's bytes.
    pub fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name).map(Vec::as_slice)
    }

    /// All parts, in the order of their names.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Puts a part in; one of that name gives way.
    pub fn put(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.parts.insert(name.into(), bytes);
    }

    /// Takes a part out.
    pub fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        self.parts.remove(name)
    }

    /// The archive's bytes.
    pub fn to_archive(&self) -> Result<Vec<u8>, ArchiveError> {
        let sizes = self.parts.iter().map(|(name, bytes)| {
            FRAMES.iter().sum::<usize>().saturating_add(2 * name.len()).saturating_add(bytes.len())
        });
        let size = sizes.fold(0usize, usize::saturating_add);
        let named = self.parts.keys().all(|name| is_name(name.as_bytes()));
        if size > MAX_ARCHIVE || self.parts.len() > MAX_PARTS || !named {
            return Err(ArchiveError::TooLarge);
        }
        let mut archive = Vec::with_capacity(size);
        emit(&self.parts, &mut |bytes| archive.extend_from_slice(bytes));
        Ok(archive)
    }

    /// Reads an archive's bytes: only those that [`Bundle::to_archive`] would write.
    pub fn from_archive(archive: &[u8]) -> Result<Self, ArchiveError> {
        if archive.len() > MAX_ARCHIVE {
            return Err(ArchiveError::TooLarge);
        }
        let mut rest = archive;
        let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        while rest.starts_with(&LOCAL.to_le_bytes()) {
            if parts.len() == MAX_PARTS {
                return Err(ArchiveError::TooLarge);
            }
            let (name, bytes, tail) = entry(rest).ok_or(ArchiveError::NotAnArchive)?;
            let ascends = parts.last_key_value().is_none_or(|(last, _)| *last < name);
            if !ascends {
                return Err(ArchiveError::NotCanonical(archive.len() - rest.len()));
            }
            parts.insert(name, bytes.to_vec());
            rest = tail;
        }
        if parts.is_empty() {
            return Err(ArchiveError::NotAnArchive);
        }
        let (mut at, mut differs) = (0usize, None);
        emit(&parts, &mut |bytes| {
            let end = at.saturating_add(bytes.len());
            if differs.is_none() && archive.get(at..end) != Some(bytes) {
                differs = Some(at);
            }
            at = end;
        });
        match differs {
            Some(at) => Err(ArchiveError::NotCanonical(at)),
            None if at == archive.len() => Ok(Self { parts }),
            None => Err(ArchiveError::NotCanonical(at)),
        }
    }
}

/// Names are plain: small letters, digits, and `-./`, not at the ends.
fn is_name(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=MAX_NAME).contains(&name.len())
        && name.first().is_some_and(plain)
        && name.last().is_some_and(plain)
        && name.iter().all(|byte| plain(byte) || b"-./".contains(byte))
}

/// Name, bytes, and what comes after the first local entry. Everything else of it is compared later.
fn entry(archive: &[u8]) -> Option<(String, &[u8], &[u8])> {
    let (header, rest) = archive.split_first_chunk::<30>()?;
    let [.., s0, s1, s2, s3, n0, n1, _, _] = *header;
    let size = usize::try_from(u32::from_le_bytes([s0, s1, s2, s3])).ok()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([n0, n1])))?;
    let (bytes, rest) = rest.split_at_checked(size)?;
    let name = String::from_utf8(name.to_vec()).ok().filter(|name| is_name(name.as_bytes()))?;
    Some((name, bytes, rest))
}

/// Writes the one encoding, piece by piece. Sizes are within 32 bits: an archive is.
fn emit(parts: &BTreeMap<String, Vec<u8>>, to: &mut dyn FnMut(&[u8])) {
    let mut offset = 0usize;
    let mut directory = Vec::new();
    for (name, bytes) in parts {
        // Needs version 1.0; no flags; stored; time 0.
        let mut shared = Fields::default();
        shared.u16(10).u16(0).u16(0).u16(0).u16(DATE).u32(crc32(bytes)).u32(bytes.len() as u32);
        shared.u32(bytes.len() as u32).u16(name.len() as u16).u16(0);
        let mut local = Fields::default();
        local.u32(LOCAL).raw(&shared.0).raw(name.as_bytes());
        let mut central = Fields::default();
        central.u32(CENTRAL).u16(10).raw(&shared.0).u16(0).u16(0).u16(0).u32(0);
        central.u32(offset as u32).raw(name.as_bytes());
        directory.extend(central.0);
        to(&local.0);
        to(bytes);
        offset = offset.saturating_add(local.0.len()).saturating_add(bytes.len());
    }
    let count = parts.len() as u16;
    let mut end = Fields::default();
    end.u32(END).u16(0).u16(0).u16(count).u16(count);
    end.u32(directory.len() as u32).u32(offset as u32).u16(0);
    to(&directory);
    to(&end.0);
}

/// Little-endian fields.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }
}

/// The CRC-32 of ZIP files (reflected polynomial edb88320), a nibble at a time.
fn crc32(bytes: &[u8]) -> u32 {
    const fn table() -> [u32; 256] {
        let mut table = [0u32; 256];
        let mut at = 0usize;
        while at < 256 {
            let mut value = at as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            #[expect(clippy::indexing_slicing, reason = "worked out by the compiler")]
            {
                table[at] = value;
            }
            at += 1;
        }
        table
    }
    static TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0u32, |crc, byte| {
        let step = TABLE.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or_default();
        (crc >> 8) ^ step
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Bundle {
        let mut bundle = Bundle::default();
        bundle.put("b.txt", b"second".to_vec());
        bundle.put("a/1.cbor", vec![0; 3]);
        bundle.put("empty", Vec::new());
        bundle
    }

    #[test]
    fn crc_of_the_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn an_archive_reads_back_and_has_one_encoding() {
        let bytes = small().to_archive().unwrap();
        assert_eq!(Bundle::from_archive(&bytes), Ok(small()));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(Bundle::from_archive(&changed).is_err(), "byte {at}, bit {bit}");
            }
        }
        for end in 0..bytes.len() {
            assert!(Bundle::from_archive(&bytes[..end]).is_err());
        }
        assert!(Bundle::from_archive(&[&bytes[..], b"x"].concat()).is_err());
        assert_eq!(Bundle::from_archive(b"text"), Err(ArchiveError::NotAnArchive));
    }

    #[test]
    fn names_are_plain() {
        for name in ["", "/etc", "a/", "A", "a\\b", "ä", &"a".repeat(65)] {
            let mut bundle = Bundle::default();
            bundle.put(name, Vec::new());
            assert_eq!(bundle.to_archive(), Err(ArchiveError::TooLarge), "{name}");
        }
    }
}
