//! A network of a test's own: one computer with one address, which can be cut off for a while or
//! get another address. Real sockets, real routes.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::{namespace::is_root, process::Process};

/// Names no computer elsewhere ([RFC 5737](https://www.rfc-editor.org/rfc/rfc5737)).
const FIRST: &str = "192.0.2.1";
const SECOND: &str = "192.0.2.2";
/// Where display servers listen.
const X_SOCKETS: &str = "/tmp/.X11-unix";
/// Set in a process that has a network of its own.
const INSIDE: &str = "DESKHAND_TEST_NETWORK";

/// The computer that this process is alone on, as far as networks go.
pub struct Computer(());

impl Computer {
    /// Runs this `test` once more, in a process and a network of its own, and gives nothing once
    /// that has passed; there, gives the network.
    ///
    /// # Panics
    /// If it does not pass there, or the system does not let us.
    pub fn alone(test: &str) -> Option<Self> {
        if env::var_os(INSIDE).is_some() {
            return Some(Self::set_up());
        }
        let mut command = Process::command("unshare");
        if !is_root() {
            command.arg("--map-root-user");
        }
        command
            .args(["--net", "--mount", "--"])
            .arg(env::current_exe().expect("this program has a path"))
            .args(["--exact", test, "--include-ignored", "--nocapture"])
            .env(INSIDE, "yes");
        let output = command.output().expect("unshare is installed");
        let said = String::from_utf8_lossy(&output.stdout);
        eprint!("{said}{}", String::from_utf8_lossy(&output.stderr));
        // A name that is none passes as well, but runs nothing.
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{test} failed in a network of its own. If the system does not allow that: run the \
             tests as root, or allow user namespaces"
        );
        None
    }

    fn set_up() -> Self {
        own_displays();
        for how in [
            "link set lo up",
            // Browsers do not count the loopback; this cable leads nowhere.
            "link add cable type veth peer name end",
            "link set cable up",
            "link set end up",
            // What is decided first otherwise, so that a cut comes before it.
            "rule add pref 100 lookup local",
            "rule del pref 0",
            "-6 rule add pref 100 lookup local",
            "-6 rule del pref 0",
        ] {
            ip(how);
        }
        let alone = Self(());
        Self::has(FIRST);
        alone
    }

    /// From now on no datagram leaves or arrives; all else does.
    pub fn is_cut(&self) {
        ip("rule add pref 10 ipproto udp blackhole");
        ip("-6 rule add pref 10 ipproto udp blackhole");
    }

    /// It is as it was.
    pub fn is_mended(&self) {
        ip("rule del pref 10");
        ip("-6 rule del pref 10");
    }

    /// The computer has another address from now on.
    pub fn gets_another_address(&self) {
        ip(&format!("addr del {FIRST}/24 dev cable"));
        Self::has(SECOND);
    }

    fn has(address: &str) {
        ip(&format!("addr add {address}/24 dev cable"));
        // Browsers take the address that leads outside.
        ip("route replace default via 192.0.2.254 dev cable");
    }
}

/// Display servers see by the network alone which numbers are taken, and remove the socket of
/// another one of theirs: those of this network must not find those outside.
fn own_displays() {
    // Where none has ever run there is none, and the first makes it.
    std::fs::create_dir_all(X_SOCKETS).expect("a folder can be made");
    run(
        "mount",
        &format!("-t tmpfs -o mode=1777 displays {X_SOCKETS}"),
    );
}

fn ip(how: &str) {
    run("ip", how);
}

fn run(program: &str, how: &str) {
    let output = Command::new(program)
        .args(how.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {how}: {output:?}");
}
