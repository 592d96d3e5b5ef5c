//! One pass of the QR decoder over one picture.
//!
//! rxing's own reader stops at the first symbol, tries micro symbols that no label has, and its search
//! for corner squares is quadratic in what it finds: a poster of tiny squares keeps it busy for 12 s on
//! a frame of 1920x1080. So this walks the rows itself and calls rxing for the parts: locate a corner
//! square, group them by three, sample, decode. That gives all symbols in sight, with bounds.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::cpp_essentials::{ConcentricPattern, LocateConcentricPattern};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, Luma8Source, Point};

use super::frame::Pixels;

/// Corner squares that are looked for: a full sheet has 45, noise adds less than 10.
const CORNERS_MAX: usize = 256;
/// Groups of three that are tried, the most plausible first, at about 0.1 ms each.
const GROUPS_MAX: usize = 2_048;
/// Every third row is looked at: the middle of a corner square is three modules high, and a module is
/// at least a pixel.
const ROW_STEP: usize = 3;
/// Dark, light, dark, light, dark across the middle of a corner square, in modules.
const CORNER: [u16; 5] = [1, 1, 3, 1, 1];

/// What one pass saw.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pass {
    /// The texts of all symbols that could be read, each once, in the order they were found.
    pub(super) texts: Vec<String>,
    /// The decoder, which is not ours, gave up somewhere with a panic.
    pub(super) panicked: bool,
}

