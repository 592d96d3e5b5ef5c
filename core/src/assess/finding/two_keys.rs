//! Two keys with one device id. An id is 8 bytes of a hash, so whoever can do 2^32 steps has such a pair.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{attempt::Doubt, input::Input, timeline::Timeline},
    authority::SecondKey,
    model::{DeviceId, RecordRef},
    record::PublicKeyBytes,
};

pub(in crate::assess) const DETECTOR: Detector = Detector {
    code: "two_keys",
    sees: "a device that signs with another key than the one certified under its id, or a second certificate for such a key",
    formula: "the keys in a genesis and in certificates that have one device id are not equal",
    threshold: "one record; the first certified key stays, and nothing counts that another signed",
    explanations: &["none is known: two keys have one id by chance in one of some 2^64 cases"],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let mut others = case.answers.iter().filter(|part| part.doubt == Some(Doubt::OtherKey));
    let first = others.next();
    let finding = first.and_then(|part| {
        let genesis = case.timeline.entry(part.track, 0)?.at;
        let start = case.timeline.entry(part.track, part.begin)?.at;
        Some(signed(detector, part.name.dev, vec![genesis, start]))
    });
    finding.into_iter().collect()
}

/// Every second key, whatever patrol it concerns.
pub(in crate::assess) fn of_all(input: &Input<'_>, timeline: &Timeline<'_>) -> Vec<Finding> {
    let certified = input.authority.second_keys().iter().map(|second| named(&DETECTOR, second));
    let signing = input.authority.devices().filter(|(_, standing)| standing.other_key);
    let signing = signing.filter_map(|(dev, _)| {
        let genesis = timeline.entry(timeline.track(dev)?, 0)?.at;
        Some(signed(&DETECTOR, dev, vec![genesis]))
    });
    certified.chain(signing).collect()
}

fn named(detector: &Detector, second: &SecondKey) -> Finding {
    let SecondKey { dev, certified, refused, record } = second;
    let sentence = format!(
        "Two keys have the id {dev}: {} is certified and stays; {}, which record {} of device {} certifies, is refused.",
        key(certified),
        key(refused),
        record.seq,
        record.dev
    );
    finding(detector, *dev, sentence, vec![*record])
}

fn signed(detector: &Detector, dev: DeviceId, records: Vec<RecordRef>) -> Finding {
    let sentence = format!(
        "The records of device {dev} are signed with another key than the one that is certified under this id; they count for nothing."
    );
    finding(detector, dev, sentence, records)
}

fn finding(
    detector: &Detector,
    dev: DeviceId,
    sentence: String,
    records: Vec<RecordRef>,
) -> Finding {
    detector.finding(Severity::Irregular, sentence, records, Detail::TwoKeys { dev })
}

fn key(key: &PublicKeyBytes) -> String {
    data_encoding::HEXLOWER.encode(key)
}
