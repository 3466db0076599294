//! Who runs this program, for a policy that says who may invite.

use std::fs;

use rustix::process::{getegid, geteuid, getgroups};

/// A user of this computer, as the kernel knows them; `$USER` is not asked, since anybody can set
/// it.
///
/// Names come from `/etc/passwd` and `/etc/group`. Who is known only to a directory service has
/// none here, and stands in a policy by number: `1234` for a user, `@1234` for a group
/// (`id -u`, `id -G`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    own: Entry,
    groups: Vec<Entry>,
}

/// A number, and the name that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    number: u32,
    name: Option<String>,
}

impl User {
    /// Who runs this program.
    pub fn current() -> Self {
        let mut groups = vec![getegid().as_raw()];
        // Without the others it is in fewer groups than it might be: that allows nothing more.
        let others = getgroups().unwrap_or_default();
        groups.extend(others.into_iter().map(rustix::process::Gid::as_raw));
        groups.sort_unstable();
        groups.dedup();
        let read = |path| fs::read(path).unwrap_or_default();
        let (users, names) = (read("/etc/passwd"), read("/etc/group"));
        Self::new(
            geteuid().as_raw(),
            &groups,
            &String::from_utf8_lossy(&users),
            &String::from_utf8_lossy(&names),
        )
    }

    /// `users` and `names` are what `/etc/passwd` and `/etc/group` hold.
    pub(super) fn new(number: u32, groups: &[u32], users: &str, names: &str) -> Self {
        let entry = |number, table| Entry {
            number,
            name: name_of(number, table),
        };
        Self {
            own: entry(number, users),
            groups: groups.iter().map(|group| entry(*group, names)).collect(),
        }
    }

    /// Whether that is their name or number.
    pub(super) fn is(&self, who: &str) -> bool {
        self.own.is(who)
    }

    /// Whether that is the name or number of a group of theirs.
    pub(super) fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one.is(group))
    }

    /// Their name; without one their number.
    pub fn label(&self) -> String {
        let number = || format!("user number {}", self.own.number);
        self.own.name.clone().unwrap_or_else(number)
    }
}

impl Entry {
    fn is(&self, who: &str) -> bool {
        self.name.as_deref() == Some(who) || who.parse() == Ok(self.number)
    }
}

/// In a table of `name:password:number:…` lines.
fn name_of(number: u32, table: &str) -> Option<String> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let its = fields.nth(1)?;
        (its.parse() == Ok(number)).then(|| name.into())
    })
}
