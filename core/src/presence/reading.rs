//! Reading labels from a camera frame: the steps of the pyramid and what they find.

use super::frame::{FrameError, Luminance, Pixels, SIDE_MIN};
use super::label::{Label, LabelError};
use super::qr;

/// One step of the pyramid: one picture made of the frame, one pass of the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The frame as it is.
    Full,
    /// Averaged down by 2 and stretched: noise goes, contrast comes.
    Half,
    /// Averaged down by 4 and stretched.
    Quarter,
    /// The frame stretched: small labels in bad light.
    Stretched,
}

impl Step {
    /// All steps, the cheapest and most fruitful first.
    pub const ALL: [Self; 4] = [Self::Full, Self::Half, Self::Quarter, Self::Stretched];

    /// The step for one frame of a sequence: a miss is cheap when the next frame comes 30 ms later.
    /// Every second frame takes the full step, the others take turns.
    pub fn for_frame(number: u64) -> Self {
        match number % 6 {
            1 => Self::Half,
            3 => Self::Quarter,
            5 => Self::Stretched,
            _ => Self::Full,
        }
    }

    fn picture<'a>(self, frame: &Luminance<'a>) -> Option<Pixels<'a>> {
        let factor = match self {
            Self::Full => return Some(frame.packed()),
            Self::Stretched => return frame.packed().stretched(),
            Self::Half => 2,
            Self::Quarter => 4,
        };
        let fits = frame.width().min(frame.height()) / factor >= SIDE_MIN;
        fits.then(|| frame.averaged(factor)).and_then(Pixels::stretched)
    }
}

/// How much work one frame is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// The frame as it is: [`Step::Full`] alone.
    Quick,
    /// One step, for a sequence of frames: see [`Step::for_frame`].
    One(Step),
    /// Step by step until something is read.
    Full,
}

impl Effort {
    fn steps(&self) -> &[Step] {
        match self {
            Self::Quick => &[Step::Full],
            Self::One(step) => std::slice::from_ref(step),
            Self::Full => &Step::ALL,
        }
    }
}

/// Why no label came out of a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No QR code could be read.
    #[error("no QR code was found")]
    NothingFound,
    /// There is a QR code, but it is no label.
    #[error("a QR code was read, but it is no label")]
    NotALabel(#[source] LabelError),
    /// Two different labels are in sight, and nobody can say which one was meant.
    #[error("two labels are in sight")]
    TwoLabels {
        /// One of them.
        one: Label,
        /// Another.
        other: Label,
    },
    /// The bytes are no frame.
    #[error("the camera's frame cannot be used")]
    BadFrame(#[from] FrameError),
    /// The decoder panicked on this frame and found nothing else in it.
    #[error("the decoder failed on this frame")]
    DecoderFailed,
    /// The caller wanted no answer any more.
    #[error("reading was stopped")]
    Stopped,
}

impl ReadError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NothingFound => {
                "hold the phone still, 20 to 40 cm from the label, and give it light"
            }
            Self::NotALabel(error) => error.hint(),
            Self::TwoLabels { .. } => "go closer, so that only one label is in the picture",
            Self::BadFrame(error) => error.hint(),
            Self::DecoderFailed => "move the phone a little and try again",
            Self::Stopped => "start again when a label is in the picture",
        }
    }
}

/// Reads the one label in a frame, whatever other codes are in sight.
///
/// Two symbols with the same label are one label. A second label that this frame shows too badly to be
/// read goes unseen.
pub fn read_label(frame: &Luminance<'_>, effort: Effort) -> Result<Label, ReadError> {
    read_label_until(frame, effort, &|| false)
}

