//! What was handed out, to whom: README.md section 3. The content of the leaf of kind 7 that ends the vessel's leaves, so a
//! bundle says nothing about itself that the ledger does not say too.

use super::{
    archive::MAX_PARTS,
    disclosure::{MAX_RULES, Withheld},
};
use crate::{
    model::{Hash, VesselId},
    record::{
        CborError, PublicKeyBytes,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 2;
/// Bytes of the recipient's name at most.
pub const MAX_RECIPIENT: usize = 255;

/// A part of the bundle as the manifest fixes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPart {
    /// Its name in the archive.
    pub name: String,
    /// SHA-256 of what it shows: README.md section 3.
    pub hash: Hash,
}

/// One hand-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The vessel.
    pub vessel: VesselId,
    /// Patrols that were due from here on, Unix seconds.
    pub from: i64,
    /// Patrols that were due before this, Unix seconds.
    pub to: i64,
    /// The moment as of which the shore last worked out its flags, Unix seconds.
    pub as_of: i64,
    /// The vessel's root of authority: record/FORMAT.md section 11.
    pub shore_key: PublicKeyBytes,
    /// Every leaf of the vessel from this number on is shown.
    pub first: u64,
    /// To whom, for people.
    pub recipient: String,
    /// What is withheld.
    pub withheld: Vec<Withheld>,
    /// What is shown, ascending by name: so nobody who carries the bundle can show less, more or the same in another form.
    pub parts: Vec<NamedPart>,
}

impl Manifest {
    /// The manifest's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(10).uint(VERSION).bytes(&self.vessel.0);
        to.int(self.from).int(self.to).int(self.as_of);
        to.bytes(&self.shore_key).uint(self.first).text(&self.recipient);
        to.array(self.withheld.len());
        self.withheld.iter().for_each(|rule| rule.encode(&mut to));
        to.array(self.parts.len());
        for part in &self.parts {
            to.array(2).text(&part.name).bytes(&part.hash.0);
        }
        to.finish()
    }

    /// Reads the manifest's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(10)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a manifest of version 2"));
        }
        let manifest = Self {
            vessel: VesselId(from.fixed()?),
            from: from.int()?,
            to: from.int()?,
            as_of: from.int()?,
            shore_key: from.fixed()?,
            first: from.uint()?,
            recipient: from.text()?.to_owned(),
            withheld: from.list_of(MAX_RULES, Withheld::decode)?,
            parts: from.list_of(MAX_PARTS, |from| {
                from.array(2)?;
                Ok(NamedPart { name: from.text()?.to_owned(), hash: from.hash()? })
            })?,
        };
        let plain = !manifest.recipient.chars().any(char::is_control);
        if manifest.from > manifest.to || manifest.recipient.len() > MAX_RECIPIENT || !plain {
            return Err(CborError::Expected("a period, and a recipient of at most 255 bytes"));
        }
        if !manifest.parts.is_sorted_by(|one, next| one.name < next.name) {
            return Err(CborError::Expected("parts in ascending order of their names"));
        }
        Ok(manifest)
    }

    /// What its leaf names.
    pub fn subject(&self) -> Hash {
        Hash::of(&self.encode())
    }
}
