//! PINs that are refused, and what fits what.

use super::*;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

fn pin(text: &str) -> Pin {
    Pin::typed(text.to_owned()).unwrap()
}

#[test]
fn only_6_to_12_ascii_digits_are_a_pin() {
    for text in
        ["", "12345", "1234567890123", "12a456", "12 456", "-12345", "１２３４５６", "12345\n"]
    {
        assert_eq!(Pin::typed(text.to_owned()).unwrap_err(), PinError::NotDigits, "{text}");
    }
    for text in ["481516", "000000", "481516234200"] {
        pin(text);
    }
}

#[test]
fn what_anybody_would_try_first_is_no_choice() {
    let guessable = [
        "111111",
        "000000",
        "123456",
        "234567",
        "654321",
        "567890",
        "890123",
        "098765",
        "121212",
        "123123",
        "481481",
        "12341234",
        "123456123456",
        "0123456789",
    ];
    for text in guessable {
        assert_eq!(pin(text).check_choice(CrewNo(7)), Err(PinError::Guessable), "{text}");
    }
    for (text, crew) in [("004117", 4117), ("411700", 4117), ("481516", 481_516), ("004100", 41)] {
        assert_eq!(pin(text).check_choice(CrewNo(crew)), Err(PinError::RosterNumber), "{text}");
    }
    for text in ["481516", "112233", "123457", "135790", "1234561", "204117"] {
        assert_eq!(pin(text).check_choice(CrewNo(4117)), Ok(()), "{text}");
    }
}

/// RFC 9106 section 5.3.
#[test]
fn argon2id_is_that_of_rfc_9106() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let hasher =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    let mut blocks = vec![Block::new(); 32];
    hasher.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut blocks).unwrap();
    let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
    assert_eq!(data_encoding::HEXLOWER.encode(&tag), expected);
}

#[test]
fn a_verifier_fits_one_pin_of_one_person() {
    let made = Verifier::new(&pin("481516"), CrewNo(7), CHEAP, [1; 16]).unwrap();
    let fits = |text: &str, crew: u32| {
        let check = PinCheck::new(CrewNo(crew), Some(made.clone()), [2; 16]);
        check.run(&pin(text)).unwrap().fits.is_some()
    };
    assert!(fits("481516", 7));
    // Another PIN, one with the same beginning, and the same verifier moved to another number.
    assert!(!fits("481517", 7) && !fits("4815162", 7) && !fits("481516", 8));
    let again = Verifier::new(&pin("481516"), CrewNo(7), CHEAP, [3; 16]).unwrap();
    assert_ne!(again.hash, made.hash, "two salts");
}

#[test]
fn nobody_is_fitted_by_nothing_at_the_same_cost() {
    let checked = PinCheck::new(CrewNo(9), None, [2; 16]).run(&pin("481516")).unwrap();
    assert!(checked.fits.is_none() && checked.renewed.is_none());
}

#[test]
fn a_verifier_of_another_cost_is_made_anew() {
    let cheap = Verifier::new(&pin("481516"), CrewNo(7), CHEAP, [1; 16]).unwrap();
    let checked = PinCheck::new(CrewNo(7), Some(cheap.clone()), [2; 16]).run(&pin("481516"));
    let renewed = checked.unwrap().renewed.unwrap();
    assert_eq!((renewed.cost, renewed.salt), (Cost::NOW, [2; 16]));
    let wrong = PinCheck::new(CrewNo(7), Some(cheap), [2; 16]).run(&pin("481517")).unwrap();
    assert!(wrong.renewed.is_none(), "a wrong PIN replaces nothing");
    let again = PinCheck::new(CrewNo(7), Some(renewed.clone()), [3; 16]).run(&pin("481516"));
    let again = again.unwrap();
    assert!(again.fits == Some(renewed) && again.renewed.is_none());
}

#[test]
fn a_kept_cost_without_bounds_is_not_computed() {
    for cost in [
        Cost { memory: u32::MAX, passes: 1, lanes: 1 },
        Cost { memory: 64, passes: 17, lanes: 1 },
        Cost { memory: 64, passes: 1, lanes: 5 },
    ] {
        let kept = Verifier { cost, salt: [1; 16], hash: [2; 32] };
        let mut to = Writer::default();
        kept.write(&mut to);
        let bytes = to.finish();
        assert!(Verifier::read(&mut Reader::new(&bytes).unwrap()).is_err(), "{cost:?}");
    }
}

#[test]
fn nothing_prints_a_pin_or_a_hash() {
    let made = Verifier::new(&pin("481516"), CrewNo(7), CHEAP, [0xab; 16]).unwrap();
    let check = PinCheck::new(CrewNo(7), Some(made.clone()), [0xcd; 16]);
    let text = format!("{:?} {made:?}", pin("481516"));
    assert!(!text.contains("481516") && !text.contains("171") && !text.contains("ab"), "{text}");
    let text = format!("{:?}", check.run(&pin("481516")).unwrap());
    assert!(!text.contains("481516") && !text.contains("hash"), "{text}");
}
