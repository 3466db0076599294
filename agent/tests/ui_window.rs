//! The novice's window on a real X server with a real window manager.
//!
//! A window wants the main thread and a process of its own, so this program has no test harness
//! around it: started by a test, it is the window; otherwise it runs the tests.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test, though without the usual harness"
)]

use std::{
    io::{BufRead, BufReader, Write},
    process::ExitCode,
    sync::Arc,
};

use deskhand_agent::{
    clock::Now,
    front::{FrontEnd, Intent},
    ui::{
        person::DisplayDevices,
        window::{self, Show, Surroundings},
    },
};
use tokio::sync::{mpsc, watch};

mod canned;
mod desktop;
#[allow(dead_code, reason = "not everything a person can do is done here")]
#[path = "../../tests/src/physical.rs"]
mod physical;
mod walk;

use desktop::{Desktop, Hand, Window};

const AS_WINDOW: &str = "DESKHAND_TEST_WINDOW";
/// An argument: there is a tray.
const TRAY: &str = "tray";
/// Orders that are no screens.
const COME_BACK: &str = "come back";
const LEAVE: &str = "leave";

type Test = (&'static str, fn(&mut Desktop));

const TESTS: &[Test] = &[
    (
        "a_minimised_window_comes_back_as_the_question",
        a_minimised_window_comes_back_as_the_question,
    ),
    (
        "a_buried_window_comes_up_with_the_question",
        a_buried_window_comes_up_with_the_question,
    ),
    (
        "a_window_hidden_during_control_comes_back",
        a_window_hidden_during_control_comes_back,
    ),
    (
        "afterwards_it_is_a_window_like_any_other",
        afterwards_it_is_a_window_like_any_other,
    ),
    ("a_persons_click_allows", a_persons_click_allows),
    (
        "a_programs_click_allows_nothing",
        a_programs_click_allows_nothing,
    ),
    (
        "closing_the_window_stops_control_and_ends_the_session",
        closing_the_window_stops_control_and_ends_the_session,
    ),
    (
        "a_window_through_which_nobody_can_come_closes",
        a_window_through_which_nobody_can_come_closes,
    ),
    (
        "a_hidden_window_comes_back_as_the_question",
        a_hidden_window_comes_back_as_the_question,
    ),
    (
        "a_hidden_window_comes_back_when_it_is_wanted",
        a_hidden_window_comes_back_when_it_is_wanted,
    ),
    (
        "without_a_tray_the_window_asks_what_closing_means",
        without_a_tray_the_window_asks_what_closing_means,
    ),
    (
        "it_closes_by_itself_when_the_program_ends",
        it_closes_by_itself_when_the_program_ends,
    ),
    ("an_idle_window_costs_nothing", an_idle_window_costs_nothing),
];

fn main() -> ExitCode {
    if let Ok(display) = std::env::var(AS_WINDOW) {
        return be_the_window(&display);
    }
    let mut wanted = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--test-threads" => drop(args.next()),
            flag if flag.starts_with('-') => {}
            _ => wanted = Some(arg),
        }
    }
    let mut passed = 0;
    for (name, test) in TESTS {
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted)) {
            continue;
        }
        // A failure panics, and `Desktop` ends what it started.
        test(&mut Desktop::start());
        println!("test {name} ... ok");
        passed += 1;
    }
    let left = TESTS.len() - passed;
    println!(
        "\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; {left} filtered out"
    );
    ExitCode::SUCCESS
}

fn a_minimised_window_comes_back_as_the_question(desktop: &mut Desktop) {
    for question in ["prompt-view", "prompt-control"] {
        let mut window = desktop.open(AS_WINDOW);
        window.show("home-open");
        window.minimise();
        window.show(question);
        window.until("mapped", Window::is_viewable);
        window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
        window.until("active", Window::is_active);
        window.until("titled", |w| w.title() == "Deskhand asks you");
    }
}

fn a_buried_window_comes_up_with_the_question(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    let other = desktop.open(AS_WINDOW);
    other.activate();
    other.until("active", Window::is_active);
    window.show("prompt-view");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    window.until("on top", Window::is_topmost);
}

fn a_window_hidden_during_control_comes_back(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.show("control");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    window.until("on every desktop", Window::is_on_every_desktop);
    for _ in 0..3 {
        window.minimise();
        window.until("mapped again", Window::is_viewable);
    }
}

fn afterwards_it_is_a_window_like_any_other(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.show("control");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    window.show("viewing");
    window.until("below again", |w| !w.has_state("_NET_WM_STATE_ABOVE"));
    window.until("on one desktop", |w| !w.is_on_every_desktop());
    window.minimise();
    window.until("minimised", |w| !w.is_viewable());
}

fn a_persons_click_allows(desktop: &mut Desktop) {
    for (question, button) in [
        ("prompt-view", "Allow"),
        ("prompt-control", "Allow control"),
    ] {
        let mut window = desktop.open(AS_WINDOW);
        window.show(question);
        window.click_until(Hand::Person, button, |said| said.contains("answer: Allow"));
    }
}

fn a_programs_click_allows_nothing(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.show("prompt-view");
    // The question is live well before the last of these.
    for _ in 0..8 {
        window.click(Hand::Program, "Allow");
        window.pause();
    }
    // The same clicks do reach the window, and may say no.
    let said = window.click_until(Hand::Program, "Not now", |said| said.contains("Answer"));
    assert!(said.contains("answer: Refuse"), "{said}");

    // A person who clicks meanwhile is heard.
    window.show("prompt-control");
    for _ in 0..3 {
        window.click(Hand::Program, "Allow control");
        window.pause();
    }
    let said = window.click_until(Hand::Person, "Allow control", |said| {
        said.contains("Answer")
    });
    assert!(said.contains("answer: Allow"), "{said}");
}

