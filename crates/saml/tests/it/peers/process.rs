//! One of the others, in a process of its own: it is told a document and says its verdict, line by line.
//! Hostile documents may hang or crash it; that is a refusal, and another process goes on behind it.

use crate::support::corpus::{Case, Verdict};
use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Read, Seek, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/interop/");
/// Names the Python program to run with; else `python3`.
const PYTHON: &str = "PASS_TEST_PYTHON";
/// Names the folder with its packages.
const PYTHON_PACKAGES: &str = "PASS_TEST_PYTHONPATH";

/// How long one document, or starting, may take beside a build.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all of them may take.
const DEADLINE: Duration = Duration::from_mins(5);
/// How many may hang or crash it.
const MOST_DEATHS: usize = 5;

/// A service provider that others wrote.
pub struct Peer {
    pub name: &'static str,
    command: fn() -> Command,
}

impl Peer {
    pub fn node_saml() -> Self {
        let command = || {
            let mut command = Command::new("node");
            command.arg("--max-old-space-size=1024").arg(format!("{FOLDER}node_saml_sp.mjs"));
            command
        };
        Self { name: "node-saml", command }
    }

    pub fn python3_saml() -> Self {
        let command = || {
            let mut command = Command::new(env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned()));
            command.arg(format!("{FOLDER}python3_saml_sp.py"));
            if let Ok(packages) = env::var(PYTHON_PACKAGES) {
                command.env("PYTHONPATH", packages);
            }
            command
        };
        Self { name: "python3-saml", command }
    }

    /// Its verdict on each document.
    #[expect(clippy::disallowed_methods, reason = "how long to go on")]
    pub fn judge(&self, cases: &[Case]) -> Vec<Verdict> {
        let end = Instant::now() + DEADLINE;
        let mut process = Process::start((self.command)());
        let mut deaths = Vec::new();
        let verdicts = cases.iter().map(|case| {
            assert!(Instant::now() < end, "{} is not done after {DEADLINE:?}: {deaths:?}", self.name);
            let told = serde_json::to_string(&case.document).unwrap();
            match process.ask(&told) {
                Ok(verdict) => serde_json::from_str(&verdict).unwrap(),
                Err(death) => {
                    println!("{}: {death} over {}", self.name, case.name);
                    deaths.push(format!("{}: {death}", case.name));
                    assert!(deaths.len() <= MOST_DEATHS, "{} died too often: {deaths:#?}", self.name);
                    process = Process::start((self.command)());
                    Verdict::Refused(death)
                }
            }
        });
        verdicts.collect()
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    errors: File,
}

impl Process {
    /// Runs it until it says that it is ready.
    fn start(mut command: Command) -> Self {
        let errors = tempfile::tempfile().unwrap();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{} can't be run: {error}", command.get_program().display()));
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut process = Self { child, input, lines, errors };
        let ready = process.hear().unwrap_or_else(|death| panic!("{death}: {}", process.errors()));
        assert_eq!(ready, r#""ready""#, "{}", process.errors());
        process
    }

    /// Its line on that line, or how it ended.
    fn ask(&mut self, line: &str) -> Result<String, String> {
        if let Err(error) = writeln!(self.input, "{line}") {
            panic!("it ended between two documents ({error}): {}", self.errors());
        }
        self.hear()
    }

    fn hear(&mut self) -> Result<String, String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(format!("it hung for {PATIENCE:?}")),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait().unwrap();
                // Who ends by itself has a fault of its own, such as a package that is missing.
                assert!(status.signal().is_some(), "it ended, {status}: {}", self.errors());
                Err(format!("it crashed, {status}"))
            }
        }
    }

    /// The end of what it wrote to its standard error.
    fn errors(&mut self) -> String {
        let mut text = Vec::new();
        self.errors.rewind().unwrap();
        self.errors.read_to_end(&mut text).unwrap();
        let end = String::from_utf8_lossy(&text[text.len().saturating_sub(2_000)..]).into_owned();
        format!("{end}\n(`deploy/dev test` installs what it needs)")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be busy for ever.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
