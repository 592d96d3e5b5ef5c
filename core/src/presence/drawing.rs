//! Draws symbols for the tests of this room, hostile ones included.

use qrcode::canvas::Canvas;
use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits, ec};

use super::frame::Luminance;

/// Light pixels to draw on.
pub(super) struct Wall {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) bytes: Vec<u8>,
}

/// Modules in rows, without a quiet zone.
#[derive(Clone)]
pub(super) struct Modules {
    pub(super) side: usize,
    pub(super) dark: Vec<bool>,
}

impl Modules {
    pub(super) fn of(text: &str) -> Self {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        Self::from_colors(code.width(), &code.into_colors())
    }

    /// A symbol whose error correction is right and whose content is whatever `data` repeats to:
    /// unknown modes, character sets and lengths that run over the end.
    pub(super) fn with_content(data: &[u8], version: i16) -> Self {
        let (version, level) = (Version::Normal(version), EcLevel::L);
        let len = Bits::new(version).max_len(level).unwrap() / 8;
        let data: Vec<u8> = data.iter().copied().cycle().take(len).collect();
        let (data, correction) = ec::construct_codewords(&data, version, level).unwrap();
        let mut canvas = Canvas::new(version, level);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &correction);
        let side = usize::try_from(version.width()).unwrap();
        Self::from_colors(side, &canvas.apply_best_mask().into_colors())
    }

    fn from_colors(side: usize, colors: &[Color]) -> Self {
        Self { side, dark: colors.iter().map(|color| *color == Color::Dark).collect() }
    }
}

impl Wall {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![230; width * height] }
    }

    /// Draws with the upper left module at (`x`, `y`), `scale` pixels a module.
    pub(super) fn draw(&mut self, modules: &Modules, x: usize, y: usize, scale: usize) {
        for (index, dark) in modules.dark.iter().enumerate() {
            let (column, row) =
                (index % modules.side * scale + x, index / modules.side * scale + y);
            for py in row..(row + scale).min(self.height) {
                for px in column..(column + scale).min(self.width) {
                    self.bytes[py * self.width + px] = if *dark { 25 } else { 230 };
                }
            }
        }
    }

    /// All contrast down to `percent`, under a grey veil: mist, or salt on the lens.
    pub(super) fn veiled(mut self, percent: u32, grey: u32) -> Self {
        for byte in &mut self.bytes {
            *byte = u8::try_from(grey + u32::from(*byte) * percent / 100).unwrap();
        }
        self
    }

    pub(super) fn frame(&self) -> Luminance<'_> {
        let [width, height] = [self.width, self.height].map(|side| u32::try_from(side).unwrap());
        Luminance::new(width, height, width, &self.bytes).unwrap()
    }
}
