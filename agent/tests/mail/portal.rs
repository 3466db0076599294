//! The desktop's portal.

use std::{
    collections::HashMap,
    fs::{self, File, Permissions},
    io::Read as _,
    os::{
        fd::AsFd as _,
        unix::{fs::PermissionsExt as _, process::CommandExt as _},
    },
    path::Path,
};

use deskhand_agent::{
    channel::mail::{MailError, Opened, Way},
    secrecy,
};
use tokio::sync::mpsc;
use zbus::{
    Connection,
    fdo::DBusProxy,
    interface,
    message::Header,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use super::{
    again,
    bus::Bus,
    desk::{Desk, LINK, MAILTO, PAGE},
};

/// What the portal was handed.
struct Asked {
    window: String,
    to: Vec<String>,
    subject: String,
    body: String,
    attachments: Vec<Vec<u8>>,
    /// It can be found out whether whoever asks is in a sandbox. True portals refuse others.
    known: bool,
}

/// Of all files in an array of their descriptors.
fn contents(files: &Value<'_>) -> Vec<Vec<u8>> {
    let Value::Array(files) = files else {
        panic!("{files:?}")
    };
    let read = |file: &Value<'_>| {
        let Value::Fd(file) = file else {
            panic!("{file:?}")
        };
        let mut bytes = vec![];
        let mut file = File::from(file.as_fd().try_clone_to_owned().unwrap());
        file.read_to_end(&mut bytes).unwrap();
        bytes
    };
    files.iter().map(read).collect()
}

/// A portal whose novice answers everything with `response`.
struct Portal {
    response: u32,
    asked: mpsc::UnboundedSender<Asked>,
}

