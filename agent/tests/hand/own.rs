//! The agent's own windows, and the terminal that it asks in.

use std::time::{Duration, Instant};

use deskhand_agent::hand::terminal_window;
use deskhand_protocol::{
    input::Action,
    key::{KeyCode, Keysym},
};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConnectionExt as _, CreateWindowAux, InputFocus, WindowClass},
    wrapper::ConnectionExt as _,
};

use crate::support::{Display, Led, Observer, What};

#[tokio::test]
async fn the_agents_own_windows_and_their_frames_cannot_be_reached() {
    let display = Display::start();
    let observer = Observer::open(&display);
    // This test is the hand's agent, so its windows are own ones.
    let (connection, root) = (&observer.connection, observer.root);
    let window = |parent, at: (i16, i16), size: (u16, u16)| {
        let id = connection.generate_id().unwrap();
        let aux = CreateWindowAux::new();
        let class = WindowClass::INPUT_OUTPUT;
        connection
            .create_window(0, id, parent, at.0, at.1, size.0, size.1, 0, class, 0, &aux)
            .unwrap();
        connection.map_window(id).unwrap();
        connection.sync().unwrap();
        id
    };
    let prompt = window(root, (100, 100), (200, 200));
    let mut led = Led::start(&display).await;
    led.open().await;
    led.button((150, 150), true);
    led.button((150, 150), false);
    led.act((150, 150), Action::Wheel { dx: 0, dy: 120 });
    led.motion((160, 160));
    led.done(&observer, (700, 700)).await;
    assert_eq!(observer.injected(), [What::Motion], "only the marker");

    // The focus is there: no key arrives, wherever the pointer is.
    connection
        .set_input_focus(InputFocus::PARENT, prompt, x11rb::CURRENT_TIME)
        .unwrap();
    connection.sync().unwrap();
    led.tap(KeyCode::Enter, Some(Keysym(0xff0d)));
    led.done(&observer, (701, 701)).await;
    assert_eq!(observer.injected(), [What::Motion]);

    // Away from it everything works.
    connection
        .set_input_focus(
            InputFocus::PARENT,
            InputFocus::POINTER_ROOT,
            x11rb::CURRENT_TIME,
        )
        .unwrap();
    connection.sync().unwrap();
    led.button((700, 700), true);
    led.button((700, 700), false);
    led.tap(KeyCode::Enter, Some(Keysym(0xff0d)));
    led.done(&observer, (702, 702)).await;
    let injected = observer.injected();
    assert!(injected.contains(&What::Button(1, true)), "{injected:?}");
    assert!(injected.contains(&What::Key(36, true)), "{injected:?}");

    // Over it with the focus following the pointer: no key either.
    connection
        .warp_pointer(x11rb::NONE, root, 0, 0, 0, 0, 150, 150)
        .unwrap();
    connection.sync().unwrap();
    observer.seen();
    led.tap(KeyCode::Enter, Some(Keysym(0xff0d)));
    led.done(&observer, (703, 703)).await;
    assert_eq!(observer.injected(), [What::Motion]);
}

#[tokio::test]
async fn frames_of_a_window_manager_belong_to_what_is_inside() {
    let display = Display::start();
    let _manager = display.run("openbox", &[]);
    let observer = Observer::open(&display);
    let connection = &observer.connection;
    let id = connection.generate_id().unwrap();
    let class = WindowClass::INPUT_OUTPUT;
    let aux = CreateWindowAux::new();
    connection
        .create_window(0, id, observer.root, 300, 300, 200, 100, 0, class, 0, &aux)
        .unwrap();
    let mut led = Led::start(&display).await;
    let supports = connection.intern_atom(false, b"_NET_SUPPORTING_WM_CHECK");
    let supports = supports.unwrap().reply().unwrap().atom;
    until("a window manager", || {
        let property = connection.get_property(false, observer.root, supports, AtomEnum::ANY, 0, 1);
        property.unwrap().reply().unwrap().value_len > 0
    })
    .await;
    let mut title = (0, 0);
    until("a frame with a title bar", || {
        // Asked again and again: a manager that is still starting may miss it.
        connection.map_window(id).unwrap();
        let frame = top_of(&observer, id);
        let inside = connection.translate_coordinates(id, observer.root, 0, 0);
        let inside = inside.unwrap().reply().unwrap();
        title = (inside.dst_x + 60, inside.dst_y - 8);
        let there =
            connection.translate_coordinates(observer.root, observer.root, title.0, title.1);
        frame != id && there.unwrap().reply().unwrap().child == frame
    })
    .await;

    led.open().await;
    let to = |n: i16| u16::try_from(n).unwrap();
    observer.seen();
    led.button((to(title.0), to(title.1)), true);
    led.button((to(title.0), to(title.1)), false);
    led.done(&observer, (1000, 700)).await;
    assert_eq!(observer.injected(), [What::Motion]);
}