/// [`read_label`], which asks `stop` at every step, every row and every symbol whether anybody still
/// wants the answer, and ends with [`ReadError::Stopped`] if not.
pub fn read_label_until(
    frame: &Luminance<'_>,
    effort: Effort,
    stop: &dyn Fn() -> bool,
) -> Result<Label, ReadError> {
    let mut failure = ReadError::NothingFound;
    for step in effort.steps() {
        if stop() {
            return Err(ReadError::Stopped);
        }
        let Some(picture) = step.picture(frame) else { continue };
        let pass = qr::read(&picture, stop);
        if stop() {
            return Err(ReadError::Stopped);
        }
        let mut labels = Vec::new();
        for text in &pass.texts {
            match Label::parse(text) {
                Ok(label) if !labels.contains(&label) => labels.push(label),
                Ok(_) => {}
                Err(error) => failure = worse(failure, ReadError::NotALabel(error)),
            }
        }
        match labels.as_slice() {
            [] if pass.panicked => failure = worse(failure, ReadError::DecoderFailed),
            [] => {}
            [label] => return Ok(*label),
            [one, other, ..] => return Err(ReadError::TwoLabels { one: *one, other: *other }),
        }
    }
    Err(failure)
}

/// Reads the texts of all QR codes in a frame, each once: for what is no label, such as enrolment.
pub fn read_texts(frame: &Luminance<'_>, effort: Effort) -> Result<Vec<String>, ReadError> {
    let mut failure = ReadError::NothingFound;
    for step in effort.steps() {
        let Some(picture) = step.picture(frame) else { continue };
        let pass = qr::read(&picture, &|| false);
        if !pass.texts.is_empty() {
            return Ok(pass.texts);
        }
        if pass.panicked {
            failure = worse(failure, ReadError::DecoderFailed);
        }
    }
    Err(failure)
}

