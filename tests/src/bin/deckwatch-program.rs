//! The program as its user runs it, for tests that start it.

fn main() -> std::process::ExitCode {
    deckwatch::cli::main()
}
