//! Where values come from, and what is said about those that are wrong.

use std::{fs, path::Path};

use super::*;

/// An order as given by a command line and an environment.
fn order(args: &[&str], vars: &[(&str, &str)]) -> Order {
    try_order(args, vars).unwrap()
}

fn try_order(args: &[&str], vars: &[(&str, &str)]) -> Result<Order, clap::Error> {
    let args = ["deskhand-server"].iter().chain(args).map(OsString::from);
    Order::read(args, |name| {
        let found = vars.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

/// All that is wrong with an order that makes nothing; a line each.
fn wrong(args: &[&str], vars: &[(&str, &str)]) -> String {
    let mut order = order(args, vars);
    order.check_only = true;
    match order.plan() {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

struct Dir {
    dir: tempfile::TempDir,
}

impl Dir {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    fn keep(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }
}

#[test]
fn a_public_address_needs_a_public_url() {
    let place = Dir::new();
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80"] {
        let args = ["--listen", listen, "--state-dir", place.path()];
        let said = order(&args, &[]).plan().unwrap_err();
        assert_eq!(said.exit_code(), 2);
        assert!(said.to_string().contains("--public-url"), "{said}");
    }
}

/// What was set, but so that it cannot be understood or read, is not said to be missing as well.
#[test]
fn a_value_that_is_unclear_is_not_missing() {
    let place = Dir::new();
    let state = ["--state-dir", place.path()];
    let gone = format!("{}/gone", place.path());
    let secret = place.keep("secret", "0123456789abcdef");
    let cases: [&[&str]; 5] = [
        &["--turn-public-ip", "here", "--turn-listen", "127.0.0.1:1"],
        &["--redis", "http://here", "--redis-password-file", &secret],
        &["--listen", "0.0.0.0:0", "--public-url-file", &gone],
        &["--tls-key", &secret, "--tls-cert-file", &gone],
        &[
            "--turn-secret-file-file",
            &gone,
            "--turn-url",
            "turn:turn.example.org",
        ],
    ];
    for args in cases {
        let said = wrong(&[args, &state].concat(), &[]);
        let expected = args
            .iter()
            .find(|arg| arg.ends_with("-file") && args.contains(&gone.as_str()));
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
        assert!(said.contains(expected.unwrap_or(&args[0])), "{said}");
    }
}

#[test]
fn bad_values_are_answered_with_a_sentence() {
    let table: &[(&[&str], &str)] = &[
        (&["--listen", "8080"], "an address and a port"),
        (&["--listen", "localhost:99999"], "a number from 0 to 65535"),
        (
            &["--public-url", "help.example.org"],
            "complete web address",
        ),
        (
            &["--public-url", "http://help.example.org"],
            "start with https://",
        ),
        (&["--public-url", "https://a.example/b"], "without a path"),
        (&["--trusted-proxy", "10.0.0.1,proxy"], "or a network"),
        (&["--max-sockets-per-ip", "0"], "from 1 on"),
        (&["--log-format", "xml"], "one of these: text, json"),
        (&["--log", "loud=="], "error, warn, info"),
        (&["--drain-seconds", "1h"], "whole number of seconds"),
        (&["--tls-cert", "a.pem"], "--tls-key is missing"),
        (&["--acme-domain", "*.example.org"], "given by itself"),
        (&["--acme-domain", "192.0.2.7"], "It has to be a name"),
        (
            &["--acme-directory", "http://ca.example.org"],
            "an authority's ACME directory",
        ),
        (&["--acme-email", "a@b,c@d"], "one address for mail"),
        (
            &["--acme-email", "a@example.org"],
            "--acme-email is of no use without --acme-domain",
        ),
        (
            &["--acme-domain", "a.example.org", "--acme-ca", "/nowhere"],
            "/nowhere cannot be read",
        ),
        (&["--redis", "redis://:a@b"], "--redis-password-file"),
        (&["--redis-password-file", "a"], "of no use without --redis"),
        (
            &["--listen", "[::1]:80", "--admin-listen", "[::1]:80"],
            "an address of their own",
        ),
    ];
    for (args, sentence) in table {
        let place = Dir::new();
        let said = wrong(&[args, &["--state-dir", place.path()][..]].concat(), &[]);
        assert!(said.contains(sentence), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.ends_with('.'), "{said}");
    }
}

#[test]
fn a_certificate_is_either_there_or_got() {
    let place = Dir::new();
    let said = wrong(
        &[
            "--acme-domain",
            "a.example.org",
            "--acme-ca",
            "/nowhere/ca.pem",
        ],
        &[
            ("DESKHAND_TLS_CERT", "/nowhere/cert.pem"),
            ("DESKHAND_STATE_DIR", place.path()),
        ],
    );
    for part in [
        "--acme-domain and --tls-cert exclude each other",
        "--tls-key is missing",
        "/nowhere/ca.pem cannot be read",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn a_name_to_get_a_certificate_for_is_where_the_server_is_reached() {
    let place = Dir::new();
    let plan = |args: &[&str]| {
        let common = ["check", "--state-dir", place.path(), "--listen", "[::]:443"];
        order(&[&common, args].concat(), &[]).plan().unwrap()
    };
    let names = ["--acme-domain", "a.example.org,b.example.org"];
    let bare = plan(&names);
    let url = bare.config.public_url.unwrap().to_string();
    assert_eq!(url, "https://a.example.org");
    assert!(bare.config.tls.is_some() && bare.config.acme.is_some());
    assert!(bare.notes.is_empty(), "{:?}", bare.notes);

    let behind = ["--listen", "[::]:8443", "--redis", "redis://10.0.0.5"];
    let other = ["--public-url", "https://c.example.org"];
    let notes = order(
        &[
            &["check", "--state-dir", place.path()][..],
            &names,
            &behind,
            &other,
        ]
        .concat(),
        &[],
    )
    .plan()
    .unwrap()
    .notes
    .join("\n");
    for part in [
        "will not be for c.example.org",
        "port 443, which has to lead to [::]:8443",
        "another server",
    ] {
        assert!(notes.contains(part), "{part}\n{notes}");
    }
    assert!(!Path::new(place.path()).join("acme").exists());
}

#[test]
fn localhost_is_an_address() {
    let read = order(&["--listen", "localhost:0"], &[]).options;
    assert_eq!(read.listen.listen, "127.0.0.1:0".parse().unwrap());
}

#[test]
fn the_command_line_counts_for_more_than_the_environment_and_that_for_more_than_the_file() {
    let place = Dir::new();
    let file = place.keep(
        "server.toml",
        "listen = \"127.0.0.1:1\"\nmax_sockets_per_ip = 3\ntrusted_proxy = [\"10.0.0.1\", \"10.1.0.0/16\"]\nlog = \"warn\"\n",
    );
    let vars = [
        ("DESKHAND_CONFIG", file.as_str()),
        ("DESKHAND_LISTEN", "127.0.0.1:2"),
        ("DESKHAND_LOG", ""),
        ("DESKHAND_MAX_SOCKETS_PER_IP", "4"),
    ];
    let read = order(&["--listen", "127.0.0.1:3"], &vars).options;
    assert_eq!(read.listen.listen.port(), 3);
    assert_eq!(read.listen.max_sockets_per_ip, NonZeroUsize::new(4));
    assert_eq!(read.listen.trusted_proxy.len(), 2);
    assert_eq!(read.logs.log, "warn", "an empty variable is none");
    assert_eq!(read.listen.drain_seconds.0.as_secs(), 10, "the default");
}

#[test]
fn any_value_can_be_in_a_file_of_its_own() {
    let place = Dir::new();
    let own = place.keep("url", "https://help.example.org\n");
    let config = place.keep("server.toml", &format!("public_url_file = {own:?}\n"));
    let from_all = [
        order(&["--public-url-file", &own], &[]),
        order(&[], &[("DESKHAND_PUBLIC_URL_FILE", &own)]),
        order(&["--config", &config], &[]),
    ];
    for read in from_all {
        let url = read.options.listen.public_url.unwrap();
        assert_eq!(url.to_string(), "https://help.example.org");
        assert!(read.problems.is_empty());
    }
    let both = [
        ("DESKHAND_PUBLIC_URL", "https://help.example.org"),
        ("DESKHAND_PUBLIC_URL_FILE", own.as_str()),
    ];
    let said = wrong(&["--state-dir", place.path()], &both);
    assert!(said.contains("are both set"), "{said}");
    let said = wrong(
        &["--state-dir", place.path(), "--log-file", "/nowhere/it/is"],
        &[],
    );
    assert!(said.contains("--log-file names /nowhere/it/is"), "{said}");
}

#[test]
fn all_problems_of_all_places_are_said_at_once() {
    let place = Dir::new();
    let file = place.keep(
        "server.toml",
        "listen = 8080\nmax-sockets-per-ip = 3\nspeed = \"fast\"\ndrain_seconds = 1.5\n",
    );
    let vars = [
        ("DESKHAND_PUBLIC_URL", "http://help.example.org"),
        ("DESKHAND_TLS_CERT", "/nowhere/cert.pem"),
        ("DESKHAND_TLS_KEY", "/nowhere/key.pem"),
    ];
    let args = [
        "check",
        "--config",
        &file,
        "--log-format",
        "xml",
        "--state-dir",
        place.path(),
    ];
    let said = wrong(&args, &vars);
    for part in [
        &format!("listen in {file} cannot be used"),
        "a setting \"max-sockets-per-ip\", which does not exist: it is called max_sockets_per_ip.",
        "a setting \"speed\", which does not exist.",
        &format!("drain_seconds in {file} cannot be used"),
        "DESKHAND_PUBLIC_URL cannot be used",
        "--log-format cannot be used",
        "/nowhere/cert.pem cannot be read",
        "/nowhere/key.pem cannot be read",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(
        !said.contains("http://help.example.org"),
        "it may be secret"
    );
}

#[test]
fn what_was_not_understood_is_not_missing() {
    let place = Dir::new();
    let args = ["--listen", "0.0.0.0:1", "--state-dir", place.path()];
    let said = wrong(&args, &[("DESKHAND_PUBLIC_URL", "help")]);
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_file_that_is_no_toml_is_said_so_with_the_line() {
    let place = Dir::new();
    let file = place.keep("server.toml", "log = \"warn\"\nlisten = secret\n");
    let args = ["--config", &file, "--state-dir", place.path()];
    let said = wrong(&args, &[]);
    assert!(said.contains("line 2"), "{said}");
    let args = ["--config", "/nowhere/it/is", "--state-dir", place.path()];
    let said = wrong(&args, &[]);
    assert!(said.contains("--config names /nowhere/it/is"), "{said}");
}

#[test]
fn checking_makes_nothing_and_options_may_stand_on_either_side() {
    let place = Dir::new();
    let state = format!("{}/state", place.path());
    for args in [
        ["check", "--state-dir", &state],
        ["--state-dir", &state, "check"],
    ] {
        let order = order(&args, &[]);
        assert!(order.check_only);
        order.plan().unwrap();
    }
    assert!(!Path::new(&state).exists());
    let order = order(&["--state-dir", &state], &[]);
    assert!(!order.check_only);
    order.plan().unwrap();
    assert!(Path::new(&state).exists());
}

#[test]
fn what_is_no_option_is_refused() {
    assert!(try_order(&["--lisen", "127.0.0.1:1"], &[]).is_err());
    assert!(try_order(&["serve"], &[]).is_err());
    assert!(try_order(&["--listen"], &[]).is_err());
    assert!(try_order(&["--listen", "[::1]:1", "--listen", "[::1]:2"], &[]).is_err());
}

#[test]
fn every_option_has_its_variable() {
    for arg in command().get_arguments() {
        let Some(long) = arg.get_long() else { continue };
        let expected = format!("DESKHAND_{}", long.replace('-', "_").to_uppercase());
        if let Some(variable) = arg.get_env() {
            assert_eq!(variable, expected.as_str(), "--{long}");
        }
    }
    command().debug_assert();
}

#[test]
fn the_example_has_every_setting_and_only_those() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/server.toml");
    let read = order(&["--config", path], &[]);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    let example = fs::read_to_string(path).unwrap();
    for arg in command().get_arguments() {
        let Some(long) = arg.get_long() else { continue };
        let setting = format!("{} = ", long.replace('-', "_"));
        // Of two that exclude each other, one is in a comment.
        let has = |line: &str| line.trim_start_matches("# ").starts_with(&setting);
        assert!(long == "config" || example.lines().any(has), "{setting}");
    }
}
