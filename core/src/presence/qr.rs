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

/// Corner squares that are looked for: a full sheet has 45, noise on a camera's
/// frame adds less than 10.
const CORNERS_MAX: usize = 256;
/// Groups of three that are tried, the most plausible first, at about 0.1 ms each.
const GROUPS_MAX: usize = 512;
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
/// dropped with it, nothing is shared. Once `stop` says so it ends early, with what it has.
pub(super) fn read(pixels: &Pixels<'_>, stop: &dyn Fn() -> bool) -> Pass {
    match catch_unwind(AssertUnwindSafe(|| find(pixels, stop))) {
        Ok(Some((picture, groups))) => decode_all(&groups, stop, |group| decode(&picture, group)),
        Ok(None) => Pass::default(),
        Err(_) => Pass { panicked: true, ..Pass::default() },
    }
}

/// Each group is guarded on its own, so that a spoilt symbol does not hide the label beside it.
fn decode_all(
    groups: &[FinderPatternSet],
    stop: &dyn Fn() -> bool,
    decode: impl Fn(&FinderPatternSet) -> Option<String>,
) -> Pass {
    let mut pass = Pass::default();
    let mut used = Vec::new();
    for group in groups.iter().take(GROUPS_MAX) {
        if stop() {
            break;
        }
        let corners = [group.bl, group.tl, group.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        match catch_unwind(AssertUnwindSafe(|| decode(group))) {
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

fn find(
    pixels: &Pixels<'_>,
    stop: &dyn Fn() -> bool,
) -> Option<(BitMatrix, Vec<FinderPatternSet>)> {
    let source = Luma8Source::new_with_slice(&pixels.bytes, pixels.width, pixels.height).ok()?;
    let binarizer = HybridBinarizer::new(source);
    let picture = binarizer.get_black_matrix().ok()?.clone();
    let mut corners = corners(&picture, stop);
    if stop() {
        return None;
    }
    let groups = GenerateFinderPatternSets(&mut corners);
    Some((picture, groups))
}

fn decode(picture: &BitMatrix, group: &FinderPatternSet) -> Option<String> {
    let sampled = SampleQR(picture, group).ok()?;
    let decoded = Decode(sampled.getBits()).ok()?;
    decoded.isValid().then(|| decoded.text())
}

fn corners(picture: &BitMatrix, stop: &dyn Fn() -> bool) -> Vec<ConcentricPattern> {
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
        if walked.is_break() || stop() {
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
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::super::drawing::{Modules, Wall};
    use super::*;

    fn read_wall(wall: &Wall) -> Pass {
        read(&wall.frame().packed(), &|| false)
    }

    /// Corner squares of `unit` pixels a module with a module between them, and nothing else.
    fn poster(width: usize, height: usize, unit: usize) -> Pixels<'static> {
        let tile = 8 * unit;
        let ring = |t: usize| (t % tile / unit).abs_diff(3);
        let dark = |x: usize, y: usize| matches!(ring(x).max(ring(y)), 0 | 1 | 3);
        let bytes = (0..width * height)
            .map(|i| if dark(i % width, i / width) { 10 } else { 240 })
            .collect();
        let [width, height] = [width, height].map(|side| u32::try_from(side).unwrap());
        Pixels { width, height, bytes: Cow::Owned(bytes) }
    }

    #[test]
    fn all_symbols_in_sight_are_read() {
        let mut wall = Wall::new(640, 480);
        for (index, text) in ["ONE", "TWO", "THREE", "ONE"].into_iter().enumerate() {
            wall.draw(&Modules::of(text), 60 + index % 2 * 300, 40 + index / 2 * 220, 5);
        }
        let mut pass = read_wall(&wall);
        pass.texts.sort();
        assert_eq!(pass.texts, ["ONE", "THREE", "TWO"]);
    }

    #[test]
    fn a_panic_over_one_symbol_does_not_hide_the_next() {
        let mut wall = Wall::new(640, 240);
        wall.draw(&Modules::of("SPOILT"), 40, 40, 5);
        wall.draw(&Modules::of("FINE"), 340, 40, 5);
        let (picture, groups) = find(&wall.frame().packed(), &|| false).unwrap();
        let pass = decode_all(&groups, &|| false, |group| {
            decode(&picture, group).inspect(|text| assert_ne!(text, "SPOILT", "on purpose"))
        });
        assert_eq!(pass, Pass { texts: vec!["FINE".to_owned()], panicked: true });
    }

    #[test]
    fn a_poster_of_corner_squares_is_cut_short() {
        for unit in [1, 2, 4] {
            let poster = poster(1_920, 1_080, unit);
            let (picture, groups) = find(&poster, &|| false).unwrap();
            assert_eq!(corners(&picture, &|| false).len(), CORNERS_MAX, "unit {unit}");
            assert!(groups.len() < CORNERS_MAX * 105, "15 neighbours are paired at most");
            assert_eq!(read(&poster, &|| false).texts, Vec::<String>::new());
        }
    }

    #[test]
    fn crossings_are_told_from_stripes() {
        for runs in [[1, 1, 3, 1, 1], [4, 4, 12, 4, 4], [6, 3, 15, 3, 5], [3, 5, 9, 5, 3]] {
            assert!(crosses_corner(runs), "{runs:?}");
        }
        for runs in [
            [0, 4, 12, 4, 4],
            [4, 4, 4, 4, 4],
            [4, 12, 12, 4, 4],
            [4, 4, 40, 4, 4],
            [1, 1, 2, 1, 1],
        ] {
            assert!(!crosses_corner(runs), "{runs:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn noise_is_survived(
            sides in (8_u32..200, 8_u32..200),
            grain in 1_u32..6,
            seed in proptest::collection::vec(any::<u8>(), 1..1024),
        ) {
            let (width, height) = sides;
            let at = |i: u32| (i / width / grain) as usize * 131 + (i % width / grain) as usize;
            let bytes: Vec<u8> = (0..width * height).map(|i| seed[at(i) * 7 % seed.len()]).collect();
            let pass = read(&Pixels { width, height, bytes: Cow::Owned(bytes) }, &|| false);
            prop_assert_eq!(pass.texts, Vec::<String>::new());
        }

        #[test]
        fn hostile_content_is_survived(
            content in proptest::collection::vec(any::<u8>(), 1..300),
            version in 1_i16..12,
        ) {
            let modules = Modules::with_content(&content, version);
            let side = modules.side * 3 + 24;
            let mut wall = Wall::new(side, side);
            wall.draw(&modules, 12, 12, 3);
            let pass = read_wall(&wall);
            prop_assert!(pass.texts.iter().all(|text| text.len() < 30_000));
        }

        #[test]
        fn torn_symbols_are_survived(
            version in 1_i16..12,
            holes in proptest::collection::vec((0_usize..400, 0_usize..400, 1_usize..60, any::<u8>()), 0..12),
        ) {
            let modules = Modules::with_content(b"\x40\x14\x10\xec\x11", version);
            let side = modules.side * 4 + 32;
            let mut wall = Wall::new(side, side);
            wall.draw(&modules, 16, 16, 4);
            for (x, y, size, tone) in holes {
                for (dx, dy) in (0..size * size).map(|i| (i % size, i / size)) {
                    let (px, py) = (x % side + dx, y % side + dy);
                    if px < side && py < side {
                        wall.bytes[py * side + px] = tone;
                    }
                }
            }
            let pass = read_wall(&wall);
            prop_assert!(pass.texts.len() <= 1);
        }
    }
}
