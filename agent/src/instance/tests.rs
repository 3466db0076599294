use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    time::Duration,
};

use deskhand_protocol::text::Name;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixListener as AsyncListener,
};

use super::{
    serve::{MOST_CONNECTIONS, Patience},
    *,
};
use crate::front::{Channel, Serial, Standing};

/// Short enough for a test to wait for.
const SHORT: Patience = Patience {
    line: Duration::from_millis(300),
    answer: Duration::from_millis(300),
};

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Answers every request with what `reply` makes of it.
fn answer_all(first: First, reply: impl Fn(Request) -> Reply + Send + 'static) {
    let mut local = Local::serve_with(first, SHORT).unwrap();
    tokio::spawn(async move {
        loop {
            let (request, answer) = local.asked().await;
            let _ = answer.send(reply(request));
        }
    });
}

fn line(serial: u32) -> InvitationLine {
    InvitationLine {
        serial: Serial(serial),
        channel: Channel::Spoken,
        standing: Standing::InUse,
        made: "2027-01-15T08:00:00Z".into(),
        made_unix: 1_800_000_000,
        ends: "2027-01-15T09:00:00Z".into(),
        ends_unix: 1_800_003_600,
        failed: 1,
        used_by: Some(Name::new("Maria")),
        keep_open: true,
    }
}

fn wish(password: &str) -> InviteRequest {
    InviteRequest {
        channel: Channel::Mail,
        password: Some(Secret::new(password)),
        secs: 3600,
        keep_open: false,
    }
}

/// What the socket at `folder` says to these bytes until it closes.
async fn say(folder: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(folder.join(SOCKET)).await.unwrap();
    // It may close before it has taken all of it.
    let _ = stream.write_all(bytes).await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn only_one_is_first_until_it_ends() {
    let folder = place();
    let one = first(folder.path()).unwrap();
    assert!(matches!(first(folder.path()), Err(Taken::Running)));
    let local = Local::serve(one).unwrap();
    assert!(matches!(first(folder.path()), Err(Taken::Running)));
    drop(local);
    // Its socket is still there, and means nothing.
    assert!(folder.path().join(SOCKET).exists());
    let next = first(folder.path()).unwrap();
    answer_all(next, |_| Reply::Done);
    let reply = ask(folder.path(), Request::Show).await;
    assert_eq!(reply.unwrap(), Reply::Done);
}

#[tokio::test]
async fn every_request_arrives_and_every_reply_comes_back() {
    let folder = place();
    let requests = [
        Request::Show,
        Request::Status,
        Request::Invite(wish("k7mp-q2rs")),
        Request::Expire(Serial(1)),
        Request::Forget(Serial(2)),
        Request::Extend {
            serial: Serial(3),
            secs: 60,
        },
        Request::Quit,
    ];
    let invited = InvitedLine {
        invitation: line(4),
        link: None,
        number: Some(Secret::new("123 456 789")),
        password: Some(Secret::new("tiger")),
        server: "https://h.example".into(),
    };
    let replies = [
        Reply::Done,
        Reply::Status(vec![line(1), line(2)]),
        Reply::Invited(Box::new(invited)),
        Reply::Refused("Not now.".into()),
    ];
    let expected = requests.clone();
    let answers = replies.clone();
    answer_all(first(folder.path()).unwrap(), move |request| {
        let index = expected.iter().position(|one| *one == request).unwrap();
        answers[index % answers.len()].clone()
    });
    for (request, reply) in requests.into_iter().zip(replies.into_iter().cycle()) {
        assert_eq!(ask(folder.path(), request).await.unwrap(), reply);
    }
}

#[tokio::test]
async fn who_asks_before_it_answers_waits_for_it() {
    let folder = place();
    let one = first(folder.path()).unwrap();
    let asking = tokio::spawn({
        let folder = folder.path().to_owned();
        async move { ask(&folder, Request::Show).await }
    });
    tokio::task::yield_now().await;
    answer_all(one, |_| Reply::Done);
    assert_eq!(asking.await.unwrap().unwrap(), Reply::Done);
}

#[tokio::test]
async fn a_folder_with_a_long_name_does_as_well() {
    let base = place();
    let folder = base.path().join("a".repeat(120)).join("b".repeat(120));
    answer_all(first(&folder).unwrap(), |_| Reply::Done);
    assert!(folder.join(SOCKET).exists());
    assert_eq!(ask(&folder, Request::Show).await.unwrap(), Reply::Done);
}

#[tokio::test]
async fn lock_and_socket_are_private() {
    let folder = place();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let _first = first(folder.path()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join(LOCK)), 0o600);
    assert_eq!(mode(&folder.path().join(SOCKET)), 0o600);
}

