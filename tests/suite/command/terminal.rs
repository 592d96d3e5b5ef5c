//! What whoever starts the demonstration sees while it writes the past: a bar on a terminal, lines in a log.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use super::deckwatch;

/// Long enough a past that the bar is drawn more than once.
const DEMO: [&str; 6] = ["demo", "--listen", "127.0.0.1:0", "--days", "8", "--no-live"];

/// The lines of a terminal, and where the cursor is. Colours are left out.
#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    line: usize,
    column: usize,
}

impl Screen {
    /// The screen after every step that changed it.
    fn history(output: &str) -> Vec<String> {
        let mut screen = Self::default();
        let mut seen = vec![String::new()];
        let mut rest = output.chars();
        while let Some(character) = rest.next() {
            match character {
                '\u{1b}' => screen.control(&mut rest),
                '\r' => screen.column = 0,
                '\n' => screen.line += 1,
                character => screen.put(character),
            }
            let now = screen.text();
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        seen
    }

    /// A control sequence behind its escape character: `[`, numbers, and what it does.
    fn control(&mut self, rest: &mut std::str::Chars<'_>) {
        assert_eq!(rest.next(), Some('['), "a control sequence");
        let mut argument = String::new();
        for character in rest {
            if !character.is_ascii_alphabetic() {
                argument.push(character);
                continue;
            }
            let count = || argument.parse().unwrap_or(1);
            match character {
                'A' => self.line = self.line.saturating_sub(count()),
                'B' => self.line += count(),
                'K' => self.row().clear(),
                'h' | 'l' | 'm' => {}
                other => panic!("the screen of this test does not know {argument}{other}"),
            }
            return;
        }
    }

    fn row(&mut self) -> &mut Vec<char> {
        let needed = self.lines.len().max(self.line + 1);
        self.lines.resize(needed, Vec::new());
        &mut self.lines[self.line]
    }

    fn put(&mut self, character: char) {
        let column = self.column;
        let row = self.row();
        row.resize(row.len().max(column + 1), ' ');
        row[column] = character;
        self.column += 1;
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| line.iter().collect()).collect();
        lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).fold(
            String::new(),
            |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            },
        )
    }
}

/// What a bar's line says: its percent, and the position of its end.
fn bar_in(screen: &str) -> Option<(u64, u64, u64)> {
    let line = screen.lines().find(|line| line.contains("recording the past"))?;
    let (before, after) = line.split_once(" % ")?;
    let percent = before.split_whitespace().next_back()?.parse().ok()?;
    let (done, all) = after.split_whitespace().next()?.split_once('/')?;
    let drawn = line.contains(['█', '░']) && line.ends_with("left");
    drawn.then_some((percent, done.parse().ok()?, all.parse().ok()?))
}

#[test]
fn a_bar_shows_how_far_the_past_is_written_and_is_gone_when_the_address_is_there() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/suite/command/on_a_terminal.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_deckwatch-program"))
        .args(DEMO)
        .env_remove("RUST_LOG")
        .env("TERM", "xterm-256color")
        .output()
        .expect("python3 is needed: tests/run installs it");
    let written = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{written}");

    let screens = Screen::history(&written);
    let bars: Vec<(u64, u64, u64)> = screens.iter().filter_map(|screen| bar_in(screen)).collect();
    let mut positions: Vec<u64> = bars.iter().map(|(_, done, _)| *done).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    positions.dedup();
    assert!(positions.len() >= 3, "the bar moves: {positions:?}");
    for (percent, done, all) in &bars {
        // Rounded to the nearest.
        assert!(
            done <= all && percent.abs_diff(done * 100 / all) <= 1,
            "{percent} % at {done}/{all}"
        );
    }
    let (last, ..) = bars[bars.len() - 1];
    assert!(last > bars[0].0, "percents: {bars:?}");
    let addressed: Vec<&String> =
        screens.iter().filter(|screen| screen.contains("http://")).collect();
    assert!(!addressed.is_empty(), "{written}");
    for screen in addressed {
        assert!(!screen.contains("recording the past"), "the bar is still there:\n{screen}");
    }
    // The log's lines are for who has no bar.
    assert!(!written.contains("% of the past"), "{written}");
}

#[test]
fn without_a_terminal_there_are_plain_lines_instead_of_a_bar() {
    let mut child = deckwatch()
        .args(DEMO)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let log = std::thread::spawn(move || log.lines().map_while(Result::ok).collect::<Vec<_>>());
    let out = BufReader::new(child.stdout.take().unwrap());
    let announced = out.lines().map_while(Result::ok).any(|line| line.contains("http://"));
    assert!(announced, "it prints its address");
    let asked = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(asked.success() && child.wait().unwrap().success());

    let log = log.join().unwrap();
    let tenths = log.iter().filter_map(|line| {
        let (before, _) = line.split_once(" % of the past")?;
        before.rsplit(' ').next()?.parse::<u64>().ok()
    });
    let tenths: Vec<u64> = tenths.map(|percent| percent / 10).collect();
    assert_eq!(tenths, (1..=10).collect::<Vec<u64>>(), "{log:#?}");
    for line in &log {
        assert!(!line.contains(['\r', '█']), "a bar in a log: {line:?}");
    }
}
