//! How many bad frames are read: by one pass of the decoder, and by the whole pyramid.

use std::fmt::Write as _;
use std::io::Write as _;

use deckwatch_core::model::id::{TagId, VesselId};
use deckwatch_core::presence::frame::Luminance;
use deckwatch_core::presence::label::Label;
use deckwatch_core::presence::reading::{Effort, ReadError, read_label};
use qrcode::EcLevel;

use deckwatch_tests::camera::{
    FAMILIES, Family, HEIGHT, PLAIN, Picture, Symbol, WIDTH, dice_of, frame_of,
};

const FRAMES: u64 = 10;

/// Of ten frames: at least so many by the pyramid, at most so many by one pass, where that matters.
const EXPECTED: [(&str, usize, usize); 12] = [
    ("clean", 10, 10),
    ("turned", 10, 10),
    ("perspective", 9, 10),
    ("uneven", 10, 10),
    ("small", 9, 10),
    ("motion", 8, 10),
    ("blur", 6, 10),
    ("dark", 8, 1),
    ("curved", 9, 10),
    ("glare", 7, 10),
    ("dirty", 6, 10),
    ("hard", 2, 1),
];

fn is_read(frame: &[u8], effort: Effort, expected: Label) -> bool {
    let frame = Luminance::new(WIDTH, HEIGHT, WIDTH, frame).unwrap();
    match read_label(&frame, effort) {
        Ok(label) => {
            assert_eq!(label, expected, "a wrong label is worse than none");
            true
        }
        Err(_) => false,
    }
}

/// Frames read with each effort, for each family; families run side by side.
fn count<const N: usize>(efforts: [Effort; N], frames: u64, level: EcLevel) -> Vec<[usize; N]> {
    let of_family = |family: &Family| {
        let mut counts = [0; N];
        for number in 0..frames {
            let (frame, label) = frame_of(family, number, level);
            for (count, effort) in counts.iter_mut().zip(efforts) {
                *count += usize::from(is_read(&frame, effort, label));
            }
        }
        counts
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            FAMILIES.iter().map(|family| scope.spawn(move || of_family(family))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Past the test harness, which keeps the output of tests that pass to itself.
fn print(table: &str) {
    let _ = writeln!(std::io::stderr(), "{table}");
}

#[test]
fn the_pyramid_reads_what_one_pass_does_not() {
    let counts = count([Effort::Quick, Effort::Full], FRAMES, EcLevel::M);
    let mut table = format!("\nlabels read of {FRAMES} frames   one pass   pyramid\n");
    let mut failures = Vec::new();
    for ((family, [quick, full]), (name, at_least, at_most)) in
        FAMILIES.iter().zip(counts).zip(EXPECTED)
    {
        let _ = writeln!(table, "{name:>26} {quick:10} {full:9}");
        assert_eq!(family.name, name);
        assert!(full >= quick, "{name}: the pyramid begins with the one pass");
        if full < at_least || quick > at_most {
            failures.push(name);
        }
    }
    print(&table);
    assert_eq!(failures, Vec::<&str>::new(), "{table}");
}

#[test]
fn two_labels_on_one_wall_are_noticed() {
    let mut dice = dice_of(1);
    let labels = [1, 2].map(|tag| Label::new(VesselId([9; 16]), TagId([tag; 16])));
    let mut picture = Picture::wall(WIDTH as usize, HEIGHT as usize, &mut dice);
    let family = Family { side: (220.0, 300.0), turn: 40.0, perspective: 0.06, ..PLAIN };
    for (label, x) in labels.iter().zip([350.0, 900.0]) {
        let symbol = Symbol::of(&label.payload("dw.example").unwrap(), EcLevel::M);
        picture.stick(&symbol, &family, (x, 360.0), &mut dice);
    }
    let frame = picture.expose(&family, &mut dice);
    let frame = Luminance::new(WIDTH, HEIGHT, WIDTH, &frame).unwrap();
    let Err(ReadError::TwoLabels { one, other }) = read_label(&frame, Effort::Full) else {
        panic!("expected two labels");
    };
    let mut seen = [one, other];
    seen.sort();
    assert_eq!(seen, labels);
}
