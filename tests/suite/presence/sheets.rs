//! Printed sheets: rendered to pixels by one program, read back by ours and by a stranger's.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

use deckwatch_core::model::id::{TagId, VesselId};
use deckwatch_core::presence::frame::Luminance;
use deckwatch_core::presence::label::Label;
use deckwatch_core::presence::reading::{Effort, ReadError, read_label, read_texts};
use deckwatch_core::presence::sheet::{Layout, SheetLabel, SheetOptions, render_sheets};
use resvg::{tiny_skia, usvg};

use deckwatch_tests::camera::Dice;

const NAMES: [&str; 12] = [
    "Bridge",
    "Engine room, lower platform, port side",
    "CO₂ room <A & B> \"fwd\" 'aft'",
    "機関室下部左舷非常口梯子第二区画",
    "غرفة المحركات السفلية",
    "Отсек рулевой машины, нижняя платформа",
    "Forecastle store / paint locker / bosun's workshop, starboard side aft of the chain locker",
    "Donaudampfschifffahrtsgesellschaftskapitänskajüte",
    "]]> --> \u{0}\u{7}\u{1b}[0m \u{202e}\u{ffff}",
    "👩\u{200d}🚒 Fire station 🇳🇱🇩🇪",
    "<script>alert(1)</script>",
    "",
];

fn order(layout: Layout, count: u64) -> (Vec<SheetLabel>, SheetOptions) {
    let labels = (0..count).map(|number| SheetLabel {
        tag: TagId(Dice(number).bytes()),
        checkpoint: NAMES[number as usize % NAMES.len()].to_owned(),
        revision: number as u32,
    });
    let options = SheetOptions {
        vessel: VesselId([0x5a; 16]),
        vessel_name: "MV Meridian <Star> & Co".to_owned(),
        host: "dw.example".to_owned(),
        layout,
    };
    (labels.collect(), options)
}

/// A page as a scanner sees it.
struct Scan {
    width: usize,
    height: usize,
    dots_per_mm: f32,
    bytes: Vec<u8>,
}

impl Scan {
    fn of(svg: &str, dots_per_inch: f32) -> Self {
        let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).unwrap();
        let dots_per_mm = dots_per_inch / 25.4;
        let scale = 210.0 * dots_per_mm / tree.size().width();
        let [width, height] = [210.0, 297.0].map(|mm: f32| (mm * dots_per_mm).floor() as u32);
        let mut pixels = tiny_skia::Pixmap::new(width, height).unwrap();
        resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
        // What the page leaves transparent is black here, so a page without a white ground fails.
        let bytes = pixels.data().chunks(4).map(|rgba| rgba[0].min(rgba[1]).min(rgba[2])).collect();
        Self { width: width as usize, height: height as usize, dots_per_mm, bytes }
    }

    fn page(&self) -> Luminance<'_> {
        Luminance::new(self.width as u32, self.height as u32, self.width as u32, &self.bytes)
            .unwrap()
    }

    fn cut_out(&self, [x, y, width, height]: [f32; 4]) -> Luminance<'_> {
        let [x, y, width, height] =
            [x, y, width, height].map(|mm| (mm * self.dots_per_mm).floor() as usize);
        let bytes = &self.bytes[y * self.width + x..];
        Luminance::new(width as u32, height as u32, self.width as u32, bytes).unwrap()
    }

    fn pgm(&self) -> Vec<u8> {
        let mut file = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        file.extend_from_slice(&self.bytes);
        file
    }
}

/// x, y, width and height of each label, in millimetres, as the document says.
fn labels_of(svg: &str) -> Vec<[f32; 4]> {
    svg.lines()
        .filter_map(|line| line.strip_prefix("<svg x="))
        .map(|line| {
            let numbers: Vec<f32> = line.split('"').filter_map(|part| part.parse().ok()).collect();
            numbers.try_into().unwrap()
        })
        .collect()
}

