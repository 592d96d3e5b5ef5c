//! A camera frame's brightness, and what the pyramid makes of it.

use std::borrow::Cow;

/// Smallest side. The smallest symbol has 21 modules and needs some quiet zone.
pub const SIDE_MIN: u32 = 32;
/// Largest side.
pub const SIDE_MAX: u32 = 8_192;
/// Most pixels of a frame.
pub const PIXELS_MAX: u64 = 64_000_000;
/// Longest distance between the starts of two rows: cameras pad rows to a power of two at most.
pub const STRIDE_MAX: u32 = 2 * SIDE_MAX;

/// The luminance plane of a camera frame: one byte a pixel, 0 black, row by row.
///
/// It is the Y plane of the YUV frames that phones deliver, so nothing needs to be converted.
#[derive(Debug, Clone, Copy)]
pub struct Luminance<'a> {
    width: u32,
    height: u32,
    stride: u32,
    bytes: &'a [u8],
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A side is shorter than [`SIDE_MIN`].
    #[error("a frame of {width}x{height} pixels is too small, a side has at least 32")]
    TooSmall {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A side is longer than [`SIDE_MAX`], or there are more than [`PIXELS_MAX`] pixels.
    #[error("a frame of {width}x{height} pixels is too large, at most 8192 a side and 64 million")]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Rows would overlap, or lie further apart than [`STRIDE_MAX`].
    #[error("rows of {width} pixels cannot be {stride} bytes apart")]
    BadStride {
        /// Pixels in a row.
        width: u32,
        /// Bytes from row to row.
        stride: u32,
    },
    /// Fewer bytes than the rows need.
    #[error("the frame has {got} bytes, its rows need {expected}")]
    TooShort {
        /// What the sides and the stride ask for.
        expected: u64,
        /// What was given.
        got: u64,
    },
}

impl FrameError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooSmall { .. } | Self::TooLarge { .. } => {
                "ask the camera for frames of about 1280x720 or 1920x1080"
            }
            Self::BadStride { .. } | Self::TooShort { .. } => {
                "give the luminance plane (Y) with its own row stride, one byte a pixel"
            }
        }
    }
}

impl<'a> Luminance<'a> {
    /// Checks the sizes. The last row may end at its last pixel, without the padding of the others.
    pub fn new(width: u32, height: u32, stride: u32, bytes: &'a [u8]) -> Result<Self, FrameError> {
        if width < SIDE_MIN || height < SIDE_MIN {
            return Err(FrameError::TooSmall { width, height });
        }
        let pixels = u64::from(width) * u64::from(height);
        if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
            return Err(FrameError::TooLarge { width, height });
        }
        if stride < width || stride > STRIDE_MAX {
            return Err(FrameError::BadStride { width, stride });
        }
        let expected = u64::from(stride) * u64::from(height - 1) + u64::from(width);
        let got = bytes.len() as u64;
        if got < expected {
            return Err(FrameError::TooShort { expected, got });
        }
        Ok(Self { width, height, stride, bytes })
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        let width = self.width as usize;
        self.bytes
            .chunks(self.stride as usize)
            .take(self.height as usize)
            .map(move |row| row.get(..width).unwrap_or(row))
    }

    /// The frame without padding between its rows; borrowed where it has none.
    pub(super) fn packed(&self) -> Pixels<'a> {
        let len = self.width as usize * self.height as usize;
        let bytes = match self.bytes.get(..len) {
            Some(bytes) if self.stride == self.width => Cow::Borrowed(bytes),
            _ => {
                let mut bytes = Vec::with_capacity(len);
                self.rows().for_each(|row| bytes.extend_from_slice(row));
                Cow::Owned(bytes)
            }
        };
        Pixels { width: self.width, height: self.height, bytes }
    }

    /// Each `factor` x `factor` pixels averaged to one, which takes out noise and blurs nothing that
    /// a reader at this size would see. Rows and columns left over at the end are dropped.
    pub(super) fn averaged(&self, factor: u32) -> Pixels<'static> {
        let (width, height) = (self.width / factor, self.height / factor);
        let (columns, step) = (width as usize, factor as usize);
        let area = factor * factor;
        let mut bytes = Vec::with_capacity(columns * height as usize);
        let mut sums = vec![0_u32; columns];
        for (index, row) in self.rows().take((height * factor) as usize).enumerate() {
            for (sum, pixels) in sums.iter_mut().zip(row.chunks_exact(step)) {
                *sum += pixels.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
            }
            if index % step == step - 1 {
                bytes.extend(sums.iter().map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)));
                sums.fill(0);
            }
        }
        Pixels { width, height, bytes: Cow::Owned(bytes) }
    }
}

