//! The program.

fn main() -> std::process::ExitCode {
    deckwatch::cli::main()
}