/// Reads all symbols of a picture. A panic of the decoder ends here: the state it leaves behind is
/// dropped with it, nothing is shared.
pub(super) fn read(pixels: &Pixels<'_>) -> Pass {
    let mut pass = Pass::default();
    let Ok(found) = catch_unwind(AssertUnwindSafe(|| find(pixels))) else {
        pass.panicked = true;
        return pass;
    };
    let Some((picture, groups)) = found else { return pass };
    let mut used = Vec::new();
    for group in groups.iter().take(GROUPS_MAX) {
        let corners = [group.bl, group.tl, group.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        match catch_unwind(AssertUnwindSafe(|| decode(&picture, group))) {
            Ok(Some(text)) => {
                used.extend(corners);
                if !pass.texts.contains(&text) {
                    pass.texts.push(text);
                }
            }
            Ok(None) => {}
            Err(_) => pass.panicked = true,
        }
    }
    pass
}

fn find(pixels: &Pixels<'_>) -> Option<(BitMatrix, Vec<FinderPatternSet>)> {
    let source = Luma8Source::new_with_slice(&pixels.bytes, pixels.width, pixels.height).ok()?;
    let binarizer = HybridBinarizer::new(source);
    let picture = binarizer.get_black_matrix().ok()?.clone();
    let mut corners = corners(&picture);
    let groups = GenerateFinderPatternSets(&mut corners);
    Some((picture, groups))
}

fn decode(picture: &BitMatrix, group: &FinderPatternSet) -> Option<String> {
    let sampled = SampleQR(picture, group).ok()?;
    let decoded = Decode(sampled.getBits()).ok()?;
    decoded.isValid().then(|| decoded.text())
}

fn corners(picture: &BitMatrix) -> Vec<ConcentricPattern> {
    let mut corners: Vec<ConcentricPattern> = Vec::new();
    for y in (ROW_STEP - 1..picture.height() as usize).step_by(ROW_STEP) {
        let walked = for_each_crossing(picture, y, |x, width| {
            let point = Point { x, y: y as f32 + 0.5 };
            let known = |corner: &ConcentricPattern| {
                Point::distance(point, corner.p) < corner.size as f32 / 2.0
            };
            if !corners.iter().any(known) {
                // Three times the width in the row: a slanted square is longer the other way.
                let reach = i32::try_from(width * 3).unwrap_or(i32::MAX);
                let found = LocateConcentricPattern::<true, 5, 7>(picture, &CORNER, point, reach);
                corners.extend(found);
            }
            if corners.len() < CORNERS_MAX {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        if walked.is_break() {
            break;
        }
    }
    corners
}

/// Calls `visit` with the middle and the width of each place where row `y` may cross a corner square.
fn for_each_crossing(
    picture: &BitMatrix,
    y: usize,
    mut visit: impl FnMut(f32, usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let width = picture.width() as usize;
    let row = picture.getRow(u32::try_from(y).unwrap_or(u32::MAX));
    let (mut first, mut gap, mut middle, mut gap_after) = (0, 0, 0, 0);
    let mut start = row.getNextSet(0);
    while start < width {
        let end = row.getNextUnset(start).min(width);
        let last = end - start;
        if crosses_corner([first, gap, middle, gap_after, last]) {
            let x = end as f32 - (last + gap_after) as f32 - middle as f32 / 2.0;
            visit(x, first + gap + middle + gap_after + last)?;
        }
        let next = row.getNextSet(end).min(width);
        (first, gap, middle, gap_after) = (middle, gap_after, last, next - end);
        start = next;
    }
    ControlFlow::Continue(())
}

/// Whether runs of pixels are about 1:1:3:1:1. Ink spreads and light bleeds, so dark and light have a
/// module size each.
fn crosses_corner(runs: [usize; 5]) -> bool {
    let [first, gap, middle, gap_after, last] = runs.map(|run| run as f32);
    if first == 0.0 || middle < 3.0 {
        return false;
    }
    let dark = (first + middle + last) / 5.0;
    let light = (gap + gap_after) / 2.0;
    let near = |run: f32, modules: f32, size: f32, slack: f32| {
        (run - modules * size).abs() <= size * slack + 0.5
    };
    dark.max(light) <= 4.0 * dark.min(light)
        && near(first, 1.0, dark, 0.75)
        && near(last, 1.0, dark, 0.75)
        && near(middle, 3.0, dark, 0.75)
        && near(gap, 1.0, light, 0.4)
        && near(gap_after, 1.0, light, 0.4)
}
#[cfg(test)]
mod tmp {
    use super::*;
    use std::borrow::Cow;
    #[test]
    fn poster() {
        for (w, h) in [(1280u32, 720u32), (1920, 1080), (4000, 3000), (8000, 8000)] {
            for (pitch, unit, noise) in [
                (8usize, 1usize, 0),
                (9, 1, 0),
                (16, 2, 0),
                (24, 3, 0),
                (33, 4, 0),
                (8, 1, 1),
                (8, 1, 2),
            ] {
                let mut s = 1u64;
                let bytes: Vec<u8> = (0..w as usize * h as usize)
                    .map(|i| {
                        if noise == 1 {
                            s = s
                                .wrapping_mul(6364136223846793005)
                                .wrapping_add(1442695040888963407);
                            return (s >> 56) as u8;
                        }
                        let (x, y) = (i % w as usize % pitch / unit, i / w as usize % pitch / unit);
                        let ring = |t: usize| (t as i32 - 3).abs();
                        let r = if noise == 2 { ring(x) } else { ring(x).max(ring(y)) };
                        if r <= 1 || r == 3 { 10 } else { 240 }
                    })
                    .collect();
                let p = Pixels { width: w, height: h, bytes: Cow::Owned(bytes) };
                let t = std::time::Instant::now();
                let source = Luma8Source::new_with_slice(&p.bytes, p.width, p.height).unwrap();
                let b = HybridBinarizer::new(source);
                let m = b.get_black_matrix().unwrap().clone();
                let t1 = t.elapsed();
                let mut pats = corners(&m);
                let t2 = t.elapsed();
                let n = pats.len();
                let g = GenerateFinderPatternSets(&mut pats).len();
                let t3 = t.elapsed();
                let r = read(&p);
                eprintln!(
                    "{w}x{h} pitch {pitch} unit {unit} noise {noise}: bin {t1:?} find {:?} n {n} groups {g} {:?}; all {:?} {r:?}",
                    t2 - t1,
                    t3 - t2,
                    t.elapsed() - t3
                );
            }
        }
    }
}