fn closing_the_window_stops_control_and_ends_the_session(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.show("control");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    window.close();
    assert_eq!(window.hear(), "StopControl");
    assert_eq!(window.hear(), "End");
    assert_eq!(window.hear(), "Quit");
    window.ends();
}

fn a_window_through_which_nobody_can_come_closes(desktop: &mut Desktop) {
    for args in [&[][..], &[TRAY]] {
        let mut window = desktop.open_with(AS_WINDOW, args);
        window.show("prompt-view");
        window.until("titled", |w| w.title() == "Deskhand asks you");
        window.show("home");
        window.until("quiet", |w| w.title() == "Deskhand");
        window.close();
        assert_eq!(window.hear(), "Quit");
        window.ends();
    }
}

fn a_hidden_window_comes_back_as_the_question(desktop: &mut Desktop) {
    let mut window = desktop.open_with(AS_WINDOW, &[TRAY]);
    for question in ["prompt-view", "prompt-control"] {
        window.show("home-open");
        window.until("quiet", |w| w.title() == "Deskhand");
        window.close();
        window.until("hidden", |w| !w.is_viewable());
        window.show(question);
        window.until("mapped", Window::is_viewable);
        window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
        window.until("on every desktop", Window::is_on_every_desktop);
        window.until("active", Window::is_active);
        window.until("titled", |w| w.title() == "Deskhand asks you");
    }
}

fn a_hidden_window_comes_back_when_it_is_wanted(desktop: &mut Desktop) {
    let mut window = desktop.open_with(AS_WINDOW, &[TRAY]);
    for _ in 0..2 {
        window.close();
        window.until("hidden", |w| !w.is_viewable());
        window.tell(COME_BACK);
        window.until("mapped", Window::is_viewable);
        window.until("active", Window::is_active);
    }
}

fn without_a_tray_the_window_asks_what_closing_means(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.close();
    window.show("closing");
    window.until("minimised", |w| {
        w.click(Hand::Person, "Keep waiting");
        !w.is_viewable()
    });
    window.tell(COME_BACK);
    window.until("mapped", Window::is_viewable);
    window.until("active", Window::is_active);

    window.close();
    let said = window.click_until(Hand::Person, "Stop waiting", |_| true);
    assert_eq!(said, "Quit");
    window.ends();
}

fn it_closes_by_itself_when_the_program_ends(desktop: &mut Desktop) {
    let mut window = desktop.open_with(AS_WINDOW, &[TRAY]);
    window.show("control");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    // Somebody could come, and still nobody is asked, and nothing hides.
    window.show("home-open");
    window.until("below again", |w| !w.has_state("_NET_WM_STATE_ABOVE"));
    window.tell(LEAVE);
    assert_eq!(window.hear(), "Quit");
    window.ends();
}

fn an_idle_window_costs_nothing(desktop: &mut Desktop) {
    let mut window = desktop.open(AS_WINDOW);
    window.show("control");
    window.until("above all others", |w| w.has_state("_NET_WM_STATE_ABOVE"));
    let ticks = window.idle_cpu_ticks();
    assert!(ticks <= 5, "{ticks} ticks of 10 ms in 3 s");
}

/// Shows the screens whose names come on standard input; says what the novice does, after its
/// window's id, on standard output.
fn be_the_window(display: &str) -> ExitCode {
    let (views, view) = watch::channel(canned::view("home-open", Now::read()));
    let (_notices, notices) = mpsc::channel(1);
    let (wish, wishes) = mpsc::channel(1);
    let (intents, mut done) = mpsc::channel(16);
    let views = Arc::new(views);
    let session = Arc::clone(&views);
    std::thread::spawn(move || {
        let orders = BufReader::new(std::io::stdin()).lines();
        for order in orders.map_while(Result::ok) {
            match order.as_str() {
                COME_BACK => wish.blocking_send(Show::Window).expect("a window"),
                LEAVE => views.send_modify(|view| view.over = true),
                screen => drop(views.send_replace(canned::view(screen, Now::read()))),
            }
        }
    });
    let talking = std::thread::spawn(move || {
        while let Some(intent) = done.blocking_recv() {
            say(&format!("{intent:?}"));
            if let Intent::End = intent {
                session.send_replace(canned::view("ended", Now::read()));
            }
        }
    });
    let (own_windows, ids) = watch::channel(Vec::new());
    std::thread::spawn(move || tell_first(ids));
    let front = FrontEnd {
        view,
        notices,
        intents,
        own_windows,
    };
    let person = DisplayDevices::new(display).expect("the display is there");
    let around = Surroundings {
        person: Box::new(person),
        show: Some(wishes),
        order: None,
        tray: watch::channel(std::env::args().any(|arg| arg == TRAY)).1,
    };
    let shown = window::run(front, around);
    talking.join().expect("the talking thread is well");
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say(&e.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Says the window's id once it has one.
fn tell_first(mut ids: watch::Receiver<Vec<u32>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let waiting = async { ids.wait_for(|ids| !ids.is_empty()).await.map(|ids| ids[0]) };
    if let Ok(id) = runtime.expect("a runtime").block_on(waiting) {
        say(&id.to_string());
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .expect("the test listens");
}