/// Rows without padding, as the decoder wants them.
#[derive(Debug, Clone)]
pub(super) struct Pixels<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl Pixels<'_> {
    /// Spreads the brightness between the 1 % and the 99 % quantile over the whole range.
    /// `None` where all is one brightness: there is nothing to see.
    pub(super) fn stretched(self) -> Option<Pixels<'static>> {
        let mut histogram = [0_u32; 256];
        for &pixel in self.bytes.iter() {
            if let Some(count) = histogram.get_mut(usize::from(pixel)) {
                *count += 1;
            }
        }
        let one_percent = u32::try_from(self.bytes.len() / 100).unwrap_or(u32::MAX);
        let low = quantile(histogram.iter(), one_percent)?;
        let high = 255 - quantile(histogram.iter().rev(), one_percent)?;
        let range = high.checked_sub(low).filter(|range| *range > 0)?;
        let mut table = [0_u8; 256];
        for (from, to) in table.iter_mut().enumerate() {
            let above = from.saturating_sub(low).min(range);
            *to = u8::try_from(above * 255 / range).unwrap_or(u8::MAX);
        }
        let mut bytes = self.bytes.into_owned();
        for pixel in &mut bytes {
            *pixel = table.get(usize::from(*pixel)).copied().unwrap_or(*pixel);
        }
        Some(Pixels { width: self.width, height: self.height, bytes: Cow::Owned(bytes) })
    }
}

/// How many brightness levels hold the first `share` pixels.
fn quantile<'a>(counts: impl Iterator<Item = &'a u32>, share: u32) -> Option<usize> {
    counts
        .scan(0_u32, |seen, count| {
            *seen = seen.saturating_add(*count);
            Some(*seen)
        })
        .position(|seen| seen > share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked() {
        let bytes = [0; 40 * 40];
        assert!(Luminance::new(40, 40, 40, &bytes).is_ok());
        assert!(Luminance::new(32, 40, 40, &bytes[..40 * 39 + 32]).is_ok(), "a short last row");
        for (width, height, stride, error) in [
            (31, 40, 40, FrameError::TooSmall { width: 31, height: 40 }),
            (40, 0, 40, FrameError::TooSmall { width: 40, height: 0 }),
            (8_193, 32, 8_193, FrameError::TooLarge { width: 8_193, height: 32 }),
            (8_192, 8_192, 8_192, FrameError::TooLarge { width: 8_192, height: 8_192 }),
            (
                u32::MAX,
                u32::MAX,
                u32::MAX,
                FrameError::TooLarge { width: u32::MAX, height: u32::MAX },
            ),
            (40, 40, 39, FrameError::BadStride { width: 40, stride: 39 }),
            (40, 40, 0, FrameError::BadStride { width: 40, stride: 0 }),
            (40, 40, u32::MAX, FrameError::BadStride { width: 40, stride: u32::MAX }),
            (40, 41, 40, FrameError::TooShort { expected: 1_640, got: 1_600 }),
            (40, 40, 41, FrameError::TooShort { expected: 1_639, got: 1_600 }),
            (8_000, 8_000, 16_384, FrameError::TooShort { expected: 131_063_616, got: 1_600 }),
        ] {
            let got = Luminance::new(width, height, stride, &bytes).unwrap_err();
            assert_eq!(got, error);
            assert!(!got.hint().is_empty());
        }
    }

    #[test]
    fn padding_between_rows_is_not_seen() {
        let mut bytes = vec![99_u8; 50 * 40];
        for (index, byte) in bytes.iter_mut().enumerate().filter(|(index, _)| index % 50 < 40) {
            *byte = (index / 50) as u8;
        }
        let frame = Luminance::new(40, 40, 50, &bytes).unwrap();
        let packed = frame.packed();
        assert_eq!(packed.bytes.len(), 1_600);
        assert!(packed.bytes.iter().enumerate().all(|(i, byte)| usize::from(*byte) == i / 40));
        assert!(!frame.averaged(2).bytes.contains(&99));
        let snug = Luminance::new(40, 40, 40, &bytes).unwrap();
        assert!(matches!(snug.packed().bytes, Cow::Borrowed(_)), "nothing to copy");
    }

    #[test]
    fn averages_are_of_whole_squares() {
        let bytes: Vec<u8> = (0..43 * 37).map(|i| if i % 43 % 2 == 0 { 10 } else { 20 }).collect();
        let half = Luminance::new(43, 37, 43, &bytes).unwrap().averaged(2);
        assert_eq!((half.width, half.height, half.bytes.len()), (21, 18, 21 * 18));
        assert!(half.bytes.iter().all(|byte| *byte == 15));
        let quarter = Luminance::new(43, 37, 43, &bytes).unwrap().averaged(4);
        assert_eq!((quarter.width, quarter.height, quarter.bytes.len()), (10, 9, 90));
    }

    #[test]
    fn stretching_leaves_out_one_percent_at_each_end() {
        let mut bytes: Vec<u8> = (0..10_000).map(|i| if i % 2 == 0 { 40 } else { 60 }).collect();
        bytes[..99].fill(0);
        bytes[9_901..].fill(255);
        let pixels =
            |bytes: &[u8]| Pixels { width: 100, height: 100, bytes: Cow::Owned(bytes.to_vec()) };
        let stretched = pixels(&bytes).stretched().unwrap();
        assert_eq!((stretched.bytes[5_000], stretched.bytes[5_001]), (0, 255));
        assert!(pixels(&[77; 10_000]).stretched().is_none(), "one brightness");
        let extreme: Vec<u8> = (0..10_000).map(|i| if i % 2 == 0 { 0 } else { 255 }).collect();
        assert_eq!(pixels(&extreme).stretched().unwrap().bytes, extreme);
    }
}