fn payloads(labels: &[SheetLabel], options: &SheetOptions) -> BTreeSet<String> {
    let payload =
        |label: &SheetLabel| Label::new(options.vessel, label.tag).payload(&options.host).unwrap();
    labels.iter().map(payload).collect()
}

#[test]
fn every_label_of_a_sheet_is_read_back() {
    for (layout, count, pages) in [(Layout::Large, 23, 3), (Layout::Small, 31, 3)] {
        let (labels, options) = order(layout, count);
        let sheets = render_sheets(&labels, &options).unwrap();
        assert_eq!(sheets.len(), pages);
        for (sheet, labels) in sheets.iter().zip(labels.chunks(layout.labels_a_page())) {
            let scan = Scan::of(sheet, 100.0);
            let areas = labels_of(sheet);
            assert_eq!(areas.len(), labels.len());
            for (area, label) in areas.into_iter().zip(labels) {
                let expected = Label::new(options.vessel, label.tag);
                assert_eq!(read_label(&scan.cut_out(area), Effort::Quick), Ok(expected));
            }
            let texts = read_texts(&scan.page(), Effort::Quick).unwrap();
            assert_eq!(texts.into_iter().collect::<BTreeSet<_>>(), payloads(labels, &options));
            if labels.len() > 1 {
                let error = read_label(&scan.page(), Effort::Quick).unwrap_err();
                assert!(matches!(error, ReadError::TwoLabels { .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn a_sheet_keeps_its_margins_and_says_what_it_is() {
    let (labels, options) = order(Layout::Large, 23);
    let sheets = render_sheets(&labels, &options).unwrap();
    for (number, sheet) in sheets.iter().enumerate() {
        let scan = Scan::of(sheet, 100.0);
        // Half a millimetre for the smoothing of lines thinner than a dot.
        let margin = 9.5 * scan.dots_per_mm;
        for (index, pixel) in scan.bytes.iter().enumerate() {
            let [x, y] = [index % scan.width, index / scan.width].map(|at| at as f32);
            let inside = (margin..scan.width as f32 - margin).contains(&x)
                && (margin..scan.height as f32 - margin).contains(&y);
            assert!(inside || *pixel == 255, "sheet {number}: ink at {x}, {y}");
        }
        assert!(sheet.contains("width=\"210mm\" height=\"297mm\" viewBox=\"0 0 210 297\""));
        let foot = format!("MV Meridian &lt;Star&gt; &amp; Co – sheet {} of 3", number + 1);
        assert_eq!(sheet.matches(&foot).count(), 2, "title and foot");
        assert!(sheet.len() < 60_000, "{} bytes", sheet.len());
    }
    let first = &sheets[0];
    assert!(first.contains(">Bridge</text>") && first.contains(">rev 0</text>"));
    assert!(first.contains("&lt;A &amp;") && !first.contains("<A &"));
    assert!(!sheets.concat().contains("<script"));
    let code = Label::new(options.vessel, labels[0].tag).short_code();
    assert!(first.contains(&format!(">{code}</text>")));
    assert!(first.contains("direction=\"rtl\""), "Arabic starts at the right");
}

#[test]
fn zbar_reads_the_same() {
    let directory = tempfile::tempdir().unwrap();
    for (layout, count) in [(Layout::Large, 10), (Layout::Small, 15)] {
        let (labels, options) = order(layout, count);
        let sheets = render_sheets(&labels, &options).unwrap();
        let file = directory.path().join(format!("{layout:?}.pgm"));
        std::fs::write(&file, Scan::of(&sheets[0], 150.0).pgm()).unwrap();
        let zbar = Command::new("zbarimg")
            .args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"])
            .arg(&file)
            .output();
        let output = match zbar {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                assert!(std::env::var_os("CI").is_none(), "zbarimg (zbar-tools) must be installed");
                // Past the test harness, which would keep it to itself.
                let _ =
                    writeln!(std::io::stderr(), "\n*** skipped: zbarimg is not installed ***\n");
                return;
            }
            Err(error) => panic!("zbarimg does not run: {error}"),
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let read: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(read, payloads(&labels, &options), "{layout:?}");
    }
}
