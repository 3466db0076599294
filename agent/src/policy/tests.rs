use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt as _, chown, symlink},
        process::CommandExt as _,
    },
    process::Command,
};

use expect_test::expect;

use super::*;

const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nmaria:x:1000:1000::/home/maria:/bin/sh\n";
const GROUPS: &str = "root:x:0:\nhelp:x:44:maria\nmaria:x:1000:\n";

fn maria() -> User {
    User::new(1000, &[44, 1000, 5000], USERS, GROUPS)
}

fn from_directory() -> User {
    User::new(70_001, &[70_000], USERS, GROUPS)
}

fn forbidden(text: &str, user: &User) -> Option<String> {
    Policy::parse(text).unwrap().rules(user).forbidden
}

#[test]
fn without_a_word_everything_is_allowed() {
    let policy = Policy::parse("").unwrap();
    assert_eq!(policy, Policy::default());
    assert_eq!(policy.rules(&maria()), Rules::default());
    assert!(policy.allows(&Address::parse("https://any.example").unwrap()));
    assert_eq!(policy.default_server(), None);
}

#[test]
fn the_example_for_administrators_is_one_and_shows_every_key() {
    let text = include_str!("../../../docs/policy.toml");
    let policy = Policy::parse(text).unwrap();
    assert!(policy.may_invite.is_some() && policy.longest.is_some());
    assert!(policy.servers.is_some() && policy.ca.is_some() && policy.warning.is_some());
    assert!(text.contains("\nenabled = true\n") && text.contains("\nview_only = false\n"));
}

#[test]
fn the_kill_switch_comes_before_everything() {
    let text = "enabled = false\nmay_invite = [\"maria\"]";
    assert_eq!(forbidden(text, &maria()).as_deref(), Some(DISABLED));
    assert_eq!(forbidden("enabled = true", &maria()), None);
}