async fn until(what: &str, mut came: impl FnMut() -> bool) {
    let start = Instant::now();
    while !came() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{what} never came"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn top_of(observer: &Observer, window: u32) -> u32 {
    let tree = observer
        .connection
        .query_tree(window)
        .unwrap()
        .reply()
        .unwrap();
    if tree.parent == observer.root {
        window
    } else {
        top_of(observer, tree.parent)
    }
}

/// In the environment of the test below when it runs inside a terminal: where its answer goes.
const ANSWER: &str = "DESKHAND_TEST_ANSWER";

/// What [`terminal_window`] says inside `xterm -e sh -c script`, where `$PROBE` asks it.
async fn asked_in(display: &Display, program: &str, before: &[&str], script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let answer = folder.path().join("answer");
    let this = std::env::current_exe().unwrap();
    let probe = format!(
        "env {ANSWER}={} {} --exact own::the_terminal_that_asks_is_found",
        answer.display(),
        this.display()
    );
    let script = script.replace("$PROBE", &probe);
    let mut args = before.to_vec();
    args.push(&script);
    let _guest = display.run(program, &args);
    let start = Instant::now();
    loop {
        if let Ok(text) = std::fs::read_to_string(&answer)
            && text.ends_with('\n')
        {
            return text.trim().to_owned();
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "no answer to {script}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_terminal_that_asks_is_found() {
    if let Some(answer) = std::env::var_os(ANSWER) {
        let found = terminal_window();
        let window = std::env::var("WINDOWID").unwrap_or_default();
        return std::fs::write(answer, format!("{window} {found:?}\n")).unwrap();
    }
    let display = Display::start();
    let _other = display.run("xterm", &["-e", "sleep 60"]);
    let xterm = ["-e", "sh", "-c"];
    let answer = asked_in(&display, "xterm", &xterm, "$PROBE").await;
    let (window, found) = answer.split_once(' ').unwrap();
    assert_eq!(found, format!("Windows([{window}])"));

    let answer = asked_in(&display, "xterm", &xterm, "unset WINDOWID; $PROBE").await;
    assert!(answer.starts_with("Windows(["), "{answer}");

    // No parent is left, only the terminal itself.
    let orphan = "unset WINDOWID; exec 3<&0; (setsid $PROBE <&3 &); sleep 20";
    let answer = asked_in(&display, "xterm", &xterm, orphan).await;
    assert!(answer.starts_with("Windows(["), "{answer}");

    // One terminal inside another: the outer one's window.
    let nested = "script -qc '$PROBE' /dev/null";
    let answer = asked_in(&display, "xterm", &xterm, nested).await;
    let (window, found) = answer.split_once(' ').unwrap();
    assert_eq!(found, format!("Windows([{window}])"));

    // Inside a program that any window may show.
    let inside = "unset WINDOWID; export TMUX=/tmp/x,1,0; script -qc '$PROBE' /dev/null";
    let answer = asked_in(&display, "xterm", &xterm, inside).await;
    assert!(
        answer.starts_with("Unknown(") && answer.contains("tmux"),
        "{answer}"
    );

    // A terminal that is not on this display at all.
    let elsewhere = "script -qc '$PROBE' /dev/null";
    let answer = asked_in(&display, "sh", &["-c"], elsewhere).await;
    assert_eq!(answer.split_once("None"), Some(("", "")), "{answer}");

    let answer = asked_in(&display, "sh", &["-c"], "$PROBE < /dev/null").await;
    assert_eq!(answer.split_once("None"), Some(("", "")), "{answer}");
}
