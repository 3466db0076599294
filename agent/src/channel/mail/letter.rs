//! What is written to the helper.

use std::{fmt, fs::File, path::PathBuf, time::SystemTime};

use super::MailError;
use crate::front::{Invitation, Password};

/// A letter to the helper. The password is never in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom; `None`: the novice fills it in.
    pub to: Option<String>,
    /// In one line.
    pub subject: String,
    /// What it says, with the link.
    pub text: String,
    /// What it says where others could read along: without the link, only of the attachment.
    pub plain: String,
    /// What it says when nothing is attached: only the link.
    pub bare: String,
    /// The invitation's file.
    pub attachment: PathBuf,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(..)")
    }
}

impl Letter {
    /// Writes it.
    ///
    /// # Errors
    /// [`MailError::Recipient`] if `to` is no mail address. It may be empty.
    pub fn new(
        to: Option<&str>,
        invitation: &Invitation,
        attachment: PathBuf,
    ) -> Result<Self, MailError> {
        let zone = jiff::tz::TimeZone::system();
        Self::in_zone(to, invitation, attachment, zone)
    }

    fn in_zone(
        to: Option<&str>,
        invitation: &Invitation,
        attachment: PathBuf,
        zone: jiff::tz::TimeZone,
    ) -> Result<Self, MailError> {
        let to = to.map(str::trim).filter(|to| !to.is_empty());
        if let Some(to) = to.filter(|to| !is_address(to)) {
            return Err(MailError::Recipient(to.into()));
        }
        let ends = when(invitation.ends, zone);
        let secret = invitation.password != Password::None;
        let link = invitation.link.as_deref();
        Ok(Self {
            to: to.map(Into::into),
            subject: "Can you help me with my computer?".into(),
            text: write(&link.map_or(FILE.into(), both), secret, &ends),
            plain: write(FILE, secret, &ends),
            bare: write(&link.map_or(FILE.into(), only), secret, &ends),
            attachment,
        })
    }

    /// Whether there is something to attach.
    pub(super) fn check(&self) -> Result<(), MailError> {
        let opened = File::open(&self.attachment);
        opened.map(drop).map_err(|error| MailError::Attachment {
            path: self.attachment.clone(),
            error,
        })
    }
}

const FILE: &str = "Please save the attached file and double-click it. It opens in your browser.";

fn only(link: &str) -> String {
    format!("Please open this link in your browser:\n\n{link}")
}

fn both(link: &str) -> String {
    let link = only(link);
    format!("{link}\n\nOr save the attached file and double-click it. Both do the same.")
}

fn write(way: &str, secret: bool, ends: &str) -> String {
    let password = if secret {
        "It will ask you for a password. I will tell you the password by telephone."
    } else {
        "Please do not pass this letter on: no password is needed."
    };
    format!(
        "Hello,\n\n\
         could you help me with my computer? You can see my screen in your browser, and there is \
         nothing to install.\n\n\
         {way}\n\n\
         {password}\n\n\
         I will be asked before you can see anything. This invitation ends on {ends}.\n\n\
         Thank you!\n"
    )
}

/// For somebody whose clock may be in another time zone.
fn when(time: SystemTime, zone: jiff::tz::TimeZone) -> String {
    let stamp = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX);
    let zoned = stamp.to_zoned(zone);
    zoned.strftime("%A %-d %B %Y, %H:%M (UTC%:z)").to_string()
}

/// The plain kind only. Odder ones exist; but this passes through other people's shell scripts,
/// and the novice can still type an odd one into the mail program.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str, extra: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(fits)
    };
    plain(name, "._+-") && plain(host, ".-") && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;

    use super::*;
    use crate::front::{Channel, Serial, Standing};

    fn invitation(password: Password) -> Invitation {
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_525_200);
        Invitation {
            serial: Serial(1),
            channel: Channel::Mail,
            standing: Standing::Open,
            made,
            ends: made + Duration::from_secs(3600),
            failed: 0,
            used_by: None,
            keep_open: false,
            reach: crate::front::Reach::Ready,
            link: Some("https://h.example/#1.secret".into()),
            number: None,
            server: "https://h.example".into(),
            password,
        }
    }

    fn letter(to: &str, password: Password) -> Result<Letter, MailError> {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        Letter::in_zone(Some(to), &invitation(password), "x.html".into(), zone)
    }

    #[test]
    fn it_says_what_to_do_and_when_it_ends_but_never_the_password() {
        let letter = letter("maria@example.org", Password::Known("k7mp-q2rs".into())).unwrap();
        expect![[r"
            Hello,

            could you help me with my computer? You can see my screen in your browser, and there is nothing to install.

            Please open this link in your browser:

            https://h.example/#1.secret

            Or save the attached file and double-click it. Both do the same.

            It will ask you for a password. I will tell you the password by telephone.

            I will be asked before you can see anything. This invitation ends on Tuesday 24 November 2026, 16:00 (UTC+02:00).

            Thank you!
        "]].assert_eq(&letter.text);
        expect![[r"
            Hello,

            could you help me with my computer? You can see my screen in your browser, and there is nothing to install.

            Please save the attached file and double-click it. It opens in your browser.

            It will ask you for a password. I will tell you the password by telephone.

            I will be asked before you can see anything. This invitation ends on Tuesday 24 November 2026, 16:00 (UTC+02:00).

            Thank you!
        "]].assert_eq(&letter.plain);
        expect![[r"
            Hello,

            could you help me with my computer? You can see my screen in your browser, and there is nothing to install.

            Please open this link in your browser:

            https://h.example/#1.secret

            It will ask you for a password. I will tell you the password by telephone.

            I will be asked before you can see anything. This invitation ends on Tuesday 24 November 2026, 16:00 (UTC+02:00).

            Thank you!
        "]].assert_eq(&letter.bare);
        assert!(!letter.text.contains("k7mp"));
    }

    #[test]
    fn without_a_password_none_is_promised() {
        let letter = letter("", Password::None).unwrap();
        assert!(letter.text.contains("no password is needed") && letter.to.is_none());
        assert!(!letter.text.contains("telephone"));
    }

    #[test]
    fn what_could_mean_something_to_a_shell_is_no_address() {
        for good in ["maria@example.org", " a.b+c_d-e@x-y.example "] {
            assert!(letter(good, Password::None).unwrap().to.is_some(), "{good}");
        }
        for bad in [
            "maria",
            "@example.org",
            "maria@",
            "--attach=/etc/passwd@x",
            "-x@example.org",
            "a@b@c",
            "a,b@example.org",
            "a'b@example.org",
            "a@example.org?cc=x@example.org",
            "a@example.org&attach=x",
            "a b@example.org",
            "a%27@example.org",
            "maría@example.org",
            "a@example.org\nb@example.org",
        ] {
            assert!(letter(bad, Password::None).is_err(), "{bad}");
        }
    }
}
