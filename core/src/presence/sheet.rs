//! Sheets of QR labels to print: SVG documents of one A4 page each, in millimetres.
//!
//! The symbol is as small as level M (15 % of it may be lost) allows, and takes level Q or H where
//! that costs no larger symbol. At one printed size M read 411 of 480 bad frames, Q 393 and H 369; on
//! dirty labels 31, 30 and 26 of 40, with glare 33, 34 and 35. What counts is the size of a module.
//!
//! Always black on white, and no `id`: pages may stand in one HTML document.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use super::label::{Label, LabelError};
use super::lettering::{Face, Lines, Size, escaped, fit, printable, right_to_left};
use crate::model::id::{TagId, VesselId};

/// Most labels of one order: a large ship has a few hundred checkpoints.
pub const LABELS_MAX: usize = 2_000;

const PAGE: Area = Area { x: 0.0, y: 0.0, width: 210.0, height: 297.0 };
const MARGIN: f64 = 10.0;
const ROWS: usize = 5;
/// Height of a label: what the margins and the line at the foot leave, by five.
const LABEL_HEIGHT: f64 = 54.0;
/// Light modules around a symbol (ISO/IEC 18004).
const QUIET: usize = 4;
const SANS: &str = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif";
const MONO: &str = "Consolas, Menlo, 'Liberation Mono', 'DejaVu Sans Mono', monospace";

/// How a page is cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// 2 x 5 labels of 95 x 54 mm with a symbol of 50 mm.
    #[default]
    Large,
    /// 3 x 5 labels of 63 x 54 mm with a symbol of 36 mm.
    Small,
}

impl Layout {
    fn columns(self) -> usize {
        match self {
            Self::Large => 2,
            Self::Small => 3,
        }
    }

    /// Labels on a full page.
    pub fn labels_a_page(self) -> usize {
        self.columns() * ROWS
    }

    fn label(self, index: usize) -> Area {
        let width = (PAGE.width - 2.0 * MARGIN) / self.columns() as f64;
        let (column, row) = (index % self.columns(), index / self.columns());
        Area {
            x: MARGIN + width * column as f64,
            y: MARGIN + LABEL_HEIGHT * row as f64,
            width,
            height: LABEL_HEIGHT,
        }
    }

    /// Where things stand on a label, from its upper left corner.
    fn parts(self) -> Parts {
        match self {
            Self::Large => Parts {
                symbol: Area { x: 0.5, y: 2.0, width: 50.0, height: 50.0 },
                name: Area { x: 50.5, y: 7.0, width: 42.0, height: 23.0 },
                vessel: Area { x: 50.5, y: 31.5, width: 42.0, height: 4.0 },
                code: Area { x: 50.5, y: 37.5, width: 42.0, height: 9.0 },
            },
            Self::Small => Parts {
                symbol: Area { x: 0.0, y: 0.0, width: 36.0, height: 36.0 },
                name: Area { x: 4.0, y: 36.0, width: 56.5, height: 11.0 },
                vessel: Area { x: 4.0, y: 48.0, width: 56.5, height: 4.0 },
                code: Area { x: 36.0, y: 21.0, width: 25.0, height: 11.0 },
            },
        }
    }

    fn name_sizes(self) -> &'static [Size] {
        match self {
            Self::Large => &[
                Size { font: 6.0, lines: 3 },
                Size { font: 4.8, lines: 4 },
                Size { font: 3.6, lines: 5 },
            ],
            Self::Small => &[Size { font: 4.6, lines: 2 }, Size { font: 3.2, lines: 3 }],
        }
    }
}

/// One label to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLabel {
    /// What the QR code carries.
    pub tag: TagId,
    /// The checkpoint's name, in any script. It shrinks, and ends in dots where it cannot fit.
    pub checkpoint: String,
    /// How often the label of this checkpoint was printed anew, so that an old one is recognised.
    pub revision: u32,
}

/// What the labels of one order have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetOptions {
    /// Whose labels they are.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// The host of the payload, see [`Label::payload`].
    pub host: String,
    /// How a page is cut up.
    pub layout: Layout,
}

/// Why no sheet can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// The host cannot stand in a label.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// More than [`LABELS_MAX`].
    #[error("{count} labels at once, at most 2000 can be made")]
    TooMany {
        /// How many were asked for.
        count: usize,
    },
    /// The payload does not fit a symbol. The limit on the host excludes it.
    #[error("the label's text does not fit a QR code")]
    DoesNotFit,
}

impl SheetError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Label(error) => error.hint(),
            Self::TooMany { .. } => "print the labels route by route",
            Self::DoesNotFit => "use a shorter host name",
        }
    }
}

/// One SVG document for each page, none where there are no labels.
pub fn render_sheets(
    labels: &[SheetLabel],
    options: &SheetOptions,
) -> Result<Vec<String>, SheetError> {
    if labels.len() > LABELS_MAX {
        return Err(SheetError::TooMany { count: labels.len() });
    }
    let pages: Vec<_> = labels.chunks(options.layout.labels_a_page()).collect();
    let page = |(index, labels)| render_page(labels, options, index + 1, pages.len());
    pages.iter().copied().enumerate().map(page).collect()
}

