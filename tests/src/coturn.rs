//! Somebody else's relay: coturn, which knows a secret of the server's.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use tempfile::TempDir;

use crate::{
    network::{Network, PUBLIC},
    process::Process,
    wait::PATIENCE,
};

/// Longer than any that is refused.
const SECRET: &str = "a secret of this test alone";

/// A running coturn at the server's public address.
pub struct Coturn {
    /// The program.
    pub process: Process,
    folder: TempDir,
}

impl Coturn {
    /// Starts it in the middle of that network and waits until it listens.
    ///
    /// # Panics
    /// If it does not.
    pub async fn start_in(network: &Network) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name).display().to_string();
        let mut command = network.middle.command("turnserver");
        // It says where it listens, and who uses it, only to those who want much to be said.
        command
            .args(["-n", "--verbose", "--log-file=stdout"])
            .args(["--no-cli", "--no-tls", "--no-dtls"])
            .args(["--use-auth-secret", "--realm=deskhand"])
            .arg(format!("--static-auth-secret={SECRET}"))
            .arg(format!("--listening-ip={PUBLIC}"))
            .arg(format!("--relay-ip={PUBLIC}"))
            .arg(format!("--userdb={}", path("users")))
            .arg(format!("--pidfile={}", path("pid")));
        let process = Process::start("coturn", &mut command);
        for way in ["UDP listener opened on", "TCP listener opened on"] {
            let said = process.stdout.said(PATIENCE, way).await;
            assert!(said, "it does not listen: {}", process.stdout.text());
        }
        let coturn = Self { process, folder };
        let secret = coturn.secret();
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        coturn
    }

    /// The file with the secret, which nobody else may read.
    pub fn secret(&self) -> PathBuf {
        self.folder.path().join("secret")
    }
}
