//! Invitations as a later start shows them, for people and for programs.

use std::{fmt, time::SystemTime};

use deskhand_protocol::text::Name;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::front::{Channel, Invitation, Password, Reach, Serial, Standing, plain_name};

/// What `deskhand status --json` prints of each invitation. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationLine {
    /// Which one.
    pub serial: Serial,
    /// How it is passed on.
    pub channel: Channel,
    /// What has become of it.
    pub standing: Standing,
    /// When it was made, as RFC 3339 in UTC.
    pub made: String,
    /// When it was made, in seconds since 1970.
    pub made_unix: i64,
    /// When it closes, or would have closed, as RFC 3339 in UTC.
    pub ends: String,
    /// When it closes, or would have closed, in seconds since 1970.
    pub ends_unix: i64,
    /// Failed attempts in a row.
    pub failed: u8,
    /// The name that the last helper gave, if one was let in. Claimed, never verified.
    pub used_by: Option<Name>,
    /// It stays open after a session.
    pub keep_open: bool,
}

impl InvitationLine {
    /// When it closes, or would have closed.
    pub fn ends_at(&self) -> SystemTime {
        time(self.ends_unix)
    }
}

/// What `deskhand invite --json` prints: also what has to be passed on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedLine {
    /// What can be seen of it later as well.
    #[serde(flatten)]
    pub invitation: InvitationLine,
    /// For any browser, if it is not spoken.
    pub link: Option<Secret>,
    /// To be read out, if it is spoken.
    pub number: Option<Secret>,
    /// To be told separately, if one was set and is known.
    pub password: Option<Secret>,
    /// Where a spoken number is typed in.
    pub server: String,
}

impl fmt::Debug for InvitedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InvitedLine({})", self.invitation.serial)
    }
}

impl From<&Invitation> for InvitationLine {
    fn from(shown: &Invitation) -> Self {
        let (made, ends) = (timestamp(shown.made), timestamp(shown.ends));
        Self {
            serial: shown.serial,
            channel: shown.channel,
            standing: shown.standing,
            made: made.to_string(),
            made_unix: made.as_second(),
            ends: ends.to_string(),
            ends_unix: ends.as_second(),
            failed: shown.failed,
            used_by: shown.used_by.clone(),
            keep_open: shown.keep_open,
        }
    }
}

impl From<&Invitation> for InvitedLine {
    fn from(shown: &Invitation) -> Self {
        Self {
            invitation: shown.into(),
            link: shown.link.as_deref().map(Secret::new),
            number: shown.number.as_deref().map(Secret::new),
            password: match &shown.password {
                Password::Known(password) => Some(Secret::new(password.as_str())),
                Password::None | Password::Forgotten => None,
            },
            server: shown.server.clone(),
        }
    }
}

impl From<&InvitedLine> for Invitation {
    fn from(line: &InvitedLine) -> Self {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|text| text.expose().to_owned());
        let one = &line.invitation;
        Self {
            serial: one.serial,
            channel: one.channel,
            standing: one.standing,
            made: time(one.made_unix),
            ends: time(one.ends_unix),
            failed: one.failed,
            used_by: one.used_by.clone(),
            keep_open: one.keep_open,
            reach: Reach::Ready,
            link: text(&line.link),
            number: text(&line.number),
            server: line.server.clone(),
            password: text(&line.password).map_or(Password::None, Password::Known),
        }
    }
}

fn time(unix: i64) -> SystemTime {
    Timestamp::from_second(unix).map_or(SystemTime::UNIX_EPOCH, SystemTime::from)
}

/// In whole seconds.
fn timestamp(time: SystemTime) -> Timestamp {
    let exact = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(exact.as_second()).unwrap_or(Timestamp::MAX)
}

/// What `deskhand status` prints for a person, without a line feed at its end. Times are those of
/// this computer's clock.
pub fn table(invitations: &[InvitationLine]) -> String {
    table_in(invitations, &TimeZone::system())
}