/// A rectangle in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

struct Parts {
    symbol: Area,
    name: Area,
    vessel: Area,
    code: Area,
}

fn render_page(
    labels: &[SheetLabel],
    options: &SheetOptions,
    number: usize,
    of: usize,
) -> Result<String, SheetError> {
    let (width, height) = (PAGE.width, PAGE.height);
    let vessel = fit(&options.vessel_name, 100.0, Face::Regular, &[Size { font: 3.0, lines: 1 }]);
    let foot = escaped(&format!("{} – sheet {number} of {of}", vessel.lines.concat()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{SANS}\" fill=\"#000\">\n\
         <title>{foot}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
    );
    for (index, label) in labels.iter().enumerate() {
        svg.push_str(&render_label(label, options, options.layout.label(index))?);
    }
    let cuts = cut_lines(labels.len(), options.layout);
    let (left, right, foot_y) = (mm(MARGIN), mm(width - MARGIN), mm(height - MARGIN - 1.5));
    let _ = write!(
        svg,
        "<path d=\"{cuts}\" fill=\"none\" stroke=\"#000\" stroke-width=\"0.1\"/>\n\
         <text x=\"{left}\" y=\"{foot_y}\" font-size=\"3\">{foot}</text>\n\
         <text x=\"{right}\" y=\"{foot_y}\" font-size=\"3\" text-anchor=\"end\">\
         print at actual size (100 %), cut along the lines</text>\n</svg>\n",
    );
    Ok(svg)
}

/// A nested document: it cuts off whatever a strange font would let run into the next label.
fn render_label(
    label: &SheetLabel,
    options: &SheetOptions,
    area: Area,
) -> Result<String, SheetError> {
    let parts = options.layout.parts();
    let content = Label::new(options.vessel, label.tag);
    let symbol = symbol(&content.payload(&options.host)?).ok_or(SheetError::DoesNotFit)?;
    let modules = symbol.width() + 2 * QUIET;
    let scale = parts.symbol.width / modules as f64;
    let mut svg = format!(
        "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">\n\
         <path transform=\"translate({} {}) scale({scale:.6})\" d=\"{}\"/>\n",
        mm(area.x),
        mm(area.y),
        mm(area.width),
        mm(area.height),
        mm(parts.symbol.x),
        mm(parts.symbol.y),
        module_path(&symbol),
    );
    let name = fit(&label.checkpoint, parts.name.width, Face::Bold, options.layout.name_sizes());
    write_lines(&mut svg, &name, parts.name, " font-weight=\"bold\"");
    let vessel = [Size { font: 3.4, lines: 1 }, Size { font: 2.8, lines: 1 }];
    let vessel = fit(&options.vessel_name, parts.vessel.width, Face::Regular, &vessel);
    write_lines(&mut svg, &vessel, parts.vessel, "");
    write_code(&mut svg, parts.code, &content.short_code(), label.revision);
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn write_lines(svg: &mut String, lines: &Lines, area: Area, style: &str) {
    for (index, line) in lines.lines.iter().enumerate() {
        let y = area.y + baseline(lines.font, index);
        let (x, direction) = if right_to_left(&lines.lines.concat()) {
            (area.x + area.width, " direction=\"rtl\"")
        } else {
            (area.x, "")
        };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{style}{direction}>{}</text>",
            mm(x),
            mm(y),
            mm(lines.font),
            escaped(line),
        );
    }
}

/// How far below the top of its area a line stands.
fn baseline(font: f64, line: usize) -> f64 {
    font * (0.8 + 1.15 * line as f64)
}

fn write_code(svg: &mut String, area: Area, code: &str, revision: u32) {
    let revision = printable(&format!("rev {revision}"));
    let (x, upper, lower) = (mm(area.x), mm(area.y + 3.6), mm(area.y + area.height));
    let _ = write!(
        svg,
        "<text x=\"{x}\" y=\"{upper}\" font-size=\"4.4\" font-family=\"{MONO}\">{code}</text>\n\
         <text x=\"{x}\" y=\"{lower}\" font-size=\"3.4\">{revision}</text>\n",
    );
}

/// Each edge once, so that no line is drawn twice over: labels fill the page row by row.
fn cut_lines(count: usize, layout: Layout) -> String {
    let mut path = String::new();
    for index in 0..count {
        let Area { x, y, width, height } = layout.label(index);
        let (left, top, right, bottom) = (mm(x), mm(y), mm(x + width), mm(y + height));
        if index < layout.columns() {
            let _ = write!(path, "M{left} {top}H{right}");
        }
        if index % layout.columns() == 0 {
            let _ = write!(path, "M{left} {top}V{bottom}");
        }
        let _ = write!(path, "M{left} {bottom}H{right}V{top}");
    }
    path
}

/// The smallest symbol of level M, at the highest level that has the same size.
fn symbol(payload: &str) -> Option<QrCode> {
    let smallest = QrCode::with_error_correction_level(payload, EcLevel::M).ok()?;
    let version = smallest.version();
    let stronger = [EcLevel::H, EcLevel::Q]
        .into_iter()
        .find_map(|level| QrCode::with_version(payload, version, level).ok());
    Some(stronger.unwrap_or(smallest))
}

/// The dark modules as one path: a run of modules in a row is one rectangle.
fn module_path(symbol: &QrCode) -> String {
    let mut path = String::new();
    for (y, row) in symbol.to_colors().chunks(symbol.width()).enumerate() {
        let mut x = QUIET;
        for run in row.chunk_by(|a, b| a == b) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                let _ = write!(path, "M{x} {}h{length}v1h-{length}z", y + QUIET);
            }
            x += length;
        }
    }
    path
}

