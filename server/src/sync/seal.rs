//! Who asks: finding the requester's key, and checking the envelope with it.

use deckwatch_core::{
    model::{DeviceId, Hash},
    record::{PublicKeyBytes, Segment, SegmentError},
    sync::{Problem, ProblemCode, Request, SealedRequest, SyncError},
};

use super::SyncRefusal;
use crate::shore::{Genesis, Held, genesis_of};

/// A request with its segments decoded, none of them verified.
pub(super) struct Sealed<'a> {
    envelope: &'a SealedRequest,
    pub request: Request,
    pub segments: Vec<Result<Brought, Problem>>,
}

/// A segment as it was brought.
pub(super) struct Brought {
    pub segment: Segment,
    pub genesis: Option<Genesis>,
    /// Its place in the request.
    pub index: usize,
}

impl<'a> Sealed<'a> {
    pub fn open(envelope: &'a SealedRequest, request: Request) -> Self {
        let segments = request.segments.iter().enumerate();
        let segments = segments.map(|(index, bytes)| brought(index, bytes)).collect();
        Self { envelope, request, segments }
    }

    /// The genesis of `dev` that is in this request.
    pub fn genesis(&self, dev: DeviceId) -> Option<&Genesis> {
        let mut brought = self.segments.iter().flatten();
        brought
            .find(|brought| brought.segment.dev == dev && brought.genesis.is_some())?
            .genesis
            .as_ref()
    }

    /// The key of `dev`: as held, as certified, or as its genesis in this request says. The first one stays.
    pub fn key(&self, held: &Held, dev: DeviceId) -> Option<PublicKeyBytes> {
        let known = held.chain(dev).and_then(|chain| chain.key());
        let known = known.or_else(|| held.authority().key(dev).copied());
        known.or_else(|| self.genesis(dev).map(|genesis| genesis.key))
    }

    /// Checks the envelope. A requester whose key nobody here knows is told so: it sends its genesis next time.
    pub fn check(&self, held: &Held) -> Result<Option<Problem>, SyncRefusal> {
        let dev = self.request.dev;
        let Some(key) = self.key(held, dev) else {
            return Ok(Some(problem(ProblemCode::UnknownDevice, &dev.0)));
        };
        match self.envelope.check(&self.request, &key) {
            Ok(()) => Ok(None),
            Err(SyncError::BadSignature(dev)) => Err(SyncRefusal::BadSignature(dev)),
            Err(error) => Err(error.into()),
        }
    }
}

fn brought(index: usize, bytes: &[u8]) -> Result<Brought, Problem> {
    let segment = Segment::decode(bytes).map_err(|error| {
        let code = match error {
            SegmentError::TooLarge(_) => ProblemCode::TooLarge,
            _ => ProblemCode::Malformed,
        };
        problem(code, &Hash::of(bytes).0)
    })?;
    let genesis = genesis_of(&segment);
    Ok(Brought { segment, genesis, index })
}

pub(super) fn problem(code: ProblemCode, subject: &[u8]) -> Problem {
    Problem { code, subject: subject.to_vec() }
}
