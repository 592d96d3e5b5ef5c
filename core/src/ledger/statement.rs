//! What leaves about the assessment are about: FORMAT.md section 5.

use crate::{
    assess::{DETECTOR_VERSION, DETECTORS, Severity},
    model::{DeviceId, DueId, Hash, RecordRef, VesselId},
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 1;
/// Records that one flag shows at most; of more, the first.
pub const MAX_RECORDS: usize = 1_024;
const MAX_DETECTORS: usize = 1_024;

/// A finding that somebody must handle, as the ledger says it. The same finding gives the same bytes
/// whenever it is worked out, so its hash is the flag's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagStatement {
    /// The vessel.
    pub vessel: VesselId,
    /// The due patrol it is about, if it is about one.
    pub due: Option<DueId>,
    /// The code of the finding.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// In one sentence.
    pub sentence: String,
    /// What shows it.
    pub records: Vec<RecordRef>,
    /// Which formulas were used.
    pub detector_version: u32,
}

/// A flag that does not stand any more, because of what came later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The flag.
    pub flag: Hash,
    /// Assessed as of then, Unix seconds.
    pub as_of: i64,
    /// What is said instead.
    pub why: String,
}

/// The detectors of one version, as they are published before their first flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The version of all of them and of the verdict table.
    pub version: u32,
    /// Code, what it sees, formula, threshold, and what would explain a finding innocently.
    pub detectors: Vec<([String; 4], Vec<String>)>,
}

fn version(from: &mut Reader<'_>) -> Result<(), CborError> {
    match from.uint()? {
        VERSION => Ok(()),
        _ => Err(CborError::Expected("a statement of version 1")),
    }
}

fn owned(from: &mut Reader<'_>) -> Result<String, CborError> {
    from.text().map(str::to_owned)
}

impl FlagStatement {
    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(8).uint(VERSION).bytes(&self.vessel.0);
        to.optional(self.due.as_ref(), |to, due| to.bytes(&due.0));
        to.text(&self.code);
        to.uint(match self.severity {
            Severity::Info => 1,
            Severity::Notice => 2,
            Severity::Irregular => 3,
        });
        to.text(&self.sentence);
        let records = self.records.iter().take(MAX_RECORDS);
        to.array(records.len());
        for record in records {
            to.array(3).bytes(&record.dev.0).uint(record.seq).bytes(&record.hash.0);
        }
        to.uint(u64::from(self.detector_version));
        to.finish()
    }

    /// Reads the content's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(8)?;
        version(&mut from)?;
        Ok(Self {
            vessel: VesselId(from.fixed()?),
            due: from.optional(|from| from.fixed().map(DueId))?,
            code: owned(&mut from)?,
            severity: match from.uint()? {
                1 => Severity::Info,
                2 => Severity::Notice,
                3 => Severity::Irregular,
                _ => return Err(CborError::Expected("a severity of 1 to 3")),
            },
            sentence: owned(&mut from)?,
            records: from.list_of(MAX_RECORDS, |from| {
                from.array(3)?;
                Ok(RecordRef {
                    dev: DeviceId(from.fixed()?),
                    seq: from.uint()?,
                    hash: from.hash()?,
                })
            })?,
            detector_version: from.uint32()?,
        })
    }

    /// The flag's id, which its leaf names.
    pub fn subject(&self) -> Hash {
        Hash::of(&self.encode())
    }
}

impl Withdrawal {
    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(4).uint(VERSION).bytes(&self.flag.0).int(self.as_of).text(&self.why);
        to.finish()
    }

    /// Reads the content's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(4)?;
        version(&mut from)?;
        Ok(Self { flag: from.hash()?, as_of: from.int()?, why: owned(&mut from)? })
    }
}

impl Publication {
    /// What this program works with.
    pub fn of_this_program() -> Self {
        let detectors = DETECTORS.iter().map(|detector| {
            let texts = [detector.code, detector.sees, detector.formula, detector.threshold];
            let explanations = detector.explanations.iter().map(|text| (*text).to_owned());
            (texts.map(str::to_owned), explanations.collect())
        });
        Self { version: DETECTOR_VERSION, detectors: detectors.collect() }
    }

    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(3).uint(VERSION).uint(u64::from(self.version)).array(self.detectors.len());
        for (texts, explanations) in &self.detectors {
            to.array(5);
            texts.iter().for_each(|text| {
                to.text(text);
            });
            to.array(explanations.len());
            explanations.iter().for_each(|text| {
                to.text(text);
            });
        }
        to.finish()
    }

    /// Reads the content's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(3)?;
        version(&mut from)?;
        Ok(Self {
            version: from.uint32()?,
            detectors: from.list_of(MAX_DETECTORS, |from| {
                from.array(5)?;
                let texts = [owned(from)?, owned(from)?, owned(from)?, owned(from)?];
                Ok((texts, from.list_of(MAX_DETECTORS, owned)?))
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_read_back_as_they_were_and_in_one_encoding() {
        let flag = FlagStatement {
            vessel: VesselId([1; 16]),
            due: Some(DueId([2; 16])),
            code: "missed".to_owned(),
            severity: Severity::Irregular,
            sentence: "Nobody walked Round A between 02:00 and 03:00.".to_owned(),
            records: vec![RecordRef { dev: DeviceId([3; 8]), seq: 70_000, hash: Hash::of(b"it") }],
            detector_version: 1,
        };
        assert_eq!(FlagStatement::decode(&flag.encode()), Ok(flag.clone()));
        let without = FlagStatement { due: None, records: Vec::new(), ..flag.clone() };
        assert_eq!(FlagStatement::decode(&without.encode()), Ok(without.clone()));
        assert_ne!(without.subject(), flag.subject());
        let gone = Withdrawal { flag: flag.subject(), as_of: -5, why: "walked".to_owned() };
        assert_eq!(Withdrawal::decode(&gone.encode()), Ok(gone));
        let published = Publication::of_this_program();
        assert_eq!(Publication::decode(&published.encode()), Ok(published.clone()));
        assert_eq!(published.detectors.len(), DETECTORS.len());
    }

    #[test]
    fn nothing_else_is_a_statement() {
        let bytes = Withdrawal { flag: Hash::ZERO, as_of: 0, why: String::new() }.encode();
        for end in 0..bytes.len() {
            assert!(Withdrawal::decode(&bytes[..end]).is_err());
        }
        let newer: Vec<u8> =
            bytes.iter().enumerate().map(|(at, it)| it + u8::from(at == 1)).collect();
        assert_eq!(
            Withdrawal::decode(&newer),
            Err(CborError::Expected("a statement of version 1"))
        );
        assert!(FlagStatement::decode(&bytes).is_err());
    }
}
