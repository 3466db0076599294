//! Lengths of time, channels and standings in the novice's words.

use std::time::{Duration, SystemTime};

use crate::front::{Channel, Standing, local_time};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// So many of them.
pub(super) fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A length of time as people say it, rounded up: an invitation that says "5 minutes" is open
/// for no less than four and no more than five.
pub(super) fn in_words(left: Duration) -> String {
    let minutes = left.as_secs().div_ceil(MINUTE);
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0 | 1) => "less than a minute".into(),
        (0, 0, m) => count(m, "minute"),
        (0, h, 0) => count(h, "hour"),
        (0, h, m) => format!("{} and {}", count(h, "hour"), count(m, "minute")),
        (d, 0, _) => count(d, "day"),
        (d, h, _) => format!("{} and {}", count(d, "day"), count(h, "hour")),
    }
}

/// How long ago it was, roughly.
pub(super) fn ago(then: SystemTime, now: SystemTime) -> String {
    let since = now.duration_since(then).unwrap_or_default().as_secs();
    match since {
        s if s < MINUTE => "just now".into(),
        s if s < HOUR => format!("{} ago", count(s / MINUTE, "minute")),
        s if s < DAY => format!("{} ago", count(s / HOUR, "hour")),
        s => format!("{} ago", count(s / DAY, "day")),
    }
}

/// Until the number of minutes changes that [`in_words`] says.
pub(super) fn until_next_minute(left: Duration) -> Duration {
    Duration::from_millis(1 + u64::try_from(left.as_millis() % 60_000).unwrap_or(0))
}

/// Until the number of seconds changes that have passed.
pub(super) fn until_next_second(passed: Duration) -> Duration {
    Duration::from_nanos(u64::from(1_000_000_000 - passed.subsec_nanos()))
}

/// How an invitation is passed on.
pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Link => "With a link",
        Channel::File => "As a file",
        Channel::Mail => "By e-mail",
        Channel::Spoken => "On the phone",
    }
}

/// What has become of an invitation, in one word or two.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "Open",
        Standing::InUse => "In use",
        Standing::Used => "Used",
        Standing::Expired => "Expired",
        Standing::Revoked => "Stopped",
        Standing::Locked => "Locked",
    }
}

/// How many attempts have failed; nothing if none has.
pub(super) fn failed(attempts: u8) -> Option<String> {
    match attempts {
        0 => None,
        1 => Some("1 attempt has failed.".into()),
        n => Some(format!("{n} attempts have failed.")),
    }
}

/// How many invitations are open.
pub(super) fn open(invitations: usize) -> String {
    match invitations {
        1 => "1 invitation is open.".into(),
        n => format!("{n} invitations are open."),
    }
}

/// What the novice may send with a link; never the password.
pub(super) fn text_to_send(link: &str, password: bool, ends: SystemTime) -> String {
    let password = if password {
        "It asks for a password, which I will tell you on the phone. "
    } else {
        ""
    };
    let ends = local_time(ends);
    format!(
        "Hello, I would like you to help me with my computer. Please open this link in any \
         browser:\n\n{link}\n\n{password}It works until {ends}."
    )
}

/// Cuts a password into groups that are easy to read out, unless it has separators of its own.
pub(super) fn groups(password: &str) -> Vec<String> {
    if password.contains([' ', '-']) {
        return password.split_whitespace().map(Into::into).collect();
    }
    let chars: Vec<char> = password.chars().collect();
    let size = if chars.len().is_multiple_of(3) { 3 } else { 4 };
    chars
        .chunks(size)
        .map(|group| group.iter().collect())
        .collect()
}

/// The words of a spoken password, without what stands between them.
pub(super) fn words(password: &str) -> Vec<&str> {
    password
        .split([' ', '-'])
        .filter(|word| !word.is_empty())
        .collect()
}

/// A spoken number in groups of three digits, however it is written.
pub(super) fn digits(number: &str) -> Vec<String> {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits
        .chunks(3)
        .map(|group| group.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_reads_as_people_say_it() {
        let said = [
            0, 59, 61, 3_540, 3_541, 3_601, 7_200, 9_000, 86_399, 86_400, 90_000, 180_000,
        ]
        .map(|secs| in_words(Duration::from_secs(secs)));
        assert_eq!(
            said,
            [
                "less than a minute",
                "less than a minute",
                "2 minutes",
                "59 minutes",
                "1 hour",
                "1 hour and 1 minute",
                "2 hours",
                "2 hours and 30 minutes",
                "1 day",
                "1 day",
                "1 day and 1 hour",
                "2 days and 2 hours",
            ]
        );
    }

    #[test]
    fn what_was_reads_as_people_say_it() {
        let then = SystemTime::UNIX_EPOCH;
        let said = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 200_000]
            .map(|secs| ago(then, then + Duration::from_secs(secs)));
        assert_eq!(
            said,
            [
                "just now",
                "just now",
                "1 minute ago",
                "59 minutes ago",
                "1 hour ago",
                "23 hours ago",
                "1 day ago",
                "2 days ago",
            ]
        );
        let later = then + Duration::from_secs(5);
        assert_eq!(ago(later, then), "just now", "the clock was set back");
    }

    #[test]
    fn passwords_are_cut_where_people_pause() {
        assert_eq!(groups("7k3m9q"), ["7k3", "m9q"]);
        assert_eq!(groups("7k3m9q2x"), ["7k3m", "9q2x"]);
        assert_eq!(groups("k7mp-q2rs"), ["k7mp-q2rs"]);
        assert_eq!(groups("my own words"), ["my", "own", "words"]);
    }

    #[test]
    fn numbers_and_words_are_read_without_what_separates_them() {
        for number in ["123456789", "123 456 789", "123-456-789"] {
            assert_eq!(digits(number), ["123", "456", "789"]);
        }
        assert_eq!(words("amber-lamp river"), ["amber", "lamp", "river"]);
    }

    #[test]
    fn the_text_to_send_speaks_of_a_password_only_if_there_is_one() {
        let text = |password| text_to_send("https://h/#1.a", password, SystemTime::now());
        assert!(text(true).contains("https://h/#1.a") && text(true).contains("password"));
        assert!(!text(false).contains("password"));
    }
}
