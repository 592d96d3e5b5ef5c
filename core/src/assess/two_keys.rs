//! Two keys with one device id: the first certified key stays, and both are named.

use super::{
    Doubt, Severity,
    Verdict::{Done, Unverifiable},
    scene::*,
};
use crate::{
    authority::{Authority, Roles},
    entropy::SeededEntropy,
    record::{Chain, DeviceKey, SegmentError, key::twins},
};

const ALL: [u8; 4] = [1, 2, 3, 4];

/// A device whose key is another than phone A's and has its id.
fn twin(scene: &Scene) -> Pen {
    let mut twin = Pen::new(&mut SeededEntropy::new(77), 66, at(0, 0));
    let id = scene.pens[A].dev;
    twins::found(twin.key.public_key(), id);
    (twin.dev, twin.chain) = (id, Chain::new(id));
    twin
}

#[test]
fn a_second_certificate_for_an_id_gives_nothing_and_is_told() {
    let mut scene = Scene::new();
    let other = twin(&scene);
    let honest = scene.pens[A].key.public_key();
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync_all(at(4, 0));
    for (by, name) in [(None, "the shore"), (Some(O), "an officer")] {
        let mut scene = scene.clone();
        let body = on_board(other.key.public_key(), at(4, 30));
        match by {
            None => scene.shore_says(at(4, 30), body),
            Some(officer) => {
                scene.write(officer, at(4, 30), 0, body);
                scene.sync(officer, at(4, 40));
            }
        }
        let authority = scene.authority();
        let dev = scene.pens[A].dev;
        assert_eq!(authority.key(dev), Some(&honest), "{name}");
        let second = authority.second_keys()[0];
        assert_eq!((second.certified, second.refused), (honest, other.key.public_key()));
        let assessment = scene.assess(at(5, 0));
        assert_eq!(assessment.dues[0].verdict, Done, "{name}: {}", assessment.dues[0].why);
        let told: Vec<_> =
            assessment.findings.iter().filter(|finding| finding.code == "two_keys").collect();
        assert_eq!((told.len(), told[0].severity), (1, Severity::Irregular), "{name}");
        assert_eq!(told[0].records, [second.record]);
        for key in [honest, other.key.public_key()] {
            let key = data_encoding::HEXLOWER.encode(&key);
            assert!(told[0].sentence.contains(&key), "{name}: {}", told[0].sentence);
        }
    }
}

#[test]
fn what_the_second_key_signs_counts_for_nothing_under_the_first_ones_certificate() {
    let mut scene = Scene::new();
    let mut other = twin(&scene);
    let honest = scene.pens[A].key.public_key();
    // The certified phone's own records never came here; the other's did.
    other.genesis(at(1, 0));
    scene.pens[A] = other;
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync_all(at(4, 0));
    let dev = scene.pens[A].dev;
    let authority = scene.authority();
    assert_eq!(authority.key(dev), Some(&honest));
    assert!(authority.standing(dev).unwrap().other_key);
    assert_eq!((authority.roles_at(dev, 3), authority.ever_at(dev, 3)), (Roles::NONE, Roles::NONE));
    let assessment = scene.assess(at(5, 0));
    assert_eq!(assessment.patrols[0].doubt, Some(Doubt::OtherKey));
    let judged = &assessment.dues[0];
    assert_eq!(judged.verdict, Unverifiable, "{}", judged.why);
    let found = judged.findings.iter().find(|finding| finding.code == "two_keys").unwrap();
    assert_eq!(found.severity, Severity::Irregular);
    assert_eq!(assessment.findings.iter().filter(|it| it.code == "two_keys").count(), 1);
    // Neither key verifies what the other signed.
    let segment = &scene.pens[A].segments[0];
    assert_eq!(segment.verify(&honest), Err(SegmentError::BadSignature(dev)));
}

#[test]
fn which_key_stays_depends_on_no_order_of_chains() {
    let mut scene = Scene::new();
    let mut other = twin(&scene);
    other.genesis(at(1, 0));
    other.flush();
    scene.shore_says(at(1, 0), on_board(other.key.public_key(), at(1, 0)));
    let mut chains = scene.chains();
    chains.push(other.chain.clone());
    let shore = scene.shore.key.public_key();
    let [forth, back] = [false, true].map(|turn| {
        if turn {
            chains.reverse();
        }
        let alone: Vec<Chain> = chains
            .iter()
            .filter(|chain| chain.key() != Some(scene.pens[A].key.public_key()))
            .cloned()
            .collect();
        Authority::read(VESSEL, &shore, &alone)
    });
    assert_eq!(forth, back);
    assert!(forth.standing(scene.pens[A].dev).unwrap().other_key);
}