#[tokio::test]
async fn nobody_there_is_told() {
    let folder = place();
    let nobody = ask(folder.path(), Request::Status).await.unwrap_err();
    assert!(matches!(nobody, AskError::Nobody));
    let none = folder.path().join("none");
    assert!(matches!(
        ask(&none, Request::Status).await,
        Err(AskError::Nobody)
    ));
}

#[tokio::test]
async fn another_versions_request_gets_a_sentence() {
    let folder = place();
    answer_all(first(folder.path()).unwrap(), |_| unreachable!());
    let reply = say(folder.path(), b"{\"version\":2,\"order\":[\"anything\"]}\n").await;
    assert!(
        reply.contains("Another version of Deskhand is running."),
        "{reply}"
    );
    let reply = say(folder.path(), b"{\"version\":1,\"say\":\"allow\"}\n").await;
    assert!(reply.contains("did not understand"), "{reply}");
    let reply = say(folder.path(), b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(reply.contains("did not understand"), "{reply}");
}

#[tokio::test]
async fn another_versions_reply_is_an_error() {
    let folder = place();
    let listener = AsyncListener::bind(folder.path().join(SOCKET)).unwrap();
    tokio::spawn(async move {
        for reply in ["{\"version\":2,\"done\":true}\n", "nonsense\n", ""] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    let mut errors = Vec::new();
    for _ in 0..3 {
        errors.push(ask(folder.path(), Request::Show).await.unwrap_err());
    }
    assert!(matches!(errors[0], AskError::OtherVersion), "{errors:?}");
    assert!(matches!(errors[1], AskError::BrokeOff(_)), "{errors:?}");
    assert!(matches!(errors[2], AskError::BrokeOff(_)), "{errors:?}");
}

#[tokio::test]
async fn a_line_without_end_is_cut_off() {
    let folder = place();
    answer_all(first(folder.path()).unwrap(), |_| Reply::Done);
    let reply = say(folder.path(), &vec![b' '; 1 << 20]).await;
    assert_eq!(reply, "");
    assert_eq!(
        ask(folder.path(), Request::Show).await.unwrap(),
        Reply::Done
    );
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_waiting_for_long() {
    let folder = place();
    answer_all(first(folder.path()).unwrap(), |_| Reply::Done);
    let mut silent = Vec::new();
    for _ in 0..2 * MOST_CONNECTIONS {
        silent.push(
            UnixStream::connect(folder.path().join(SOCKET))
                .await
                .unwrap(),
        );
    }
    assert_eq!(
        ask(folder.path(), Request::Show).await.unwrap(),
        Reply::Done
    );
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_refused() {
    let folder = place();
    let mut local = Local::serve_with(first(folder.path()).unwrap(), SHORT).unwrap();
    let path = folder.path();
    let (dropped, ()) = tokio::join!(ask(path, Request::Quit), async {
        drop(local.asked().await);
    });
    assert!(matches!(dropped, Ok(Reply::Refused(why)) if why.contains("just closing")));
    let late = ask(path, Request::Quit).await;
    assert!(matches!(late, Ok(Reply::Refused(why)) if why.contains("too long")));
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_and_a_long_one_is_not() {
    let folder = place();
    answer_all(first(folder.path()).unwrap(), |request| {
        let count = if request == Request::Status {
            2000
        } else {
            20_000
        };
        Reply::Status((1..=count).map(line).collect())
    });
    let long = ask(folder.path(), Request::Status).await;
    assert!(matches!(long, Ok(Reply::Status(lines)) if lines.len() == 2000));
    let too_long = ask(folder.path(), Request::Show).await;
    assert!(matches!(too_long, Ok(Reply::Refused(why)) if why.contains("too many")));
    let password = "a".repeat(1 << 17);
    let refused = ask(folder.path(), Request::Invite(wish(&password))).await;
    assert!(matches!(refused, Err(AskError::TooLong)));
}

#[test]
fn no_log_shows_a_password() {
    let request = format!("{:?}", Request::Invite(wish("k7mp-q2rs")));
    assert!(
        request.contains("Secret(..)") && !request.contains("k7mp"),
        "{request}"
    );
}

#[test]
fn an_order_survives_the_wire() {
    use crate::front::Order;
    let order = Order::from(wish("k7mp-q2rs"));
    assert_eq!(order.life, Duration::from_secs(3600));
    assert_eq!(InviteRequest::from(order), wish("k7mp-q2rs"));
}
