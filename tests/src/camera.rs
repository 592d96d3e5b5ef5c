//! A made-up camera: frames of one label on a wall, in bad light, out of focus, moved, bent or dirty.
//!
//! Seeded and in integers and `f32`, so a frame is the same on every run.

use std::f32::consts::PI;

use deckwatch_core::{
    model::{TagId, VesselId},
    presence::label::Label,
};
use qrcode::{Color, EcLevel, QrCode};

/// SplitMix64: small, and good enough to place labels and to make noise.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Even between the two.
    pub fn between(&mut self, (low, high): (f32, f32)) -> f32 {
        low + (high - low) * ((self.roll() >> 40) as f32 / (1_u64 << 24) as f32)
    }

    /// About normal, mean 0, deviation 1: the sum of eight even bytes.
    fn normal(&mut self) -> f32 {
        let sum: u32 = self.roll().to_be_bytes().iter().map(|&byte| u32::from(byte)).sum();
        (sum as f32 - 1_020.0) / 209.0
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| (self.roll() >> 56) as u8)
    }
}

/// What happens to the frames of one family. Ranges are drawn from for every frame.
#[derive(Clone, Copy)]
pub struct Family {
    pub name: &'static str,
    /// Side of the label with its quiet zone, in pixels.
    pub side: (f32, f32),
    /// Largest turn to either side, in degrees.
    pub turn: f32,
    /// How far a corner moves in or out, as a share of half the side.
    pub perspective: f32,
    /// Gaussian blur, sigma in pixels.
    pub blur: (f32, f32),
    /// Length of the streak in pixels.
    pub motion: (f32, f32),
    /// Share of the light that is left.
    pub light: (f32, f32),
    /// Deviation of the sensor's noise.
    pub noise: f32,
    /// Light that falls off from one side to the other.
    pub uneven: bool,
    /// Around a pipe: the label covers this part of the half circle.
    pub curved: (f32, f32),
    /// Blots of dirt and paint, each about 4 % of the side wide.
    pub blots: u32,
    /// A lamp's reflection, as a share of the side.
    pub glare: (f32, f32),
}

pub const PLAIN: Family = Family {
    name: "clean",
    side: (220.0, 480.0),
    turn: 12.0,
    perspective: 0.03,
    blur: (0.0, 0.0),
    motion: (0.0, 0.0),
    light: (1.0, 1.0),
    noise: 3.0,
    uneven: false,
    curved: (0.0, 0.0),
    blots: 0,
    glare: (0.0, 0.0),
};

pub const FAMILIES: [Family; 12] = [
    PLAIN,
    Family { name: "turned", turn: 180.0, ..PLAIN },
    Family { name: "perspective", perspective: 0.28, ..PLAIN },
    Family { name: "uneven", uneven: true, ..PLAIN },
    Family { name: "small", side: (90.0, 130.0), ..PLAIN },
    Family { name: "motion", motion: (9.0, 21.0), ..PLAIN },
    Family { name: "blur", blur: (3.0, 6.0), ..PLAIN },
    Family { name: "dark", light: (0.08, 0.2), noise: 12.0, ..PLAIN },
    Family { name: "curved", curved: (0.3, 0.6), ..PLAIN },
    Family { name: "glare", glare: (0.06, 0.2), ..PLAIN },
    Family { name: "dirty", blots: 14, ..PLAIN },
    Family {
        name: "hard",
        side: (150.0, 320.0),
        turn: 180.0,
        perspective: 0.18,
        blur: (1.5, 3.0),
        light: (0.2, 0.5),
        noise: 10.0,
        uneven: true,
        ..PLAIN
    },
];

/// The modules of a symbol with its quiet zone of 4.
pub struct Symbol {
    modules: Vec<bool>,
    side: usize,
}

const QUIET: usize = 4;

impl Symbol {
    pub fn of(text: &str, level: EcLevel) -> Self {
        let code = QrCode::with_error_correction_level(text, level).unwrap();
        let side = code.width() + 2 * QUIET;
        let mut modules = vec![false; side * side];
        for (index, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (index % code.width() + QUIET, index / code.width() + QUIET);
            modules[y * side + x] = color == Color::Dark;
        }
        Self { modules, side }
    }

    /// Whether the point is dark; both coordinates from 0 to 1.
    fn dark(&self, u: f32, v: f32) -> bool {
        let at = |t: f32| ((t * self.side as f32) as usize).min(self.side - 1);
        self.modules[at(v) * self.side + at(u)]
    }
}

/// Light and shadow of one frame before the sensor sees it.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    light: Vec<f32>,
}

