//! Where in the window the novice is while nobody is here.

use crate::front::{Channel, Intent, Serial, Server, View};

use super::{Model, wizard::Wizard};

/// A page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Page {
    /// The first one.
    #[default]
    Home,
    /// Which server?
    Server,
    /// Whose idea was this?
    Scam {
        /// Somebody's who telephoned.
        called: bool,
    },
    /// On the way to an invitation.
    Wizard,
    /// An invitation was just made; its page opens as soon as the session shows it.
    Fresh(Serial),
    /// An invitation.
    Invitation {
        /// Which one.
        serial: Serial,
        /// Back leads to the list.
        listed: bool,
    },
    /// All invitations.
    List,
}

impl Page {
    /// The next one on the way to an invitation: what has to be answered first comes first.
    pub(super) fn towards_an_invitation(view: &View, warned: bool) -> Self {
        match view.server {
            Server::Unnamed { .. } | Server::Checking => Self::Server,
            _ if view.first_use && !warned => Self::Scam { called: false },
            _ => Self::Wizard,
        }
    }
}

impl Model {
    /// Shows a page. What was told or opened on the last one is done with.
    pub(super) fn go(&mut self, page: Page) {
        if self.page == Page::Home {
            self.alarm = None;
        }
        if page == Page::Home {
            self.wanted = None;
        }
        self.page = page;
        self.news = None;
        self.copied = None;
        self.code_shown = false;
    }

    /// The novice wants to invite somebody.
    pub(super) fn begin_inviting(&mut self) {
        if self.page != Page::Home && self.view.rules.warning.is_some() {
            // There it is to be read, and there is the way on.
            self.go(Page::Home);
            return;
        }
        self.wizard = Wizard::new(self.passwords.make(), self.view.rules.longest);
        self.go(Page::towards_an_invitation(&self.view, self.warned));
    }

    /// The novice has read the warning, and goes on.
    pub(super) fn go_on_warned(&mut self) -> Intent {
        self.warned = true;
        self.go(Page::Wizard);
        Intent::Warned
    }

    /// Back from the page of an invitation.
    pub(super) fn back(&mut self) {
        let listed = matches!(self.page, Page::Invitation { listed: true, .. });
        self.go(if listed { Page::List } else { Page::Home });
    }

    /// Turns to the page that the session's newest view calls for, and does what opening it does.
    pub(super) fn settle(&mut self) -> Option<Intent> {
        match self.page {
            Page::Server | Page::Scam { .. } | Page::Wizard
                if self.view.rules.forbidden.is_some() =>
            {
                self.go(Page::Home);
            }
            Page::Server => {
                let next = Page::towards_an_invitation(&self.view, self.warned);
                if next != Page::Server {
                    self.go(next);
                }
            }
            Page::Wizard => {
                let order = self.wanted.take()?;
                self.wizard.begin_making(order.channel);
                return Some(Intent::Invite(order));
            }
            Page::Fresh(serial) => {
                let channel = self.view.invitation(serial)?.channel;
                let (news, listed) = (self.news.take(), false);
                self.go(Page::Invitation { serial, listed });
                self.news = news;
                return (channel == Channel::Mail).then_some(Intent::OpenMail(serial));
            }
            Page::Invitation { serial, .. } if self.view.invitation(serial).is_none() => {
                self.go(Page::List);
            }
            _ => {}
        }
        None
    }
}
