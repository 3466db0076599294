//! The invitation as a file: one HTML page that carries the whole expert console and the
//! invitation, so that no server supplies any code.
//!
//! What it carries is `static/bundle-file`, made by `cargo xtask bundle` and embedded here. Its
//! Content Security Policy names the very script and style that are in it and the one socket
//! that they need; nothing is loaded from anywhere. The password is not in it.

mod write;

use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use deskhand_protocol::{
    invitation::{FileData, Link, Origin},
    text::Name,
};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

pub use write::{WriteError, file_name, write};

#[derive(RustEmbed)]
#[folder = "../static/bundle-file"]
struct Bundle;

/// What a file is made of.
#[derive(Debug)]
pub struct FilePage<'a> {
    /// The server's public address, `https://HOST[:PORT]`.
    pub server: &'a str,
    /// The invitation.
    pub link: &'a Link,
    /// Who asks for help; may be empty.
    pub novice: &'a Name,
}

/// Why there is no file. Each is a sentence for the novice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// This program was compiled before the page.
    #[error(
        "This copy of Deskhand cannot make invitation files, because the helper's page was left out when it was built. Send the link instead."
    )]
    NotBuilt,
    /// Files hold nothing but an origin.
    #[error("The server's address does not fit into an invitation file. Send the link instead.")]
    Server,
    /// The template failed, which no input makes it do.
    #[error("The invitation file cannot be made: {0}. Send the link instead.")]
    Template(#[from] askama::Error),
}

/// The whole file.
///
/// # Errors
/// [`FileError`], a sentence that leads to the link.
pub fn page(invitation: &FilePage<'_>) -> Result<String, FileError> {
    let console = Console::embedded().ok_or(FileError::NotBuilt)?;
    render(&console, invitation)
}

/// The page's parts.
struct Console {
    style: String,
    script: String,
    /// The module, compressed.
    module: Vec<u8>,
    icon: Vec<u8>,
}

impl Console {
    /// Those in this binary; `None` if the page was not built before it.
    fn embedded() -> Option<Self> {
        let bytes = |name| Bundle::get(name).map(|file| file.data.into_owned());
        let text = |name| String::from_utf8(bytes(name)?).ok();
        Some(Self {
            style: text("console.css")?,
            script: text("console.js")?,
            module: bytes("console.wasm.gz")?,
            icon: bytes("icon.svg")?,
        })
    }
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page<'a> {
    policy: String,
    title: String,
    icon: String,
    style: &'a str,
    /// The server's own page would do as well.
    works_as_link: bool,
    address: String,
    invitation: String,
    console: String,
    script: &'a str,
}

fn render(console: &Console, invitation: &FilePage<'_>) -> Result<String, FileError> {
    let server = Origin::parse(&invitation.server.to_ascii_lowercase()).ok_or(FileError::Server)?;
    let page = Page {
        policy: policy(console, &server),
        title: title(invitation.novice),
        icon: STANDARD.encode(&console.icon),
        style: &console.style,
        works_as_link: !server.shows_who_meets(),
        address: format!("{server}/#{}", invitation.link.to_fragment()),
        invitation: FileData::new(&server, invitation.link).to_json(),
        console: STANDARD.encode(&console.module),
        script: &console.script,
    };
    Ok(page.render()?)
}

/// What the page is called.
fn title(novice: &Name) -> String {
    if novice.is_empty() {
        "Help with Deskhand".to_owned()
    } else {
        format!("Help for {novice}")
    }
}