/// The failure that says more: a label we cannot use, before a foreign code, before a failed decoder.
fn worse(one: ReadError, other: ReadError) -> ReadError {
    let rank = |error: &ReadError| match error {
        ReadError::NotALabel(LabelError::NotALabel) => 2,
        ReadError::NotALabel(_) => 3,
        ReadError::DecoderFailed => 1,
        _ => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::super::drawing::{Modules, Wall};
    use super::*;
    use crate::model::id::{TagId, VesselId};

    const VESSEL: VesselId = VesselId([5; 16]);

    fn label(tag: u8) -> Label {
        Label::new(VESSEL, TagId([tag; 16]))
    }

    fn modules(tag: u8) -> Modules {
        Modules::of(&label(tag).payload("dw.example").unwrap())
    }

    /// Up to four symbols in the corners of a frame of 640 x 480.
    fn wall(symbols: &[Modules]) -> Wall {
        let mut wall = Wall::new(640, 480);
        for (index, symbol) in symbols.iter().enumerate() {
            wall.draw(symbol, 60 + index % 2 * 300, 40 + index / 2 * 220, 5);
        }
        wall
    }

    fn read(symbols: &[Modules]) -> Result<Label, ReadError> {
        read_label(&wall(symbols).frame(), Effort::Full)
    }

    #[test]
    fn the_label_is_found_among_other_codes() {
        let wifi = Modules::of("WIFI:S:bridge;T:WPA;P:secret;;");
        assert_eq!(read(&[modules(1)]), Ok(label(1)));
        assert_eq!(read(&[wifi.clone(), modules(1)]), Ok(label(1)));
        assert_eq!(read(&[modules(1), wifi.clone(), Modules::of("1234")]), Ok(label(1)));
        assert_eq!(read(&[modules(1), modules(1)]), Ok(label(1)), "printed twice is one label");
        assert_eq!(read(&[wifi]), Err(ReadError::NotALabel(LabelError::NotALabel)));
        assert_eq!(read(&[]), Err(ReadError::NothingFound));
    }

    #[test]
    fn two_labels_are_no_answer() {
        let Err(ReadError::TwoLabels { one, other }) = read(&[modules(1), modules(2)]) else {
            panic!("expected two labels");
        };
        let mut seen = [one, other];
        seen.sort();
        assert_eq!(seen, [label(1), label(2)]);
    }

    #[test]
    fn the_failure_that_says_most_is_told() {
        let newer = Modules::of("HTTPS://A/T/2/X");
        let error = read(&[Modules::of("1234"), newer]).unwrap_err();
        assert_eq!(error, ReadError::NotALabel(LabelError::NewerVersion { version: 2 }));
        assert!(error.hint().starts_with("update the app"));
    }

    #[test]
    fn texts_are_all_read_for_what_is_no_label() {
        let wall = wall(&[Modules::of("DECKWATCH-ENROL:gwFk"), modules(1), modules(1)]);
        let texts = read_texts(&wall.frame(), Effort::Quick).unwrap();
        assert_eq!(texts.len(), 2);
        assert!(texts.iter().any(|text| text == "DECKWATCH-ENROL:gwFk"));
        assert_eq!(
            read_texts(&Wall::new(64, 64).frame(), Effort::Full),
            Err(ReadError::NothingFound)
        );
    }

    #[test]
    fn without_contrast_it_takes_a_stretched_step() {
        // 62 against 78, below the contrast that the decoder wants.
        let dull = wall(&[modules(1)]).veiled(8, 60);
        assert_eq!(read_label(&dull.frame(), Effort::Quick), Err(ReadError::NothingFound));
        for step in [Step::Half, Step::Stretched] {
            assert_eq!(read_label(&dull.frame(), Effort::One(step)), Ok(label(1)), "{step:?}");
        }
        assert_eq!(read_label(&dull.frame(), Effort::Full), Ok(label(1)));
    }

    #[test]
    fn reading_stops_when_nobody_wants_the_answer() {
        let wall = wall(&[Modules::of("1234"), Modules::of("5678")]);
        let asked = Cell::new(0_u32);
        let stop_at = |most: u32| {
            asked.set(0);
            let stop = || {
                asked.set(asked.get() + 1);
                asked.get() > most
            };
            read_label_until(&wall.frame(), Effort::Full, &stop)
        };
        assert_eq!(
            stop_at(u32::MAX),
            Err(ReadError::NotALabel(LabelError::NotALabel)),
            "all steps are taken"
        );
        let all = asked.get();
        assert!(all > 4 * 480 / 4 / 3, "asked {all} times");
        for most in [0, 1, 2, 50, all / 2, all - 1] {
            assert_eq!(stop_at(most), Err(ReadError::Stopped), "after {most} of {all}");
            assert!(asked.get() <= most + 4, "asked {} times after {most}", asked.get());
        }
    }

    #[test]
    fn a_sequence_of_frames_takes_all_steps() {
        let taken: Vec<_> = (0..6).map(Step::for_frame).collect();
        assert!(Step::ALL.iter().all(|step| taken.contains(step)));
        assert_eq!(Step::for_frame(u64::MAX), Step::for_frame(u64::MAX % 6));
    }

    #[test]
    fn padded_rows_are_read() {
        let wall = wall(&[modules(1)]);
        let mut padded = Vec::new();
        for row in wall.bytes.chunks(640) {
            padded.extend_from_slice(row);
            padded.extend_from_slice(&[0; 64]);
        }
        padded.truncate(704 * 479 + 640);
        let frame = Luminance::new(640, 480, 704, &padded).unwrap();
        assert_eq!(read_label(&frame, Effort::Quick), Ok(label(1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_frame_is_survived(
            width in SIDE_MIN..180,
            height in SIDE_MIN..180,
            padding in 0_u32..9,
            seed: u64,
            dim in 1_u64..256,
        ) {
            let stride = width + padding;
            let mut state = seed;
            let bytes: Vec<u8> = (0..stride * height)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    ((state >> 33) % dim) as u8
                })
                .collect();
            let frame = Luminance::new(width, height, stride, &bytes).unwrap();
            prop_assert!(read_label(&frame, Effort::Full).is_err());
            for step in Step::ALL {
                prop_assert!(read_texts(&frame, Effort::One(step)).is_err());
            }
        }
    }
}
