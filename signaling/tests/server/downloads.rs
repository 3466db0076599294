//! What `/get` offers to people who need help.

use std::{fs, os::unix::fs::symlink};

use deskhand_signaling::{Config, downloads::Downloads};

use crate::{
    http::{ask, assert_hardened},
    support::{Server, config},
};

const DEB: &str = "deskhand_0.1.0_amd64.deb";

/// A server that offers a program of 300,000 bytes, beside what it must not give away.
async fn offering(public: Option<&str>) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(DEB), "x".repeat(300_000)).unwrap();
    fs::write(folder.path().join("passwords.txt"), "secret").unwrap();
    symlink("/etc/passwd", folder.path().join("link.deb")).unwrap();
    let downloads = Downloads::open(folder.path().to_owned()).unwrap();
    let config = Config {
        downloads: Some(downloads),
        public_url: public.map(|url| url.parse().unwrap()),
        ..config()
    };
    (Server::start(config).await, folder)
}

#[tokio::test]
async fn the_page_names_each_program_its_size_and_its_digest() {
    let (server, folder) = offering(None).await;
    let (head, body) = ask(&server, "GET /get").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_hardened("/get", &head);
    for part in [
        &format!("href=\"/get/{DEB}\""),
        "300.0 kB",
        // As sha256sum says.
        "29927e273accc68286005017f7fa6e4f27bddb4db3083ff8b8d4c3667905b7fa",
        "Debian and Ubuntu",
        "href=\"/get/deskhand.toml\"",
        &format!(":{}</strong>", server.address.port()),
        "Did somebody call",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    for hidden in ["passwords.txt", "link.deb"] {
        assert!(!body.contains(hidden), "{hidden} is in {body}");
    }
    // What comes later is offered, too; what goes is not.
    fs::write(folder.path().join("Deskhand.exe"), "MZ").unwrap();
    fs::remove_file(folder.path().join(DEB)).unwrap();
    let (_, body) = ask(&server, "GET /get").await;
    assert!(
        body.contains("Deskhand.exe") && !body.contains(DEB),
        "{body}"
    );
    fs::remove_file(folder.path().join("Deskhand.exe")).unwrap();
    let (head, body) = ask(&server, "GET /get").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(body.contains("Ask them where"), "{body}");
}

#[tokio::test]
async fn a_program_is_given_whole_and_to_be_saved() {
    let (server, _folder) = offering(None).await;
    let (head, body) = ask(&server, &format!("GET /get/{DEB}")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_hardened(DEB, &head);
    for header in [
        "content-length: 300000",
        "content-type: application/octet-stream",
        &format!("content-disposition: attachment; filename=\"{DEB}\""),
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    assert!(body == "x".repeat(300_000), "{} bytes came", body.len());
    let (head, body) = ask(&server, &format!("HEAD /get/{DEB}")).await;
    assert!(head.contains("content-length: 300000") && body.is_empty());
}

#[tokio::test]
async fn the_settings_beside_a_program_name_this_server() {
    let (server, _folder) = offering(Some("https://help.example.org")).await;
    let (head, body) = ask(&server, "GET /get/deskhand.toml").await;
    assert!(
        head.contains("content-disposition: attachment; filename=\"deskhand.toml\""),
        "{head}"
    );
    let lines: Vec<&str> = body.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, ["server = \"https://help.example.org\""]);
}

#[tokio::test]
async fn nothing_else_in_the_folder_or_outside_is_given_away() {
    let (server, _folder) = offering(None).await;
    for name in [
        "passwords.txt",
        "link.deb",
        "missing.deb",
        "..%2f..%2fetc%2fpasswd",
        "..%2fx.deb",
        ".",
        "..",
        "%00.deb",
        "",
    ] {
        let (head, body) = ask(&server, &format!("GET /get/{name}")).await;
        assert!(head.starts_with("http/1.1 404"), "{name}: {head}");
        assert_hardened(name, &head);
        assert!(
            !body.contains("root:") && !body.contains("secret"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_server_without_programs_says_so_and_does_not_mention_them() {
    let server = Server::start(config()).await;
    for path in ["/get", "/get/deskhand.toml", "/get/deskhand.deb"] {
        let (head, body) = ask(&server, &format!("GET {path}")).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(body.contains("nothing to download"), "{path}: {body}");
    }
    assert!(!ask(&server, "GET /about").await.1.contains("/get"));
    let (server, _folder) = offering(None).await;
    assert!(ask(&server, "GET /about").await.1.contains("href=\"/get\""));
}
