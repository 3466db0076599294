//! Keys without a character, as
//! [WebDriver](https://www.w3.org/TR/webdriver2/#keyboard-actions) names them.
#![allow(missing_docs, reason = "each name is its own documentation")]

pub const TAB: char = '\u{e004}';
pub const ENTER: char = '\u{e006}';
pub const SHIFT: char = '\u{e008}';
pub const CONTROL: char = '\u{e009}';
pub const ALT: char = '\u{e00a}';
pub const ESCAPE: char = '\u{e00c}';
pub const DOWN: char = '\u{e015}';
pub const F5: char = '\u{e035}';
