//! The ways to a mail program on Windows.

use super::{Letter, MailError, Opened, Way, mapi};

/// In the order in which [`Way::Auto`] tries them.
pub(super) const WAYS: &[Way] = &[Way::Mapi, Way::Draft];

/// As [`Way::Mapi`].
#[cfg_attr(not(windows), expect(dead_code, reason = "there is no MAPI elsewhere"))]
pub(super) async fn open_mapi(letter: &Letter) -> Result<Opened, MailError> {
    open_aside(letter, mapi::open).await
}

/// Lets the call last for as long as the novice writes.
async fn open_aside(
    letter: &Letter,
    open: impl FnOnce(&Letter) -> Result<Opened, MailError> + Send + 'static,
) -> Result<Opened, MailError> {
    let letter = letter.clone();
    let opened = tokio::task::spawn_blocking(move || open(&letter)).await;
    opened.unwrap_or_else(|error| {
        Err(MailError::Program {
            program: "MAPI",
            why: format!("and fell ({error})"),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    fn letter() -> Letter {
        Letter {
            to: None,
            subject: "Can you help me?".into(),
            text: "Please open https://h.example/#1".into(),
            plain: String::new(),
            bare: String::new(),
            attachment: "From Anna.html".into(),
        }
    }

    #[test]
    fn mapi_comes_first() {
        assert_eq!(WAYS.first(), Some(&Way::Mapi));
    }

    #[tokio::test]
    async fn nothing_waits_while_the_novice_writes() {
        let (free, waits) = mpsc::channel();
        let letter = letter();
        let writing = open_aside(&letter, move |letter| {
            let goes_on = waits.recv_timeout(Duration::from_secs(10));
            goes_on.expect("the rest goes on meanwhile");
            Ok(Opened::Text(letter.text.clone()))
        });
        let (opened, ()) = tokio::join!(writing, async { free.send(()).unwrap() });
        assert_eq!(opened.unwrap(), Opened::Text(letter.text.clone()));
    }

    #[tokio::test]
    async fn a_mail_program_that_falls_is_told() {
        let opened = open_aside(&letter(), |_| panic!("on purpose")).await;
        assert!(matches!(opened, Err(MailError::Program { .. })));
    }
}
