//! The contrast of the stylesheet's own colours, per palette (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

use crate::page::STYLESHEET;
use crate::page::verdict::VerdictView;

type Tokens = BTreeMap<String, [u8; 3]>;

/// What a text may stand on: text, ground.
const TEXTS: [(&str, &str); 13] = [
    ("ink", "ground"),
    ("ink", "panel"),
    ("ink", "stripe"),
    ("ink", "lost"),
    ("quiet", "ground"),
    ("quiet", "panel"),
    ("quiet", "stripe"),
    ("quiet", "lost"),
    ("link", "ground"),
    ("link", "panel"),
    ("link", "stripe"),
    ("link", "lost"),
    ("awaiting-ink", "hatch"),
];

/// What a reader must see beside its ground though it is no text.
const SHAPES: [(&str, &str); 12] = [
    ("edge", "ground"),
    ("edge", "panel"),
    ("focus", "ground"),
    ("focus", "panel"),
    ("walk", "panel"),
    ("walk", "stripe"),
    ("walk", "lost"),
    ("missed-ring", "ground"),
    ("missed-ring", "panel"),
    ("irregular-ring", "panel"),
    ("unverifiable-ring", "panel"),
    ("awaiting-ring", "ground"),
];

/// The tokens of the block that begins with `opening`.
fn block(opening: &str) -> Tokens {
    let start = STYLESHEET.find(opening).expect("the block") + opening.len();
    let body = STYLESHEET[start..].split('}').next().unwrap();
    body.split(';')
        .filter_map(|declaration| {
            let (name, value) = declaration.split_once(':')?;
            let hex = value.trim().strip_prefix('#')?;
            assert_eq!(hex.len(), 6, "{name} has six digits");
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let name = name.trim().trim_start_matches("--").to_owned();
            Some((name, [byte(0), byte(2), byte(4)]))
        })
        .collect()
}

fn palettes() -> [(&'static str, Tokens); 4] {
    [
        ("day", block("  :root {\n    color-scheme: light;")),
        ("dusk", block(":root[data-palette=\"dusk\"] {")),
        ("night", block(":root[data-palette=\"night\"] {")),
        ("auto", block(":root[data-palette=\"auto\"] {")),
    ]
}

/// Relative luminance.
fn luminance([red, green, blue]: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_formula_agrees_with_known_ratios() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([0x77; 3], [255; 3]) - 4.478).abs() < 1e-3);
}

#[test]
fn texts_states_and_shapes_stand_out_in_every_palette() {
    let mut faults = Vec::new();
    for (palette, tokens) in palettes() {
        let mut check = |front: &str, back: &str, least: f64| {
            let ratio = contrast(tokens[front], tokens[back]);
            if ratio < least {
                faults.push(format!("{palette}: {front} on {back} is {ratio:.2}, not {least}"));
            }
        };
        for (text, ground) in TEXTS {
            check(text, ground, 4.5);
        }
        for (shape, ground) in SHAPES {
            check(shape, ground, 3.0);
        }
        let states =
            ["missed", "irregular", "unverifiable", "awaiting", "excused", "ahead", "done"];
        assert_eq!(states.len(), VerdictView::ALL.len());
        for (state, verdict) in states.iter().zip(VerdictView::ALL) {
            assert_eq!(verdict.class(), format!("s-{state}"));
            check(&format!("{state}-ink"), &format!("{state}-fill"), 4.5);
            // The glyph stands on the ground as well where its tile is cut or not printed.
            if *state != "missed" {
                check(&format!("{state}-ink"), "panel", 3.0);
                check(&format!("{state}-ink"), "band", 3.0);
            }
        }
        check("none-ink", "none-fill", 4.5);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn palettes_name_the_same_tokens_and_auto_turns_into_night() {
    let [(_, day), (_, dusk), (_, night), (_, auto)] = palettes();
    assert!(day.len() > 30);
    assert!(day.keys().eq(dusk.keys()) && day.keys().eq(night.keys()));
    assert_eq!(night, auto);
}

#[test]
fn night_is_black_and_amber_red_with_no_large_lit_area() {
    let [_, _, (_, night), _] = palettes();
    assert_eq!((night["ground"], night["panel"]), ([0; 3], [0; 3]));
    for (name, color) in &night {
        let [red, green, blue] = *color;
        assert!(red >= green && green >= blue.saturating_sub(8), "{name} is not amber or red");
        // Areas stay below 2 % of white; inks, rings and lines are thin.
        let area = name.ends_with("-fill") || ["band", "stripe", "lost"].contains(&name.as_str());
        assert!(!area || luminance(*color) < 0.02, "{name} lights up");
    }
}