/// Micrometres are enough, and no trailing zeros.
fn mm(value: f64) -> String {
    format!("{}", (value * 1_000.0).round() / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(a: Area, b: Area) -> bool {
        a.x + 1e-9 < b.x + b.width
            && b.x + 1e-9 < a.x + a.width
            && a.y + 1e-9 < b.y + b.height
            && b.y + 1e-9 < a.y + a.height
    }

    fn inside(inner: Area, outer: Area) -> bool {
        inner.x >= outer.x - 1e-9
            && inner.y >= outer.y - 1e-9
            && inner.x + inner.width <= outer.x + outer.width + 1e-9
            && inner.y + inner.height <= outer.y + outer.height + 1e-9
    }

    #[test]
    fn labels_stay_on_the_page_and_apart() {
        let printed = Area {
            x: MARGIN,
            y: MARGIN,
            width: PAGE.width - 2.0 * MARGIN,
            height: PAGE.height - 2.0 * MARGIN - 7.0,
        };
        for layout in [Layout::Large, Layout::Small] {
            let areas: Vec<_> = (0..layout.labels_a_page()).map(|i| layout.label(i)).collect();
            for (i, a) in areas.iter().enumerate() {
                assert!(inside(*a, printed), "{layout:?} {i}");
                assert!(areas.iter().skip(i + 1).all(|b| !overlap(*a, *b)), "{layout:?} {i}");
            }
        }
    }

    #[test]
    fn the_parts_of_a_label_stay_in_it_and_apart() {
        for layout in [Layout::Large, Layout::Small] {
            let Area { width, height, .. } = layout.label(0);
            let whole = Area { x: 0.0, y: 0.0, width, height };
            let Parts { symbol, name, vessel, code } = layout.parts();
            assert!(inside(symbol, whole));
            for (i, a) in [name, vessel, code].into_iter().enumerate() {
                assert!(inside(a, whole) && !overlap(a, symbol), "{layout:?} {i}");
            }
            assert!(!overlap(name, vessel) && !overlap(name, code) && !overlap(vessel, code));
            for size in layout.name_sizes() {
                let deep = baseline(size.font, size.lines - 1) + size.font * 0.25;
                assert!(deep <= name.height, "{layout:?} {size:?}");
            }
        }
    }

    #[test]
    fn the_level_rises_only_where_the_symbol_stays_small() {
        let label = Label::new(VesselId([7; 16]), TagId([9; 16]));
        // (host, modules a side, level): 46 characters and the host.
        for (host, side, level) in [
            ("a", 29, EcLevel::Q),
            ("dw.example", 29, EcLevel::M),
            ("fleet.dw.example", 33, EcLevel::Q),
            ("deckwatch.fleet.example", 33, EcLevel::M),
        ] {
            let symbol = symbol(&label.payload(host).unwrap()).unwrap();
            assert_eq!((symbol.width(), symbol.error_correction_level()), (side, level), "{host}");
        }
    }

    #[test]
    fn every_cut_line_is_drawn_once() {
        let full = cut_lines(10, Layout::Large);
        // 2 x 5 labels: 6 x 2 horizontal and 3 x 5 vertical edges, right and bottom in one stroke.
        assert_eq!(full.matches('H').count(), 12);
        assert_eq!(full.matches('V').count(), 15);
        assert_eq!(cut_lines(1, Layout::Large), "M10 10H105M10 10V64M10 64H105V10");
    }

    #[test]
    fn nothing_in_nothing_out_and_too_much_is_refused() {
        let options = SheetOptions {
            vessel: VesselId([1; 16]),
            vessel_name: "Meridian".to_owned(),
            host: "dw.example".to_owned(),
            layout: Layout::Large,
        };
        assert_eq!(render_sheets(&[], &options), Ok(Vec::new()));
        let label = SheetLabel { tag: TagId([2; 16]), checkpoint: "A".to_owned(), revision: 1 };
        let many = vec![label.clone(); LABELS_MAX + 1];
        assert_eq!(
            render_sheets(&many, &options),
            Err(SheetError::TooMany { count: LABELS_MAX + 1 })
        );
        let bad = SheetOptions { host: "no host".to_owned(), ..options };
        assert!(matches!(render_sheets(&[label], &bad), Err(SheetError::Label(_))));
    }
}
