//! Certificates in files, good and bad.

use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

use super::*;

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    fn cert(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    fn open(&self) -> Result<Certificates, String> {
        Certificates::open(self.cert(), self.key()).map_err(|errors| {
            let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
            said.join("\n")
        })
    }

    fn keep_key(&self, text: &str) {
        // Another file under the same name, as the programs that renew certificates do it.
        let draft = self.dir.path().join("draft");
        fs::write(&draft, text).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(draft, self.key()).unwrap();
    }
}

fn pair(names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().copied().map(str::to_owned).collect();
    let Made { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let files = Files::new();
    let said = files.open().unwrap_err();
    assert!(said.contains("cert.pem cannot be read"), "{said}");
    assert!(said.contains("key.pem cannot be read"), "{said}");

    let (cert, key) = pair(&["help.example.org"]);
    fs::write(files.cert(), &key).unwrap();
    files.keep_key(&cert);
    let said = files.open().unwrap_err();
    assert!(said.contains("cert.pem has no certificate in it"), "{said}");
    assert!(said.contains("key.pem has no private key in it"), "{said}");

    fs::write(files.cert(), &cert).unwrap();
    files.keep_key(&pair(&["help.example.org"]).1);
    let said = files.open().unwrap_err();
    assert!(said.contains("not of one pair"), "{said}");
    assert!(!said.contains("BEGIN PRIVATE"), "{said}");

    files.keep_key(&key);
    files.open().unwrap();
    fs::set_permissions(files.key(), fs::Permissions::from_mode(0o644)).unwrap();
    let said = files.open().unwrap_err();
    assert!(said.contains("chmod o="), "{said}");
    fs::set_permissions(files.key(), fs::Permissions::from_mode(0o640)).unwrap();
    files.open().unwrap();
}

#[test]
fn a_certificate_is_for_the_names_in_it() {
    let files = Files::new();
    let (cert, key) = pair(&["help.example.org", "*.example.net", "192.0.2.7", "::1"]);
    fs::write(files.cert(), cert).unwrap();
    files.keep_key(&key);
    let certificates = files.open().unwrap();
    for host in ["help.example.org", "a.example.net", "192.0.2.7", "::1"] {
        assert!(certificates.are_for(host), "{host}");
    }
    for host in ["example.org", "a.b.example.net", "192.0.2.8", "", "::2"] {
        assert!(!certificates.are_for(host), "{host}");
    }
}

#[test]
fn a_new_pair_is_taken_over_and_a_bad_one_is_not() {
    let files = Files::new();
    let (cert, key) = pair(&["old.example.org"]);
    fs::write(files.cert(), cert).unwrap();
    files.keep_key(&key);
    let certificates = files.open().unwrap();
    let copy = certificates.clone();
    assert!(!certificates.renew().unwrap(), "nothing has changed");

    let (cert, key) = pair(&["new.example.org"]);
    fs::write(files.cert(), cert).unwrap();
    assert!(certificates.renew().is_err(), "only half of it is there");
    assert!(!certificates.renew().unwrap(), "and that is said once");
    assert!(copy.are_for("old.example.org"));
    files.keep_key(&key);
    assert!(certificates.renew().unwrap());
    assert!(copy.are_for("new.example.org"));

    fs::remove_file(files.cert()).unwrap();
    assert!(certificates.renew().is_err());
    assert!(copy.are_for("new.example.org"));
}

#[test]
fn one_that_is_awaited_is_taken_over_when_it_is_there() {
    let files = Files::new();
    let awaited = Certificates::awaited(files.key()).unwrap();
    assert_eq!(awaited.life(), None);
    assert!(!awaited.are_for("help.example.org"));
    assert!(!awaited.renew().unwrap());

    let (cert, key) = pair(&["help.example.org"]);
    files.keep_key(&(key + &cert));
    assert!(awaited.renew().unwrap());
    assert!(awaited.are_for("help.example.org"));
    let again = Certificates::awaited(files.key()).unwrap();
    assert!(again.are_for("help.example.org"));

    files.keep_key(&cert);
    let said = Certificates::awaited(files.key()).unwrap_err()[0].to_string();
    assert!(said.contains("no private key in it"), "{said}");
}

#[test]
fn a_certificate_says_how_long_it_is_good() {
    let files = Files::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["help.example.org".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 9, 9);
    params.not_after = rcgen::date_time_ymd(2033, 5, 18);
    let cert = params.self_signed(&key).unwrap().pem();
    fs::write(files.cert(), cert).unwrap();
    files.keep_key(&key.serialize_pem());
    let days = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(24 * days);
    let life = files.open().unwrap().life();
    assert_eq!(life, Some([days(11_574), days(23_148)]));
}
