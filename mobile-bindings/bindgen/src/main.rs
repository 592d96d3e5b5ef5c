//! The command: `deckwatch-bindgen kotlin|swift|python LIBRARY FOLDER`, `deckwatch-bindgen api LIBRARY`.

use std::{io::Write, path::Path, process::ExitCode};

use deckwatch_bindgen::{TargetLanguage, generate, listing};

const USAGE: &str =
    "deckwatch-bindgen kotlin|swift|python LIBRARY FOLDER\ndeckwatch-bindgen api LIBRARY";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["api", library] => {
            listing(Path::new(library)).map_err(|error| error.to_string()).and_then(|text| {
                std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())
            })
        }
        [language, library, out] => match *language {
            "kotlin" => Ok(TargetLanguage::Kotlin),
            "swift" => Ok(TargetLanguage::Swift),
            "python" => Ok(TargetLanguage::Python),
            _ => Err(USAGE.to_owned()),
        }
        .and_then(|language| {
            generate(language, Path::new(library), Path::new(out)).map_err(|it| it.to_string())
        }),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if this fails too.
            drop(writeln!(std::io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}
