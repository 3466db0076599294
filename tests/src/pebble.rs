//! A certificate authority that speaks ACME: Pebble, which those behind Let's Encrypt made for
//! tests, with a name server for which every name is this computer.

use std::{fs, net::TcpListener, path::PathBuf};

use rustix::process::Signal;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    process::Process,
    tls::trusting,
    wait::{self, PATIENCE},
};

/// A running Pebble, which forgets everything with its end.
pub struct Pebble {
    /// The program.
    pub process: Process,
    /// `https://127.0.0.1:…/dir`
    pub directory: String,
    own: CertificateDer<'static>,
    /// Of the directory, and where it tells about itself.
    ports: [u16; 2],
    folder: TempDir,
    resolver: String,
    _names: Process,
}

impl Pebble {
    /// Starts one that looks for whoever asks at this port, instead of 443, and waits until it
    /// listens.
    pub async fn looking_at(port: u16) -> Self {
        let [acme, management, names, telling] = [(); 4].map(|()| free_port());
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
        fs::write(at("ca.pem"), own.cert.pem()).unwrap();
        fs::write(at("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{acme}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": at("ca.pem"),
            "privateKey": at("key.pem"),
            "httpPort": 1,
            "tlsPort": port,
        }});
        fs::write(at("pebble.json"), config.to_string()).unwrap();

        let resolver = format!("127.0.0.1:{names}");
        let names = Process::start(
            "names",
            Process::command("pebble-challtestsrv")
                .args(["-dns01", &resolver, "-defaultIPv6", ""])
                .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
                .args(["-management", &format!("127.0.0.1:{telling}")]),
        );
        let process = run(&folder, &resolver, [acme, management]).await;
        Self {
            process,
            directory: format!("https://127.0.0.1:{acme}/dir"),
            own: own.cert.der().clone(),
            ports: [acme, management],
            folder,
            resolver,
            _names: names,
        }
    }

    /// Another one takes its place, which knows nobody.
    pub async fn starts_anew(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.end(PATIENCE).await;
        self.process = run(&self.folder, &self.resolver, self.ports).await;
    }

    /// The file with the certificate by which it proves to be itself.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What vouches for all that it gives.
    ///
    /// # Panics
    /// If it does not tell.
    pub async fn root(&self) -> CertificateDer<'static> {
        let stream = TcpStream::connect(("127.0.0.1", self.ports[1])).await;
        let name = ServerName::try_from("127.0.0.1").expect("it is an address");
        let mut stream = trusting(self.own.clone())
            .connect(name, stream.expect("it listens"))
            .await
            .expect("it speaks TLS");
        let question = b"GET /roots/0 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
        stream.write_all(question).await.expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it answers");
        CertificateDer::from_pem_slice(&answer).expect("a certificate")
    }

    /// How many orders it has had.
    pub fn orders(&self) -> usize {
        self.process
            .stdout
            .text()
            .matches("POST /order-plz ")
            .count()
    }
}

async fn run(folder: &TempDir, resolver: &str, ports: [u16; 2]) -> Process {
    let process = Process::start(
        "pebble",
        Process::command("pebble")
            .arg("-config")
            .arg(folder.path().join("pebble.json"))
            .args(["-dnsserver", resolver])
            // Without what it does to try its clients' patience.
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            // Every name is looked at for every order.
            .env("PEBBLE_AUTHZREUSE", "0"),
    );
    for port in ports {
        wait::until("Pebble listens", PATIENCE, async || {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
    }
    process
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}
