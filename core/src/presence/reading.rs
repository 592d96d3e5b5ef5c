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
        }
    }
}

/// Reads the one label in a frame, whatever other codes are in sight.
///
/// Two symbols with the same label are one label. A second label that this frame shows too badly to be
/// read goes unseen.
pub fn read_label(frame: &Luminance<'_>, effort: Effort) -> Result<Label, ReadError> {
    let mut failure = ReadError::NothingFound;
    for step in effort.steps() {
        let Some(picture) = step.picture(frame) else { continue };
        let pass = qr::read(&picture);
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
        let pass = qr::read(&picture);
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
