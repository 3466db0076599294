//! The yardstick for the relay: coturn, in a process of its own, told what it has to be told so
//! that it can be measured on one computer, and nothing that makes it slower.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{program::Program, turn};

/// An address of this computer's where no other relay is.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const PORT: u16 = 3478;
/// Nobody else ever hears of it.
const SECRET: &str = "only-for-the-length-of-a-bench";

/// A running coturn.
pub struct Coturn {
    /// The program.
    pub program: Program,
    folder: TempDir,
}

impl Coturn {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = |name| folder.path().join(name).display().to_string();
        let config = [
            format!("listening-ip={HOST}"),
            format!("relay-ip={HOST}"),
            format!("listening-port={PORT}"),
            "realm=bench".to_owned(),
            "use-auth-secret".to_owned(),
            format!("static-auth-secret={SECRET}"),
            format!("userdb={}", path("users")),
            format!("pidfile={}", path("pid")),
            "log-file=/dev/null".to_owned(),
            "simple-log".to_owned(),
            "fingerprint".to_owned(),
            "no-tls".to_owned(),
            "no-dtls".to_owned(),
            "no-cli".to_owned(),
            // All of the bench is at addresses of this computer's.
            "allow-loopback-peers".to_owned(),
        ];
        fs::write(folder.path().join("conf"), config.join("\n"))?;
        let secret = folder.path().join("secret");
        fs::write(&secret, SECRET)?;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
        let mut command = Command::new("turnserver");
        command
            .arg("-c")
            .arg(folder.path().join("conf"))
            .stderr(Stdio::null());
        let program =
            Program::start(&mut command).context("Debian's package for it is called coturn")?;
        let coturn = Self { program, folder };
        turn::is_there(Self::address()).await?;
        Ok(coturn)
    }

    fn address() -> SocketAddr {
        (HOST, PORT).into()
    }

    /// What our server is told, so that it lends this relay instead of its own.
    pub fn options(&self) -> Vec<String> {
        let url = format!("turn:{HOST}:{PORT}?transport=udp");
        let secret = self.folder.path().join("secret").display().to_string();
        vec![
            "--turn-url".to_owned(),
            url,
            "--turn-secret-file".to_owned(),
            secret,
        ]
    }
}