#[test]
fn only_who_is_listed_may_invite() {
    for (list, maria_may, other_may) in [
        (r#""maria""#, true, false),
        (r#""Maria""#, false, false),
        (r#""@help""#, true, false),
        (r#""@5000""#, true, false),
        (r#""@maria", "root""#, true, false),
        (r#""help""#, false, false),
        (r#""@root""#, false, false),
        (r#""1000""#, true, false),
        (r#""70001""#, false, true),
        (r#""x", "@70000""#, false, true),
        ("", false, false),
    ] {
        let text = format!("may_invite = [{list}]");
        assert_eq!(forbidden(&text, &maria()).is_none(), maria_may, "{list}");
        let other = forbidden(&text, &from_directory()).is_none();
        assert_eq!(other, other_may, "{list}");
    }
}

#[test]
fn servers_are_compared_as_hosts_are() {
    let text = r#"servers = ["https://Help.example.org:443/", "https://b.example:8443"]"#;
    let policy = Policy::parse(text).unwrap();
    let allows = |text| policy.allows(&Address::parse(text).unwrap());
    assert!(allows("https://help.example.org"));
    assert!(allows("https://HELP.example.org:443"));
    assert!(allows("https://b.example:8443"));
    assert!(!allows("https://b.example"));
    assert!(!allows("https://help.example.org.evil.example"));
    assert!(!allows("http://localhost:443"));
    let first = policy.default_server().unwrap().public();
    assert_eq!(first, "https://help.example.org");
    assert_eq!(
        forbidden("servers = []", &maria()).as_deref(),
        Some(NO_SERVER)
    );
}

#[test]
fn limits_and_warnings_reach_the_rules() {
    let text = "longest = \"8h\"\nview_only = true\nwarning = \"  Ask IT first. \"";
    let rules = Policy::parse(text).unwrap().rules(&maria());
    assert_eq!(rules.longest.unwrap().as_secs(), 8 * 3600);
    assert!(rules.view_only);
    assert_eq!(rules.warning.as_deref(), Some("Ask IT first."));
    assert_eq!(Policy::parse("warning = \"\"").unwrap(), Policy::default());
}

#[test]
fn what_is_not_exactly_a_policy_is_refused_by_line() {
    let shown: Vec<String> = [
        "enabled = true\nenabeld = false",
        "view_only = \"yes\"",
        "longest = 8",
        "\nlongest = \"8 hours\"",
        "longest = \"31d\"",
        "servers = \"https://a.example\"",
        "servers = [\n \"https://a.example\",\n \"http://b.example\",\n]",
        "ca = \"ca.pem\"",
        "may_invite = [\"maria\", \"\"]",
        "may_invite = [\"@\"]",
        "may_invite = [1000]",
        "enabled = true\nenabled = false",
        "enabled",
        "[policy]\nenabled = false",
    ]
    .iter()
    .map(|text| Policy::parse(text).unwrap_err().to_string())
    .collect();
    expect![[r#"
        line 2: there is no key `enabeld`, only `enabled`, `may_invite`, `view_only`, `longest`, `servers`, `ca`, `warning`
        line 1: string "yes" is neither true nor false
        line 1: integer `8` should be text in quotation marks
        line 2: say how long as a number and a unit, up to 30 days: 30m, 1h or 2d
        line 1: say how long as a number and a unit, up to 30 days: 30m, 1h or 2d
        line 1: string "https://a.example" should be a list in square brackets
        line 1: "http://b.example": an address that starts with http:// works only on this computer, and for an address of your own network, such as http://192.168.1.5:8080; use https://
        line 1: ca.pem does not say where the file is from the top: begin with /
        line 1: "" is neither the name of a user nor @ and the name of a group
        line 1: "@" is neither the name of a user nor @ and the name of a group
        line 1: integer `1000` should be text in quotation marks
        line 2: duplicate key
        line 1: key with no value, expected `=`
        line 1: there is no key `policy`, only `enabled`, `may_invite`, `view_only`, `longest`, `servers`, `ca`, `warning`"#]].assert_eq(&shown.join("\n"));
}

/// A policy on disk as an administrator leaves it.
struct Place(tempfile::TempDir);

impl Place {
    fn with(text: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let folder = place.file().parent().unwrap().to_owned();
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::write(place.file(), text).unwrap();
        place.mode(0o644);
        place
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("etc/policy.toml")
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("etc")
    }

    fn mode(&self, mode: u32) {
        fs::set_permissions(self.file(), Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self) -> Result<Policy, PolicyError> {
        Policy::read_from(&self.file())
    }

    /// The error, with this place called `/etc`.
    fn refusal(&self) -> String {
        let error = self.read().unwrap_err();
        let folder = self.folder().display().to_string();
        error.sentence().replace(&folder, "/etc/deskhand")
    }
}

/// Files of root can be made by root only: elsewhere these tests have nothing to look at.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_file_of_root_counts_and_none_allows_everything() {
    if !is_root() {
        return;
    }
    let place = Place::with("view_only = true");
    assert!(place.read().unwrap().rules(&maria()).view_only);
    fs::remove_file(place.file()).unwrap();
    assert_eq!(place.read().unwrap(), Policy::default());
    fs::remove_dir(place.folder()).unwrap();
    assert_eq!(place.read().unwrap(), Policy::default());
}

#[test]
fn a_file_that_others_could_have_changed_allows_nothing() {
    if !is_root() {
        return;
    }
    let mut shown = vec![];
    for mode in [0o664, 0o646] {
        let place = Place::with("");
        place.mode(mode);
        shown.push(place.refusal());
    }
    let place = Place::with("");
    chown(place.file(), Some(1000), None).unwrap();
    shown.push(place.refusal());

    let place = Place::with("");
    fs::set_permissions(place.folder(), Permissions::from_mode(0o777)).unwrap();
    shown.push(place.refusal());
    // It may have been there, and was taken away.
    fs::remove_file(place.file()).unwrap();
    shown.push(place.refusal());

    let place = Place::with("");
    chown(place.folder(), Some(1000), None).unwrap();
    shown.push(place.refusal());

    let place = Place::with("");
    let real = place.0.path().join("real.toml");
    fs::rename(place.file(), &real).unwrap();
    symlink(&real, place.file()).unwrap();
    shown.push(place.refusal());

    let place = Place::with("");
    fs::remove_file(place.file()).unwrap();
    fs::create_dir(place.file()).unwrap();
    shown.push(place.refusal());

    let place = Place::with("enabled = true\nenabeld = false");
    shown.push(place.refusal());
    let place = Place::with("");
    fs::write(place.file(), [0xff, 0xfe]).unwrap();
    shown.push(place.refusal());
    let place = Place::with(&"#".repeat(70_000));
    shown.push(place.refusal());
    expect![[r"
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml can be changed by its group. The administrator must take that right away: chmod go-w /etc/deskhand/policy.toml.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml can be changed by everybody. The administrator must take that right away: chmod go-w /etc/deskhand/policy.toml.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml belongs to user number 1000 instead of root. The administrator must give it back: chown root /etc/deskhand/policy.toml.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand can be changed by everybody. The administrator must take that right away: chmod go-w /etc/deskhand.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand can be changed by everybody. The administrator must take that right away: chmod go-w /etc/deskhand.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand belongs to user number 1000 instead of root. The administrator must give it back: chown root /etc/deskhand.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml is not a plain file in a plain folder. The administrator must put the policy there itself, not a link to it.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml is not a plain file in a plain folder. The administrator must put the policy there itself, not a link to it.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml cannot be understood: line 2: there is no key `enabeld`, only `enabled`, `may_invite`, `view_only`, `longest`, `servers`, `ca`, `warning`. The administrator must correct it.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml cannot be understood: it is not text in UTF-8. The administrator must correct it.
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml cannot be understood: it is longer than 65536 bytes. The administrator must correct it."]].assert_eq(&shown.join("\n"));

    // Neither whom it lists nor what it enables counts then.
    let place = Place::with("may_invite = [\"maria\"]");
    place.mode(0o666);
    let rules = rules(&place.read(), &maria());
    assert!(rules.forbidden.is_some() && rules.view_only);
}

/// In the environment of the test below when it runs as nobody: the folder with its places.
const AS_NOBODY: &str = "DESKHAND_TEST_AS_NOBODY";

#[test]
fn it_holds_for_users_without_rights() {
    if let Some(path) = std::env::var_os(AS_NOBODY) {
        assert!(!is_root());
        let read = |name| Policy::read_from(&PathBuf::from(&path).join(name).join("policy.toml"));
        assert!(read("readable").unwrap().view_only);
        assert_eq!(read("absent").unwrap(), Policy::default());
        for name in ["secret", "closed"] {
            let refused = read(name);
            assert!(
                matches!(refused, Err(PolicyError::Unreadable { .. })),
                "{refused:?}"
            );
        }
        return;
    }
    if !is_root() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let allow =
        |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for (name, folder_mode, file_mode) in [
        ("readable", 0o755, Some(0o644)),
        ("absent", 0o755, None),
        ("secret", 0o755, Some(0o600)),
        ("closed", 0o700, Some(0o644)),
    ] {
        let folder = root.path().join(name);
        fs::create_dir(&folder).unwrap();
        if let Some(mode) = file_mode {
            let file = folder.join("policy.toml");
            fs::write(&file, "view_only = true").unwrap();
            allow(&file, mode);
        }
        allow(&folder, folder_mode);
    }
    allow(root.path(), 0o755);
    // This program by a way that needs no rights on the folders it lies in.
    let nobody = Command::new("/proc/self/exe")
        .args([
            "--exact",
            "policy::tests::it_holds_for_users_without_rights",
        ])
        .env(AS_NOBODY, root.path())
        .current_dir("/")
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&nobody.stdout);
    assert!(
        nobody.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
fn what_is_in_force_is_explained_line_by_line() {
    let text = "may_invite = [\"@help\", \"root\"]\nview_only = true\nlongest = \"8h\"\n\
                servers = [\"https://a.example\", \"https://b.example\"]\nca = \"/etc/ca.pem\"\nwarning = \"Ask IT.\"";
    let policy = Policy {
        file: Some(FILE.into()),
        ..Policy::parse(text).unwrap()
    };
    expect![[r#"
        The policy /etc/deskhand/policy.toml is in force.
        Remote assistance is enabled: the file does not say "enabled = false".
        Only these may invite ("may_invite"), and you are one of them: everybody in the group help, root.
        Helpers can only look; mouse and keyboard are never shared: "view_only = true".
        An invitation stays open for 8h at most: "longest".
        Only these servers may be used ("servers"), the first one by default: https://a.example, https://b.example.
        Servers may also have certificates of your own authority ("ca"): /etc/ca.pem.
        This warning is shown first ("warning"): Ask IT.
        So you, maria, can invite somebody."#]].assert_eq(&explain(&Ok(policy.clone()), &maria()).join("\n"));
    expect![[r"
        There is no policy: /etc/deskhand/policy.toml does not exist. Everything is allowed.
        So you, user number 70001, can invite somebody."]]
    .assert_eq(&explain(&Ok(Policy::default()), &from_directory()).join("\n"));
    let refused = Err(PolicyError::Owner {
        path: FILE.into(),
        owner: 1000,
    });
    expect![[r"
        Nobody can be invited, because this computer's policy cannot be trusted: /etc/deskhand/policy.toml belongs to user number 1000 instead of root. The administrator must give it back: chown root /etc/deskhand/policy.toml.
        Until then nothing is allowed, whatever the file says."]].assert_eq(&explain(&refused, &maria()).join("\n"));
    let report = Report::new(&refused, &maria());
    assert_eq!(
        (report.state, report.servers),
        (State::Refused, Some(vec![]))
    );
    let report = Report::new(&Ok(policy), &from_directory());
    expect![[r#"
        {
          "file": "/etc/deskhand/policy.toml",
          "state": "in_force",
          "user": "user number 70001",
          "forbidden": "Your administrator does not allow you to invite anybody to this computer.",
          "view_only": true,
          "longest_secs": 28800,
          "servers": [
            "https://a.example",
            "https://b.example"
          ],
          "ca": "/etc/ca.pem",
          "warning": "Ask IT."
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&report).unwrap());
}
