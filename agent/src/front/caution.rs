//! What a novice is told once, before anybody is invited for the first time: most of those who
//! telephone and ask for this are thieves.

/// Whose idea was it?
pub const QUESTION: &str = "Did somebody phone you and ask for this?";
/// Why it matters.
pub const WHY: &str = "Whoever you invite can see everything on your screen. That is good with \
                       somebody you know, and bad with a stranger.";
/// Who does not call.
pub const NOBODY_CALLS: &str = "No bank, no police and no maker of software phones people and \
                                asks to see their computer. Whoever does wants your money.";
/// What to do if somebody did.
pub const ADVICE: [&str; 3] = [
    "Hang up. You owe them nothing.",
    "Tell them no password and no code.",
    "If you are worried, phone your bank or a friend yourself, at a number that you already have.",
];