impl Picture {
    /// A wall with soft patches.
    pub fn wall(width: usize, height: usize, dice: &mut Dice) -> Self {
        const PATCH: usize = 48;
        let columns = width / PATCH + 2;
        let rows = height / PATCH + 2;
        let grid: Vec<f32> = (0..columns * rows).map(|_| dice.between((80.0, 180.0))).collect();
        let mut light = Vec::with_capacity(width * height);
        for y in 0..height {
            let (row, fy) = (y / PATCH, (y % PATCH) as f32 / PATCH as f32);
            for x in 0..width {
                let (column, fx) = (x / PATCH, (x % PATCH) as f32 / PATCH as f32);
                let at = |r: usize, c: usize| grid[r * columns + c];
                let top = at(row, column) * (1.0 - fx) + at(row, column + 1) * fx;
                let bottom = at(row + 1, column) * (1.0 - fx) + at(row + 1, column + 1) * fx;
                light.push(top * (1.0 - fy) + bottom * fy);
            }
        }
        Self { width, height, light }
    }

    /// Puts a label on the wall, as `family` says, with its middle at `centre`.
    pub fn stick(&mut self, symbol: &Symbol, family: &Family, centre: (f32, f32), dice: &mut Dice) {
        let side = dice.between(family.side);
        let turn = dice.between((-family.turn, family.turn)) * PI / 180.0;
        let (sin, cos) = turn.sin_cos();
        let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map(|(x, y)| {
            let k = family.perspective;
            let (x, y) = (
                x * side * (1.0 + dice.between((-k, k))),
                y * side * (1.0 + dice.between((-k, k))),
            );
            (centre.0 + x * cos - y * sin, centre.1 + x * sin + y * cos)
        });
        let blots: Vec<(f32, f32, f32, bool)> = (0..family.blots)
            .map(|_| {
                let radius = dice.between((0.01, 0.03));
                (dice.between((0.1, 0.9)), dice.between((0.1, 0.9)), radius, dice.roll() & 1 == 0)
            })
            .collect();
        let cover = dice.between(family.curved);
        let paint = |u: f32, v: f32| {
            let u = if cover > 0.0 { unbent(u, cover) } else { u };
            for &(x, y, radius, dark) in &blots {
                if (u - x).powi(2) + (v - y).powi(2) < radius * radius {
                    return if dark { 30.0 } else { 230.0 };
                }
            }
            if symbol.dark(u, v) { 20.0 } else { 235.0 }
        };
        self.draw_quad(corners, paint);
        let glare = dice.between(family.glare) * side;
        if glare > 0.0 {
            let offset = 0.3 * side;
            let at = (
                centre.0 + dice.between((-offset, offset)),
                centre.1 + dice.between((-offset, offset)),
            );
            self.add_glow(at, glare / 2.0);
        }
    }

    fn draw_quad(&mut self, corners: [(f32, f32); 4], paint: impl Fn(f32, f32) -> f32) {
        const GRID: usize = 3;
        let to_label = inverse(&square_to_quad(corners));
        let bounds = |values: [f32; 4], limit: usize| {
            let low = values.iter().copied().fold(f32::MAX, f32::min).max(0.0) as usize;
            let high = values.iter().copied().fold(0.0, f32::max).ceil() as usize;
            low..high.min(limit)
        };
        for y in bounds(corners.map(|c| c.1), self.height) {
            for x in bounds(corners.map(|c| c.0), self.width) {
                let wall = self.light[y * self.width + x];
                let mut sum = 0.0;
                for sample in 0..GRID * GRID {
                    let px = x as f32 + ((sample % GRID) as f32 + 0.5) / GRID as f32;
                    let py = y as f32 + ((sample / GRID) as f32 + 0.5) / GRID as f32;
                    let (u, v) = apply(&to_label, px, py);
                    let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
                    sum += if inside { paint(u, v) } else { wall };
                }
                self.light[y * self.width + x] = sum / (GRID * GRID) as f32;
            }
        }
    }

    fn add_glow(&mut self, (cx, cy): (f32, f32), radius: f32) {
        for (index, light) in self.light.iter_mut().enumerate() {
            let dx = (index % self.width) as f32 - cx;
            let dy = (index / self.width) as f32 - cy;
            let distance = (dx * dx + dy * dy) / (radius * radius);
            if distance < 4.0 {
                *light += 400.0 * (1.0 - distance / 4.0).powi(2);
            }
        }
    }

    /// What the sensor makes of it: light, focus, movement, noise, eight bits.
    pub fn expose(mut self, family: &Family, dice: &mut Dice) -> Vec<u8> {
        let far = dice.between((0.15, 0.4));
        let low = dice.between((0.4, 1.0));
        let gain = dice.between(family.light);
        for (index, light) in self.light.iter_mut().enumerate() {
            if family.uneven {
                let x = (index % self.width) as f32 / self.width as f32;
                let y = (index / self.width) as f32 / self.height as f32;
                *light *= (far + (1.2 - far) * x) * (1.0 + (low - 1.0) * y);
            }
            *light = light.min(255.0) * gain;
        }
        let sigma = dice.between(family.blur);
        if sigma > 0.0 {
            self.blur(sigma);
        }
        let streak = dice.between(family.motion);
        let angle = dice.between((0.0, PI));
        if streak > 0.0 {
            self.smear(streak, angle);
        }
        self.light
            .iter()
            .map(|light| (light + family.noise * dice.normal()).clamp(0.0, 255.0) as u8)
            .collect()
    }

