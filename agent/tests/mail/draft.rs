//! The draft in a file.

use std::{fs, os::unix::fs::PermissionsExt as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use deskhand_agent::channel::mail::{Opened, Way};

use super::desk::{Desk, LETTERS, PAGE};

/// A part of a letter: its headers on one line each, and its content.
struct Part {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Part {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n\t", " ").replace("\r\n ", " ");
        let head: Vec<String> = head.split("\r\n").map(Into::into).collect();
        let encoding = |name: &str| {
            let line = format!("content-transfer-encoding: {name}");
            head.iter()
                .any(|header| header.to_ascii_lowercase() == line)
        };
        let body = if encoding("base64") {
            STANDARD.decode(body.replace("\r\n", "")).unwrap()
        } else if encoding("quoted-printable") {
            unquote(body)
        } else {
            body.into()
        };
        Self { head, body }
    }

    fn has(&self, header: &str) -> bool {
        self.head.iter().any(|line| line == header)
    }
}

fn unquote(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut pieces = text.split('=');
    let mut bytes: Vec<u8> = pieces.next().unwrap().into();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend(rest.bytes());
    }
    bytes
}

#[tokio::test]
async fn a_draft_holds_link_and_file_and_is_nobody_elses() {
    let desk = Desk::new();
    desk.install("letters", &[LETTERS], "");
    // Something of the novice's own is there already.
    fs::write(desk.draft(), "old").unwrap();
    let stem = desk.draft().file_stem().unwrap().to_owned();
    let draft = format!("{} (2).eml", stem.to_str().unwrap());
    let draft = desk.draft().with_file_name(draft);

    let opened = desk.open(Way::Auto).await.unwrap();
    assert_eq!(opened, Opened::Draft(draft.clone()));
    let arguments = desk.arguments("letters").unwrap();
    assert_eq!(arguments, [draft.to_str().unwrap()]);
    let mode = fs::metadata(&draft).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_to_string(desk.draft()).unwrap(), "old");

    let text = fs::read_to_string(&draft).unwrap();
    let whole = Part::parse(&text);
    assert!(
        whole.has("X-Unsent: 1") && whole.has("To: <maria@example.org>"),
        "{:?}",
        whole.head
    );
    assert!(whole.has("Subject: Can you help me?"), "{:?}", whole.head);
    let kind = whole
        .head
        .iter()
        .find(|line| line.starts_with("Content-Type: multipart/mixed"));
    let (_, rest) = kind.unwrap().split_once("boundary=\"").unwrap();
    let boundary = format!("\r\n--{}", rest.split('"').next().unwrap());
    let parts: Vec<&str> = text.split(&boundary).collect();
    let [_, letter, page, "--\r\n"] = parts[..] else {
        panic!("{parts:?}")
    };
    let letter = Part::parse(letter);
    let said = String::from_utf8(letter.body)
        .unwrap()
        .replace("\r\n", "\n");
    assert_eq!(said.trim(), desk.letter().text.trim());
    let page = Part::parse(page);
    assert_eq!(page.body, PAGE);
    assert!(
        page.has("Content-Transfer-Encoding: base64"),
        "{:?}",
        page.head
    );
    let name = page
        .head
        .iter()
        .any(|line| line.contains("filename=\"From Anna & Co.html\""));
    assert!(
        name && page.head.iter().any(|line| line.contains("text/html")),
        "{:?}",
        page.head
    );
}

#[tokio::test]
async fn a_draft_that_nobody_opens_is_not_left_behind() {
    let desk = Desk::new();
    desk.install("letters", &[LETTERS], "exit 1");
    assert!(desk.open(Way::Draft).await.is_err());
    assert!(!desk.draft().exists());
    assert_eq!(
        desk.open(Way::Auto).await.unwrap(),
        Opened::Text(desk.letter().bare)
    );
}