/// [Content Security Policy Level 3](https://www.w3.org/TR/CSP3/): this script, this style, this
/// server. An address of IP version 6 cannot be named there, so its scheme has to do.
fn policy(console: &Console, server: &Origin) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let socket = server.web_socket();
    let socket = match socket.split_once("://[") {
        Some((scheme, _)) => format!("{scheme}:"),
        None => socket,
    };
    format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src {}; \
         img-src blob: data:; media-src blob:; worker-src blob:; connect-src {socket}; \
         base-uri 'none'; form-action 'none'",
        hash(&console.script),
        hash(&console.style),
    )
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::id::{InvitationId, LinkSecret};

    use super::*;

    fn console() -> Console {
        Console {
            style: "p > a { color: red }".into(),
            script: "if (1 < 2 && 'a') { /* \u{fc} */ }".into(),
            module: vec![0x1f, 0x8b, 0xff],
            icon: b"<svg/>".to_vec(),
        }
    }

    fn link() -> Link {
        Link {
            id: InvitationId::from_bytes([3; 16]),
            secret: LinkSecret::from_bytes([9; 16]),
            password: true,
        }
    }

    fn made(server: &str, novice: &str) -> String {
        let (link, novice) = (link(), Name::new(novice));
        let page = FilePage {
            server,
            link: &link,
            novice: &novice,
        };
        render(&console(), &page).unwrap()
    }

    /// What is between two marks.
    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        let (_, rest) = text.split_once(start).unwrap();
        rest.split_once(end).unwrap().0
    }

    #[test]
    fn a_file_says_where_to_and_carries_the_console() {
        let page = made("https://Help.example:8443", "Anna");
        let json = between(&page, "id=\"invitation\">", "</script>");
        let (server, read) = FileData::parse(json).unwrap();
        assert_eq!(server.as_str(), "https://help.example:8443");
        assert_eq!(read, link());
        let module = between(&page, "id=\"console\">", "</script>");
        assert_eq!(STANDARD.decode(module).unwrap(), console().module);
        let address = format!(
            "href=\"https://help.example:8443/#{}\"",
            link().to_fragment()
        );
        assert!(page.contains(&address), "{page}");
        assert!(page.contains("<title>Help for Anna</title>"));
    }

    /// By what a browser compares: the hash of what stands between the tags.
    #[test]
    fn the_policy_allows_what_is_in_it_and_one_socket() {
        let page = made("https://help.example", "");
        let policy = between(&page, "Security-Policy\" content=\"", "\">")
            .replace("&#39;", "'")
            .replace("&#x27;", "'");
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let script = hash(between(&page, "<script>", "</script>"));
        let style = hash(between(&page, "<style>", "</style>"));
        for part in [
            "default-src 'none'; ",
            &format!("script-src {script} 'wasm-unsafe-eval'; "),
            &format!("style-src {style}; "),
            "connect-src wss://help.example; ",
            "base-uri 'none'; form-action 'none'",
        ] {
            assert!(policy.contains(part), "{part} is not in {policy}");
        }
    }

    #[test]
    fn sockets_are_named_as_far_as_a_policy_can() {
        for (server, source) in [
            ("http://localhost:8080", "connect-src ws://localhost:8080;"),
            ("https://192.0.2.7", "connect-src wss://192.0.2.7;"),
            ("https://[2001:db8::7]:8443", "connect-src wss:;"),
            ("http://[::1]:8080", "connect-src ws:;"),
            (
                "http://192.168.1.5:8080",
                "connect-src ws://192.168.1.5:8080;",
            ),
        ] {
            let server = Origin::parse(server).unwrap();
            let policy = policy(&console(), &server);
            assert!(policy.contains(source), "{policy}");
        }
    }

    /// There browsers show no screen.
    #[test]
    fn a_file_leads_to_no_page_that_is_served_openly() {
        let open = made("http://192.168.1.5:8080", "Anna");
        assert!(
            open.contains("in the same network") && !open.contains("href=\"http:"),
            "{open}"
        );
        let here = made("http://localhost:8080", "Anna");
        assert!(here.contains("href=\"http://localhost:8080/#"), "{here}");
    }

    #[test]
    fn a_name_is_text_and_nothing_else() {
        let page = made("https://help.example", "</title><script>alert(1)</script>");
        assert_eq!(page.matches("<script>").count(), 1, "{page}");
        assert_eq!(page.matches("</title>").count(), 1);
    }

    #[test]
    fn an_address_that_is_no_origin_makes_no_file() {
        let (link, novice) = (link(), Name::default());
        for server in ["", "help.example", "http://help.example", "https://a/b"] {
            let page = FilePage {
                server,
                link: &link,
                novice: &novice,
            };
            let made = render(&console(), &page);
            assert!(matches!(made, Err(FileError::Server)), "{server}");
        }
    }
}