    /// Three box blurs in each direction come close to a Gaussian.
    fn blur(&mut self, sigma: f32) {
        let radius = (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0).round() as usize;
        for _ in 0..3 {
            for row in self.light.chunks_mut(self.width) {
                box_blur(row, radius);
            }
        }
        let mut column = vec![0.0; self.height];
        for x in 0..self.width {
            for (y, value) in column.iter_mut().enumerate() {
                *value = self.light[y * self.width + x];
            }
            for _ in 0..3 {
                box_blur(&mut column, radius);
            }
            for (y, value) in column.iter().enumerate() {
                self.light[y * self.width + x] = *value;
            }
        }
    }

    fn smear(&mut self, length: f32, angle: f32) {
        let (sin, cos) = angle.sin_cos();
        let count = length.round() as i32;
        let offsets: Vec<(i32, i32)> = (0..count)
            .map(|i| {
                let t = i as f32 - (count - 1) as f32 / 2.0;
                ((t * cos).round() as i32, (t * sin).round() as i32)
            })
            .collect();
        let (width, height) = (self.width as i32, self.height as i32);
        let mut smeared = Vec::with_capacity(self.light.len());
        for y in 0..height {
            for x in 0..width {
                let sum: f32 = offsets
                    .iter()
                    .map(|(dx, dy)| {
                        let (x, y) = ((x + dx).clamp(0, width - 1), (y + dy).clamp(0, height - 1));
                        self.light[(y * width + x) as usize]
                    })
                    .sum();
                smeared.push(sum / count as f32);
            }
        }
        self.light = smeared;
    }
}

/// Where on the flat label a point of the bent one lies: a cylinder seen from the front.
fn unbent(u: f32, cover: f32) -> f32 {
    let half = cover * PI / 2.0;
    0.5 + ((2.0 * u - 1.0) * half.sin()).asin() / (2.0 * half)
}

fn box_blur(line: &mut [f32], radius: usize) {
    let source = line.to_vec();
    let last = source.len() - 1;
    let at = |i: isize| source[i.clamp(0, last as isize) as usize];
    let reach = radius as isize;
    let mut sum: f32 = (-reach..=reach).map(at).sum();
    let share = 1.0 / (2 * radius + 1) as f32;
    for (index, value) in line.iter_mut().enumerate() {
        *value = sum * share;
        let index = index as isize;
        sum += at(index + reach + 1) - at(index - reach);
    }
}

type Homography = [[f32; 3]; 3];

/// The projective map that takes the corners of the unit square to `q`.
fn square_to_quad(q: [(f32, f32); 4]) -> Homography {
    let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = q;
    let (dx1, dy1, dx2, dy2) = (x1 - x2, y1 - y2, x3 - x2, y3 - y2);
    let (sx, sy) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
    let denominator = dx1 * dy2 - dx2 * dy1;
    let g = (sx * dy2 - dx2 * sy) / denominator;
    let h = (dx1 * sy - sx * dy1) / denominator;
    [
        [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
        [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
        [g, h, 1.0],
    ]
}

/// The inverse, up to a factor, which does not matter.
fn inverse(m: &Homography) -> Homography {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    std::array::from_fn(|r| std::array::from_fn(|c| cofactor(c, r)))
}

fn apply(m: &Homography, x: f32, y: f32) -> (f32, f32) {
    let row = |r: &[f32; 3]| r[0] * x + r[1] * y + r[2];
    let w = row(&m[2]);
    (row(&m[0]) / w, row(&m[1]) / w)
}

/// Width of a frame, pixels.
pub const WIDTH: u32 = 1_280;
/// Height of a frame, pixels.
pub const HEIGHT: u32 = 720;

/// The dice of a frame.
pub fn dice_of(number: u64) -> Dice {
    Dice(7 + 1_000 * number)
}

/// The frame and its label. The same number gives the same place, turn and light in every family.
pub fn frame_of(family: &Family, number: u64, level: EcLevel) -> (Vec<u8>, Label) {
    let mut dice = dice_of(number);
    let label = Label::new(VesselId(dice.bytes()), TagId(dice.bytes()));
    let symbol = Symbol::of(&label.payload("dw.example").unwrap(), level);
    (frame_showing(family, &symbol, &mut dice), label)
}

/// A frame of a wall with this symbol.
pub fn frame_showing(family: &Family, symbol: &Symbol, dice: &mut Dice) -> Vec<u8> {
    let mut picture = Picture::wall(WIDTH as usize, HEIGHT as usize, dice);
    let centre = (
        WIDTH as f32 / 2.0 + dice.between((-150.0, 150.0)),
        HEIGHT as f32 / 2.0 + dice.between((-60.0, 60.0)),
    );
    picture.stick(symbol, family, centre, dice);
    picture.expose(family, dice)
}
