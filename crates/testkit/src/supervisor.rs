//! A child process that starts a server and takes it away again when this process ends.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// A shell that runs one of our scripts. It reads the pipe that this process holds: when this process
/// is gone the pipe ends, and the script cleans up.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    child: Mutex<Child>,
}

/// As whom a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// As whoever runs the test.
    Same,
    /// As `postgres` when the test runs as root: PostgreSQL refuses root.
    NeverRoot,
}

impl Supervisor {
    pub(crate) fn start(script: &str, arguments: &[String], user: User) -> Self {
        let mut command = if user == User::NeverRoot && is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut child = command
            .args(["-c", script, "pass-testkit"])
            .args(arguments)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell for a test server");
        let stdin = child.stdin.take().expect("was piped");
        let stdout = BufReader::new(child.stdout.take().expect("was piped"));
        Self { pipes: Mutex::new((stdin, stdout)), child: Mutex::new(child) }
    }

    /// Gives an order and waits for its answer.
    pub(crate) fn order(&self, order: &str) -> String {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        // When the script has ended already its last words say why.
        let _ = writeln!(pipes.0, "{order}");
        Self::line(&mut pipes.1)
    }

    /// The script's next line.
    pub(crate) fn answer(&self) -> String {
        Self::line(&mut self.pipes.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    fn line(stdout: &mut impl BufRead) -> String {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the test server's supervisor answers");
        line.trim().to_owned()
    }

    /// Ends the script, and with it the server; waits until both are gone.
    pub(crate) fn end(self) {
        drop(self.pipes);
        let _ = self.child.into_inner().unwrap_or_else(PoisonError::into_inner).wait();
    }
}

/// Ports that are free now.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("Linux")) == 0
}