#[interface(name = "org.freedesktop.portal.Email")]
impl Portal {
    async fn compose_email(
        &self,
        window: String,
        mut options: HashMap<String, OwnedValue>,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> OwnedObjectPath {
        let sender = header.sender().unwrap().clone();
        let daemon = DBusProxy::new(bus).await.unwrap();
        let process = daemon.get_connection_unix_process_id(sender.into()).await;
        let root = format!("/proc/{}/root", process.unwrap());
        let mut take = |name: &str| options.remove(name).unwrap();
        let attachments = contents(&take("attachment_fds"));
        let asked = Asked {
            window,
            to: take("addresses").try_into().unwrap(),
            subject: take("subject").try_into().unwrap(),
            body: take("body").try_into().unwrap(),
            attachments,
            known: File::open(root).is_ok(),
        };
        self.asked.send(asked).unwrap();
        let path = "/org/freedesktop/portal/desktop/request/1_1/x";
        // Even before the path is known, and after somebody else's.
        let caller = header.sender().map(ToString::to_string);
        for (path, response) in [
            ("/org/freedesktop/portal/desktop/request/1_1/other", 7),
            (path, self.response),
        ] {
            let answer = (response, HashMap::<&str, Value<'_>>::new());
            let request = "org.freedesktop.portal.Request";
            bus.emit_signal(caller.as_deref(), path, request, "Response", &answer)
                .await
                .unwrap();
        }
        path.try_into().unwrap()
    }
}

/// A desktop with a portal, and a mail program besides.
async fn with_portal(response: u32) -> (Desk, Bus, Connection, mpsc::UnboundedReceiver<Asked>) {
    let mut desk = Desk::new();
    desk.install("thunderbird", &[MAILTO], "");
    let bus = Bus::start();
    desk.settings.bus = Some(bus.address.clone());
    let (asked, hears) = mpsc::unbounded_channel();
    // In one go: what is served before the name is there, nobody can miss.
    let portal = zbus::connection::Builder::address(bus.address.as_str())
        .and_then(|bus| {
            bus.serve_at(
                "/org/freedesktop/portal/desktop",
                Portal { response, asked },
            )
        })
        .and_then(|bus| bus.name("org.freedesktop.portal.Desktop"))
        .unwrap();
    let portal = portal.build().await.unwrap();
    (desk, bus, portal, hears)
}

#[tokio::test]
async fn the_portal_is_handed_the_letter_and_the_file_but_not_the_link() {
    let (desk, _bus, _portal, mut hears) = with_portal(0).await;
    let opened = desk.open(Way::Auto).await.unwrap();
    let attachment = desk.attachment();
    assert_eq!(opened, Opened::Program { attachment });
    let asked = hears.try_recv().unwrap();
    let letter = desk.letter();
    assert_eq!(asked.window, "");
    assert_eq!(asked.to, ["maria@example.org"]);
    assert_eq!(asked.subject, letter.subject);
    // It ends in a command line, which everybody on the computer can read.
    assert_eq!(asked.body, letter.plain);
    assert!(!asked.body.contains(LINK));
    assert_eq!(asked.attachments, [PAGE]);
    assert_eq!(desk.arguments("thunderbird"), None);
}

#[tokio::test]
async fn a_novice_who_says_no_is_not_asked_in_another_way() {
    let (desk, _bus, _portal, mut hears) = with_portal(1).await;
    for way in [Way::Auto, Way::Portal] {
        let refused = desk.open(way).await.unwrap_err();
        assert!(matches!(refused, MailError::Cancelled), "{refused}");
        assert!(hears.try_recv().is_ok());
    }
    assert_eq!(desk.arguments("thunderbird"), None);
}

#[tokio::test]
async fn a_portal_that_fails_is_followed_by_the_next_way_unless_it_was_chosen() {
    let (desk, _bus, _portal, mut hears) = with_portal(2).await;
    let failed = desk.open(Way::Portal).await.unwrap_err();
    assert!(matches!(failed, MailError::Portal(_)), "{failed}");
    assert_eq!(desk.arguments("thunderbird"), None);
    let opened = desk.open(Way::Auto).await.unwrap();
    assert!(matches!(opened, Opened::Program { .. }));
    assert!(desk.arguments("thunderbird").is_some());
    assert!(hears.try_recv().is_ok() && hears.try_recv().is_ok());
}

#[tokio::test]
async fn a_bus_without_a_portal_is_like_none() {
    let mut desk = Desk::new();
    let failed = desk.open(Way::Portal).await.unwrap_err();
    assert!(matches!(failed, MailError::Portal(_)), "{failed}");
    let bus = Bus::start();
    desk.settings.bus = Some(bus.address.clone());
    let failed = desk.open(Way::Portal).await.unwrap_err();
    assert!(matches!(failed, MailError::Portal(_)), "{failed}");
}

/// In the environment of the test below when it runs as nobody: the program that asks.
const ASKER: &str = "DESKHAND_TEST_ASKER";

#[test]
fn whoever_asks_the_portal_is_not_as_private_as_the_agent() {
    let root = rustix::process::geteuid().is_root();
    let asker = std::env::var_os(ASKER);
    let program = asker.unwrap_or_else(|| env!("CARGO_BIN_EXE_deskhand").into());
    if root {
        return again_as_nobody(Path::new(&program));
    }
    secrecy::keep_memory_private();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (mut desk, _bus, _portal, mut hears) = with_portal(0).await;
        desk.settings.asker = Some(program.into());
        let opened = desk.open(Way::Portal).await.unwrap();
        let attachment = desk.attachment();
        assert_eq!(opened, Opened::Program { attachment });
        let question = hears.try_recv().unwrap();
        assert!(question.known);
        assert_eq!(question.body, desk.letter().plain);
        assert_eq!(question.attachments, [PAGE]);
    });
}

/// Root may look into everybody, and so would find out nothing.
fn again_as_nobody(program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("deskhand");
    fs::copy(program, &copy).unwrap();
    for path in [folder.path(), &copy] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    let ended = again::this_test("portal::whoever_asks_the_portal_is_not_as_private_as_the_agent")
        .env(ASKER, &copy)
        .current_dir("/")
        .uid(65_534)
        .gid(65_534)
        .output();
    again::has_passed(&ended.unwrap());
}
