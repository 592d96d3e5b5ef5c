//! Labels read from bad camera frames: by one pass of the decoder, and by the whole pyramid.

use deckwatch_core::presence::{
    frame::Luminance,
    reading::{Effort, read_label},
};
use deckwatch_tests::camera::{FAMILIES, HEIGHT, WIDTH, frame_of};
use qrcode::EcLevel;

use super::{Table, median, shown, timed};

const FRAMES: u64 = 20;

pub fn measure(table: &mut Table) {
    for family in &FAMILIES {
        let mut read = [0; 2];
        let mut times = [Vec::new(), Vec::new()];
        for number in 0..FRAMES {
            let (frame, label) = frame_of(family, number, EcLevel::M);
            let frame = Luminance::new(WIDTH, HEIGHT, WIDTH, &frame).unwrap();
            for ((read, times), effort) in
                read.iter_mut().zip(&mut times).zip([Effort::Quick, Effort::Full])
            {
                let (result, took) = timed(|| read_label(&frame, effort));
                *read += usize::from(result.is_ok_and(|found| found == label));
                times.push(took);
            }
        }
        let [quick, full] = times.map(|times| shown(median(times)));
        table.row(
            format!("labels read, {}", family.name),
            format!("{} of {FRAMES}", read[1]),
            format!("in {full}; one pass reads {} in {quick}", read[0]),
        );
    }
}
