//! What holds for every page, in every palette.

use std::collections::BTreeSet;

use super::markup::Element;
use super::*;
use crate::page::STYLESHEET;

fn for_every_page(check: impl Fn(&str, &str, &Element)) {
    for palette in Palette::ALL {
        for (name, html) in pages(palette) {
            check(name, &html, &Element::read(&html));
        }
    }
}

#[test]
fn nothing_runs_nothing_comes_from_elsewhere_and_nothing_is_styled_in_place() {
    for_every_page(|name, html, page| {
        for bad in ["<script", "<style", "<iframe", "<img", "http://", "https://", "javascript:"] {
            assert!(!html.to_lowercase().contains(bad), "{name} has {bad}");
        }
        for element in page.all() {
            for (key, value) in &element.attributes {
                assert!(
                    key != "style" && !key.starts_with("on"),
                    "{name}: {key} on {}",
                    element.name
                );
                if matches!(key.as_str(), "href" | "src" | "action") {
                    let inside = value.starts_with(['/', '?', '#'])
                        || matches!(value.as_str(), "deckwatch.css" | "icon.svg");
                    assert!(inside && !value.starts_with("//"), "{name} links to {value}");
                }
            }
        }
    });
    for bad in ["@import", "http:", "https:", "//", "expression", "data:"] {
        assert!(!STYLESHEET.contains(bad), "the stylesheet has {bad}");
    }
    assert_eq!(STYLESHEET.matches("url(").count(), STYLESHEET.matches("url(#hatch)").count());
}

#[test]
fn the_shell_of_every_page() {
    for_every_page(|name, html, page| {
        let root = page.named("html");
        assert_eq!(root[0].get("lang"), Some("en"));
        assert!(Palette::from_word(root[0].get("data-palette").unwrap()).is_some());
        for one in ["main", "h1", "title", "header", "footer"] {
            let count = page.named(one).len();
            // A picture has a title of its own, and each of its marks.
            let allowed = count == 1 || one == "title" && html.contains("<svg class");
            assert!(allowed, "{name} has {count} of {one}");
        }
        let skip = page.named("a")[0];
        assert_eq!((skip.get("class"), skip.get("href")), (Some("skip"), Some("#main")));
        assert!(
            html.contains("as of <time datetime=\"2026-11-21T19:02:00Z\">21 Nov 2026 19:02 UTC")
        );
        assert!(html.contains("It cannot show that it was true when made."));
        let current = page.all().iter().filter(|e| e.get("aria-current") == Some("true")).count();
        assert_eq!(current, 1, "{name}: one palette is current");
    });
}

#[test]
fn every_table_has_a_caption_scoped_heads_and_text_in_every_cell() {
    for_every_page(|name, _, page| {
        for table in page.named("table") {
            assert_eq!(table.children[0].name, "caption", "{name}");
            assert!(!table.children[0].spoken().is_empty());
            for head in table.named("th") {
                assert!(head.get("scope").is_some(), "{name}: {}", head.spoken());
                assert!(!head.spoken().is_empty(), "{name}: an empty head");
            }
            for cell in table.named("td") {
                assert!(!cell.spoken().is_empty(), "{name}: an empty cell");
            }
            let columns: BTreeSet<usize> = table
                .named("tr")
                .iter()
                .filter(|row| row.children.iter().all(|cell| cell.get("colspan").is_none()))
                .filter(|row| row.children.iter().any(|cell| cell.name == "td"))
                .map(|row| row.children.len())
                .collect();
            assert!(columns.len() <= 1, "{name}: rows of {columns:?} cells");
        }
    });
}

#[test]
fn links_have_words_and_references_have_targets() {
    for_every_page(|name, _, page| {
        let all = page.all();
        let ids: Vec<&str> = all.iter().filter_map(|element| element.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name} has an id twice");
        for element in &all {
            for key in ["aria-labelledby", "aria-describedby", "for"] {
                for id in element.get(key).unwrap_or_default().split_whitespace() {
                    assert!(unique.contains(id), "{name}: {key} names {id}");
                }
            }
            let target = element.get("href").and_then(|href| href.strip_prefix('#'));
            assert!(target.is_none_or(|id| unique.contains(id)), "{name}: #{target:?}");
            if element.name == "a" {
                assert!(!element.spoken().is_empty(), "{name}: a link without words");
            }
            if element.name == "time" {
                assert!(element.get("datetime").is_some_and(|value| !value.is_empty()));
            }
            if element.get("class").is_some_and(|class| class.starts_with("scroll")) {
                assert_eq!(element.get("tabindex"), Some("0"), "{name}: scrolls by key");
                assert!(element.get("aria-labelledby").or(element.get("aria-label")).is_some());
            }
        }
    });
}

#[test]
fn pictures_have_a_title_a_description_and_a_table_beside_them() {
    for_every_page(|name, _, page| {
        let svgs = page.named("svg");
        for svg in svgs.iter().filter(|svg| svg.get("aria-hidden").is_none()) {
            assert_eq!(svg.children[0].name, "title", "{name}");
            assert_eq!(svg.children[1].name, "desc", "{name}");
            for link in svg.named("a") {
                assert_eq!(link.get("tabindex"), Some("-1"), "the table has the same links");
            }
        }
    });
    for (name, html) in pages(Palette::Day)
        .iter()
        .filter(|(name, _)| matches!(*name, "vessel" | "patrol" | "hostile_patrol"))
    {
        assert!(!Element::read(html).named("table").is_empty(), "{name}");
    }
}

#[test]
fn every_class_has_a_rule_and_every_token_a_value() {
    let rules: BTreeSet<&str> = names_after(STYLESHEET, '.');
    for_every_page(|name, _, page| {
        for element in page.all() {
            for class in element.get("class").unwrap_or_default().split_whitespace() {
                // A column of the table, a section or a stop that needs no look of its own.
                let plain = ["matrix", "stop", "optional", "open"].contains(&class);
                assert!(plain || rules.contains(class), "{name}: class {class} has no rule");
            }
        }
    });
    for used in STYLESHEET.split("var(").skip(1) {
        let token = used.split([')', ',']).next().unwrap();
        assert!(STYLESHEET.contains(&format!("{token}:")), "{token} has no value");
    }
    assert_eq!(STYLESHEET.matches('{').count(), STYLESHEET.matches('}').count());
}

fn names_after(text: &str, mark: char) -> BTreeSet<&str> {
    text.split(mark)
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}
