//! An error as a person reads it.

use std::error::Error;

/// Begins with a capital letter and ends with a full stop, as errors themselves do not.
pub fn sentence(error: &dyn Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    let first: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_and_ends_as_sentences_do() {
        let said = |text: &'static str| sentence(&*Box::<dyn Error>::from(text));
        assert_eq!(
            said("that is wrong. Try again"),
            "That is wrong. Try again."
        );
        assert_eq!(said("\u{e9} is fine."), "\u{c9} is fine.");
        assert_eq!(said("--server names it"), "--server names it.");
    }
}
