//! `tests/run --prepare` on a bare machine: a PATH of our own, whose installers write down what they are asked.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

/// What the script itself may use: part of every Debian.
const TOOLS: &[&str] = &[
    "awk", "bash", "cat", "chmod", "cut", "dirname", "du", "env", "grep", "id", "mkdir", "mktemp",
    "rm", "sed", "tee",
];

/// `apt-get install PACKAGE`, and the command that comes with it. A new need of `tests/run` is a line here.
const PACKAGES: &[(&str, &str)] =
    &[("build-essential", "cc"), ("g++", "c++"), ("python3", "python3"), ("zbar-tools", "zbarimg")];

/// `rustup component add COMPONENT`, and cargo's subcommand.
const COMPONENTS: &[(&str, &str)] = &[("rustfmt", "fmt"), ("clippy", "clippy")];

/// Writes down how it was called, and fails where a file `fail-NAME` says so.
const RECORD: &str = r#"#!/bin/bash
name="$(basename_of "$0")"
echo "$name $*" >>"$BENCH/asked"
if [ -e "$BENCH/fail-$name" ]; then
    echo "$name: no network" >&2
    exit 100
fi
"#;

const BASENAME: &str = r#"basename_of() { echo "${1##*/}"; }"#;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// A machine with Rust and nothing else.
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.path("bin")).unwrap();
        for tool in TOOLS {
            let found = ["/usr/bin", "/bin"].map(|at| Path::new(at).join(tool));
            let found = found.iter().find(|at| at.exists()).unwrap_or_else(|| panic!("no {tool}"));
            symlink(found, bench.path("bin").join(tool)).unwrap();
        }
        let packages = PACKAGES.iter().map(|(package, command)| {
            format!("*\" {package} \"*) printf '#!/bin/bash\\n' >\"$BENCH/bin/{command}\"; chmod +x \"$BENCH/bin/{command}\" ;;\n")
        });
        let packages: String = packages.collect();
        bench.command("apt-get", &format!("case \" $* \" in\n{packages}esac\n"));
        bench.command("rustup", "[ \"$1 $2\" = 'component add' ] && : >\"$BENCH/component-$3\"\n");
        let components = COMPONENTS.iter().map(|(component, subcommand)| {
            format!("'{subcommand} --version') [ -e \"$BENCH/component-{component}\" ] ;;\n")
        });
        let components: String = components.collect();
        bench.command(
            "cargo",
            &format!(
                "case \"$1 $2\" in\n{components}'install cargo-deny')\n\
                 root=\"${{!#}}\"; mkdir -p \"$root/bin\"\n\
                 printf '#!/bin/bash\\necho cargo-deny %s\\n' \"$4\" >\"$root/bin/cargo-deny\"\n\
                 chmod +x \"$root/bin/cargo-deny\" ;;\nesac\n"
            ),
        );
        bench.command("rustc", "");
        // Whoever is not root asks like this.
        bench.script("sudo", "#!/bin/bash\n[ \"$1\" = -n ] && shift\nexec \"$@\"\n");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, name: &str, then: &str) {
        let record = RECORD.replacen('\n', &format!("\n{BASENAME}\n"), 1);
        self.script(name, &format!("{record}{then}"));
    }

    fn fails(&self, name: &str) {
        fs::write(self.path(&format!("fail-{name}")), "").unwrap();
    }

    /// Prepares; gives whether it succeeded, what it said, and what was asked of the installers this time.
    fn prepare(&self, arguments: &[&str], ci: bool) -> (bool, String, Vec<String>) {
        fs::write(self.path("asked"), "").unwrap();
        let output = Command::new(self.path("bin").join("bash"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/run"))
            .arg("--prepare")
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("BENCH", self.folder.path())
            .env("CI", if ci { "true" } else { "" })
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let asked = fs::read_to_string(self.path("asked")).unwrap();
        let asked = asked.lines().filter(|line| !line.ends_with("--version"));
        let asked = asked.map(str::to_owned).collect();
        (output.status.success(), String::from_utf8(said).unwrap(), asked)
    }
}

/// The packages, components and crates that were asked for.
fn wanted(asked: &[String]) -> Vec<&str> {
    let installs = asked.iter().filter(|line| !line.ends_with(" update -qq"));
    installs
        .map(|line| match line.split_once("cargo install ") {
            Some((_, rest)) => rest.split(' ').next().unwrap(),
            None => line.rsplit(' ').next().unwrap(),
        })
        .collect()
}

#[test]
fn a_bare_machine_gets_what_is_needed_once() {
    let bench = Bench::new();
    let (good, said, asked) = bench.prepare(&[], true);
    assert!(good, "{said}");
    let all =
        ["build-essential", "g++", "python3", "zbar-tools", "rustfmt", "clippy", "cargo-deny"];
    assert_eq!(wanted(&asked), all, "{said}");
    assert_eq!(asked[0], "apt-get update -qq");
    assert_eq!(asked.iter().filter(|line| line.contains("update")).count(), 1, "{asked:#?}");
    for line in asked.iter().filter(|line| line.starts_with("apt-get install")) {
        assert!(line.contains(" -y ") && line.contains(" --no-install-recommends "), "{line}");
    }
    assert!(said.contains(&format!("installed: {}", all.join(" "))), "{said}");
    assert!(said.contains("all that is needed is there") && !said.contains("missing"), "{said}");
    assert!(!said.contains("passed,"), "no suite ran: {said}");

    let (good, said, asked) = bench.prepare(&[], true);
    assert!(good && said.contains("installed: nothing"), "{said}");
    assert_eq!(asked, [""; 0], "a second time there is nothing to ask for");
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let bench = Bench::new();
    bench.script("cc", "#!/bin/bash\n");
    bench.script("python3", "#!/bin/bash\n");
    fs::write(bench.path("component-clippy"), "").unwrap();
    // A quick run neither checks licences nor fuzzes.
    let (good, said, asked) = bench.prepare(&["--quick"], true);
    assert!(good, "{said}");
    assert_eq!(wanted(&asked), ["zbar-tools", "rustfmt"], "{said}");
}

#[test]
fn an_installer_that_fails_is_said_and_fails_on_ci() {
    for (installer, lost) in [
        ("apt-get", &["build-essential", "g++", "python3", "zbar-tools"][..]),
        ("rustup", &["rustfmt", "clippy"][..]),
    ] {
        let bench = Bench::new();
        bench.fails(installer);
        for ci in [true, false] {
            let (good, said, asked) = bench.prepare(&[], ci);
            assert_eq!(good, !ci, "{installer}, CI={ci}: {said}");
            assert!(asked.iter().filter(|line| line.contains("update")).count() <= 1);
            for name in lost {
                let line = format!("{name} is missing, and {installer} could not bring it: ");
                assert!(said.contains(&line), "{line}: {said}");
            }
            assert!(said.contains(&format!("missing: {}", lost.join(" "))), "{said}");
            assert!(!said.contains("all that is needed is there"), "{said}");
        }
    }
}

#[test]
fn without_any_installer_it_says_what_is_missing() {
    let bench = Bench::new();
    for installer in ["apt-get", "rustup"] {
        fs::remove_file(bench.path("bin").join(installer)).unwrap();
    }
    let (good, said, asked) = bench.prepare(&["--quick"], true);
    assert!(!good);
    assert_eq!(asked, [""; 0]);
    assert!(said.contains("missing: build-essential python3 zbar-tools rustfmt clippy"), "{said}");
    // Without Rust there is nothing to begin with.
    fs::remove_file(bench.path("bin").join("cargo")).unwrap();
    let (good, said, _) = bench.prepare(&[], false);
    assert!(!good && said.contains("https://rustup.rs"), "{said}");
}