const HEADINGS: [&str; 7] = [
    "No.", "State", "Sent as", "Made", "Ends", "Failed", "Used by",
];

fn table_in(invitations: &[InvitationLine], zone: &TimeZone) -> String {
    if invitations.is_empty() {
        return "No invitations.".into();
    }
    let mut rows = vec![HEADINGS.map(String::from)];
    rows.extend(invitations.iter().map(|one| cells(one, zone)));
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths = std::array::from_fn::<_, 7, _>(|column| widest(column).unwrap_or(0));
    let aligned = rows.iter().map(|row| {
        let cells = row.iter().zip(widths);
        let padded = cells.map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    aligned.collect::<Vec<_>>().join("\n")
}

fn cells(one: &InvitationLine, zone: &TimeZone) -> [String; 7] {
    let local = |seconds| {
        Timestamp::from_second(seconds).map_or_else(
            |_| "unknown".into(),
            |stamp| {
                stamp
                    .to_zoned(zone.clone())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            },
        )
    };
    [
        one.serial.to_string(),
        standing(one.standing).into(),
        channel(one.channel).into(),
        local(one.made_unix),
        local(one.ends_unix),
        one.failed.to_string(),
        one.used_by.as_ref().map(plain_name).unwrap_or_default(),
    ]
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::InUse => "in use",
        Standing::Used => "used",
        Standing::Expired => "expired",
        Standing::Revoked => "stopped",
        Standing::Locked => "locked",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Link => "link",
        Channel::File => "file",
        Channel::Mail => "e-mail",
        Channel::Spoken => "number",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use expect_test::expect;

    use super::*;

    fn invitation(serial: u32) -> Invitation {
        let made = UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
        Invitation {
            serial: Serial(serial),
            channel: Channel::Link,
            standing: Standing::Open,
            made,
            ends: made + Duration::from_secs(3600),
            failed: 0,
            used_by: None,
            keep_open: false,
            reach: Reach::Ready,
            link: Some("https://h.example/#1.aaa.bbb.p".into()),
            number: None,
            server: "https://h.example".into(),
            password: Password::Known("k7mp-q2rs".into()),
        }
    }

    #[test]
    fn a_person_reads_a_table() {
        let mut used = invitation(9);
        used.standing = Standing::InUse;
        used.channel = Channel::Spoken;
        used.failed = 2;
        used.used_by = Some(Name::new("Mária\n12  open  link"));
        let lines: Vec<InvitationLine> = [&invitation(12), &used].map(Into::into).into();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        expect![[r"
            No.  State   Sent as  Made              Ends              Failed  Used by
            12   open    link     2027-01-15 10:00  2027-01-15 11:00  0
            9    in use  number   2027-01-15 10:00  2027-01-15 11:00  2       Mária 12 open link"]]
        .assert_eq(&table_in(&lines, &zone));
        assert_eq!(table(&[]), "No invitations.");
    }

    #[test]
    fn a_program_reads_json() {
        let line = InvitedLine::from(&invitation(12));
        expect![[r#"
            {
              "serial": 12,
              "channel": "link",
              "standing": "open",
              "made": "2027-01-15T08:00:00Z",
              "made_unix": 1800000000,
              "ends": "2027-01-15T09:00:00Z",
              "ends_unix": 1800003600,
              "failed": 0,
              "used_by": null,
              "keep_open": false,
              "link": "https://h.example/#1.aaa.bbb.p",
              "number": null,
              "password": "k7mp-q2rs",
              "server": "https://h.example"
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&line).unwrap());
    }

    #[test]
    fn no_log_shows_what_has_to_be_passed_on() {
        let shown = format!("{:?}", InvitedLine::from(&invitation(12)));
        assert_eq!(shown, "InvitedLine(12)");
        let status = serde_json::to_string(&InvitationLine::from(&invitation(12))).unwrap();
        assert!(
            !status.contains("k7mp") && !status.contains("#1."),
            "{status}"
        );
    }
}
