//! The byte budget: a fleet of 60 vessels on a poor link.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::page::{ICON, STYLESHEET};

fn gzipped(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn sixty_vessels_of_31_days_and_the_stylesheet_stay_under_100_kb() {
    let html = html(&sample::fleet_of(60, Palette::Auto));
    assert_eq!(html.matches("?day=").count(), 60 * 31);
    let raw = html.len() + STYLESHEET.len() + ICON.len();
    assert!(raw < 450_000, "{raw} B raw");
    let packed = [html.as_bytes(), STYLESHEET.as_bytes(), ICON.as_bytes()].map(gzipped);
    let total: usize = packed.iter().sum();
    assert!(total < 100_000, "{packed:?} B gzipped");
    // What the budget of a first view reckons with: page below 35 kB, stylesheet below 10 kB.
    assert!(packed[0] < 35_000 && packed[1] < 10_000, "{packed:?} B gzipped");
}
